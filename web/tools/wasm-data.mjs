// Merges the data segments of a WebAssembly module that Go made.
//
// Go's linker leaves out runs of zeros between data, and pays for each gap with the
// address of the next segment. Its table from program counters to functions
// (runtime.findfunctab) has sixteen entries of 20 bytes for each function, of which two
// are not zero: some hundred kilobytes of addresses, compressed. Zeros in between compress
// to nothing, and memory that nobody wrote is zero, so segments whose gaps are short
// become one.

const DATA = 11;

/** The module with fewer segments; gap is the longest run of zeros that is written out. */
export function mergeData(module, gap = 256) {
  return editData(module, (all) => merge(all, gap));
}

/** The module with the data segments that edit makes of its own: {address, bytes} each, in order of address. */
export function editData(module, edit) {
  const out = [module.subarray(0, 8)];
  for (let at = 8; at < module.length; ) {
    const id = module[at];
    const [size, body] = unsigned(module, at + 1);
    const end = body + size;
    if (id === DATA) {
      const edited = encode(edit(segments(module, body, end)));
      out.push(Uint8Array.of(DATA), leb(edited.length), edited);
    } else {
      out.push(module.subarray(at, end));
    }
    at = end;
  }
  return Buffer.concat(out);
}

/** The segments: an address and bytes each, in order of address. */
function segments(module, at, end) {
  let count;
  [count, at] = unsigned(module, at);
  const all = [];
  for (let i = 0; i < count; i++) {
    // 0: memory 0, at a constant. Go makes no others.
    if (module[at] !== 0 || module[at + 1] !== 0x41) throw new Error(`wasm-data: segment ${i} has flags ${module[at]} and opcode ${module[at + 1]}, expected 0 and i32.const`);
    let address, size;
    [address, at] = signed(module, at + 2);
    if (module[at] !== 0x0b) throw new Error(`wasm-data: segment ${i} has an address that is no constant`);
    [size, at] = unsigned(module, at + 1);
    all.push({ address: address >>> 0, bytes: module.subarray(at, at + size) });
    at += size;
  }
  if (at !== end) throw new Error(`wasm-data: the data section ends at ${end}, its segments at ${at}`);
  return all.sort((a, b) => a.address - b.address);
}

function merge(all, gap) {
  const groups = [];
  let last = -Infinity;
  for (const s of all) {
    if (s.address < last) throw new Error('wasm-data: segments overlap');
    if (s.address - last > gap) groups.push([]);
    groups.at(-1).push(s);
    last = s.address + s.bytes.length;
  }
  return groups.map((parts) => {
    const { address } = parts[0];
    const end = parts.at(-1).address + parts.at(-1).bytes.length;
    const bytes = new Uint8Array(end - address);
    for (const p of parts) bytes.set(p.bytes, p.address - address);
    return { address, bytes };
  });
}

function encode(groups) {
  const out = [leb(groups.length)];
  for (const { address, bytes } of groups) out.push(Uint8Array.of(0, 0x41), sleb(address | 0), Uint8Array.of(0x0b), leb(bytes.length), bytes);
  return Buffer.concat(out);
}

function unsigned(p, at) {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const b = p[at++];
    value += (b & 127) * scale;
    if (b < 128) return [value, at];
  }
}

function signed(p, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const b = p[at++];
    value |= (b & 127) << shift;
    if (b < 128) return [shift < 25 && b & 64 ? value | (-1 << (shift + 7)) : value, at];
  }
}

function leb(value) {
  const out = [];
  do {
    out.push((value % 128) | (value >= 128 ? 128 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return Uint8Array.from(out);
}

function sleb(value) {
  const out = [];
  for (;;) {
    const b = value & 127;
    value >>= 7;
    if ((value === 0 && !(b & 64)) || (value === -1 && b & 64)) return Uint8Array.from([...out, b]);
    out.push(b | 128);
  }
}
