// Clears the line numbers of a WebAssembly module that Go made.
//
// Go's runtime has a table of the functions of a program (pclntab: cmd/link/internal/ld/pcln.go
// writes it, runtime/symtab.go reads it). For each function there are tables that map program
// counters to values: the size of the stack frame and what the collector needs, but also the file
// and the line, which only tracebacks print. The latter are most of the bytes, and hardly compress.
// A function whose offsets of them are 0 has none; a traceback then prints its name and "?:0".

import { editData } from './wasm-data.mjs';

/** What pclntab begins with, for a program counter that advances by 1 and pointers of 8 bytes. */
const MAGIC = Uint8Array.of(0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8);

/** The offset of each field of runtime._func that is read or cleared, and of what follows it. */
const FUNC = { pcsp: 16, pcfile: 20, pcln: 24, npcdata: 28, cuOffset: 32, startLine: 36, pcdata: 44 };

/** The module without line numbers. Its data segments must be merged (wasm-data.mjs). */
export function clearLines(module) {
  let found = 0;
  const out = editData(module, (all) =>
    all.map(({ address, bytes }) => {
      const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(MAGIC);
      if (at < 0) return { address, bytes };
      found++;
      const copy = Uint8Array.from(bytes);
      clear(copy.subarray(at));
      return { address, bytes: copy };
    }),
  );
  if (found !== 1) throw new Error(`wasm-lines: ${found} function tables, expected 1: this version of Go writes another format`);
  return out;
}

/** Clears the lines of the table that p begins with. */
function clear(p) {
  const view = new DataView(p.buffer, p.byteOffset, p.byteLength);
  const header = Array.from({ length: 8 }, (_, i) => Number(view.getBigUint64(8 + 8 * i, true)));
  const [count, , , names, units, files, values, functions] = header;
  if (!(names < units && units <= files && files <= values && values < functions && functions + 8 * count < p.length)) {
    throw new Error(`wasm-lines: the function table's parts are at ${header.slice(3).join(', ')}, expected them in order and inside ${p.length} bytes`);
  }
  const kept = new Uint8Array(functions - values); // which bytes of the tables of values others than lines need
  const keep = (offset) => {
    if (offset === 0) return; // there is no table
    for (let at = offset, first = true; ; first = false) {
      // Pairs of a difference of values and one of program counters; a difference of 0 behind the first ends.
      const value = skip(p, values + at) - values;
      const end = !first && p[values + at] === 0;
      const next = end ? value : skip(p, values + value) - values;
      if (next > kept.length) throw new Error(`wasm-lines: a table at ${offset} has no end`);
      kept.fill(1, at, next);
      at = next;
      if (end) return;
    }
  };
  for (let i = 0; i < count; i++) {
    const f = functions + view.getUint32(functions + 8 * i + 4, true);
    keep(view.getUint32(f + FUNC.pcsp, true));
    const n = view.getUint32(f + FUNC.npcdata, true);
    for (let k = 0; k < n; k++) keep(view.getUint32(f + FUNC.pcdata + 4 * k, true));
    for (const field of [FUNC.pcfile, FUNC.pcln, FUNC.cuOffset, FUNC.startLine]) view.setUint32(f + field, 0, true);
  }
  kept.forEach((k, i) => {
    if (!k) p[values + i] = 0;
  });
  p.fill(0, units, values); // the files' names, and which of them belong to a package
}

/** The position behind a number of 7 bits a byte. */
function skip(p, at) {
  while (p[at] >= 128) at++;
  return at + 1;
}
