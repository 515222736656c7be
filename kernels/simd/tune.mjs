// Times the linear layers of kernel modules in Chromium, side by side:
//
//	node kernels/simd/tune.mjs [MODULE.wasm[:FORM] …]
//	node kernels/simd/tune.mjs --sweep    every tile that gen -sweep writes (many minutes)
//	node kernels/simd/tune.mjs --sweep --write    the same, and the table into TUNING.md
//
// Rounds of the modules alternate, so that other programs affect all of them alike, and
// the best round counts. Without arguments it times the committed modules. FORM is 1
// (two-step, the default) or 2 (fused), see form in gen/linear_q8.go.
// Options: --ops q8,q4,f16,f32,attention  --shapes MxKxN,… of layers  --tokens 128,512 of
// attention, 12 heads of 64  --rounds N  --ms N of a round  --json  --chromium PATH.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: o, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '25' },
    ms: { type: 'string', default: '8' },
    sweep: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    shapes: { type: 'string', default: '1x768x3072,16x768x768,64x768x3072,64x3072x768,64x384x1536' },
    tokens: { type: 'string', default: '16,128,512' },
    ops: { type: 'string', default: 'q8,q4,f16,f32,attention' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    json: { type: 'boolean', default: false },
  },
});
if (o.write && (!o.sweep || o.json || positionals.length > 0)) throw new Error('tune: --write needs --sweep, and neither --json nor modules');
const files = positionals.length ? positionals : ['simd128.wasm', 'relaxed.wasm:1', 'relaxed.wasm:2'].map((n) => path.join(here, n));
if (o.sweep) {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'sweep-'));
  try {
    execFileSync('go', ['run', './kernels/simd/gen', '-sweep', dir], { cwd: path.join(here, '../..'), stdio: 'inherit' });
    const all = (await readdir(dir)).sort().map((f) => path.join(dir, f));
    files.splice(0, files.length, ...all.flatMap((f) => (/relaxed/.test(f) ? [`${f}:1`, `${f}:2`] : [f])));
    files.modules = await load(files);
  } finally {
    await rm(dir, { recursive: true });
  }
}
const modules = files.modules ?? (await load(files));
const shapes = o.shapes.split(',').map((s) => s.split('x').map(Number));

const browser = await chromium.launch({
  executablePath: o.chromium,
  args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await browser.newPage();
  const tokens = o.tokens.split(',').map(Number);
  const rows = await page.evaluate(measure, { modules, shapes, tokens, ops: o.ops.split(','), rounds: Number(o.rounds), ms: Number(o.ms) });
  if (o.json) console.log(JSON.stringify({ browser: browser.version(), rows }));
  else {
    const table = [
      `Chromium ${browser.version()}, ${os.cpus()[0]?.model.trim() ?? 'processor unknown'}, best of ${o.rounds} rounds of ${o.ms} ms, GMAC/s:`,
      '',
      `| module | ${rows.map((r) => `${r.op} ${r.shape}`).join(' | ')} |`,
      `|---|${rows.map(() => '---:').join('|')}|`,
      ...modules.map((m, i) => `| ${m.name} | ${rows.map((r) => r.rates[i]).map((x) => (typeof x === 'number' ? x.toFixed(1) : x)).join(' | ')} |`),
    ].join('\n');
    console.log(table);
    if (o.write) await write(table);
  }
} finally {
  await browser.close();
}

/** Writes the table of the sweep between its marks in TUNING.md. */
async function write(table) {
  const file = path.join(here, 'TUNING.md');
  const text = await readFile(file, 'utf8');
  const [begin, end] = ['<!-- written by make tune -->\n', '<!-- up to here -->\n'];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`tune: ${file} has no marks ${begin.trim()} and ${end.trim()}`);
  await writeFile(file, `${text.slice(0, from + begin.length)}${table}\n${text.slice(to)}`);
}

function load(files) {
  return Promise.all(
    files.map(async (f) => {
      const [file, form] = f.split(':');
      const name = path.basename(file, '.wasm') + (form === '2' ? '/fused' : '');
      return { name, form: Number(form ?? 0), bytes: (await readFile(file)).toString('base64') };
    }),
  );
}

/** Runs in the page. */
async function measure({ modules, shapes, tokens, ops, rounds, ms }) {
  const instances = [];
  for (const m of modules) {
    const { instance } = await WebAssembly.instantiate(Uint8Array.from(atob(m.bytes), (c) => c.charCodeAt(0)));
    if (m.form) instance.exports.form(m.form);
    if (instance.exports.selftest() !== 0) throw new Error(`${m.name} fails its self-test`);
    instances.push(instance.exports);
  }
  const rows = [];
  for (const op of ops) {
    // Attention multiplies tokens × tokens × 768 twice.
    for (const [m, k, n] of op === 'attention' ? tokens.map((t) => [t, t, 2 * 768]) : shapes) {
      const calls = instances.map((e) => prepare(e, op, m, k, n));
      // The page's clock has a resolution of a tenth of a millisecond. On a busy machine, many
      // short rounds are more likely to include an undisturbed one.
      const repeat = Math.max(1, Math.round((ms / 1e3) / ((m * k * n) / 50e9)));
      const best = calls.map(() => Infinity);
      for (let r = 0; r < rounds; r++) {
        calls.forEach((call, i) => {
          if (!call) return;
          const t = performance.now();
          for (let j = 0; j < repeat; j++) call();
          best[i] = Math.min(best[i], (performance.now() - t) / repeat);
        });
      }
      rows.push({ op, shape: `${m}×${k}×${n}`, rates: best.map((ms) => (ms < Infinity ? (m * k * n) / ms / 1e6 : '—')) });
    }
  }
  return rows;

  /** A call of one layer on packed random weights, or undefined if the module has no such layer. */
  function prepare(e, op, m, k, n) {
    if (op !== 'attention' && !e[`linear_${op}`]) return undefined;
    let top = (e.base() + 63) & ~63;
    const take = (bytes) => {
      const at = top;
      top += (bytes + 127) & ~63;
      const pages = Math.ceil((top + 64) / 65536) - e.size();
      if (pages > 0 && e.grow(pages) < 0) throw new Error('no memory');
      return at;
    };
    const floats = (count, scale) => {
      const at = take(4 * count);
      const v = new Float32Array(e.memory.buffer, at, count);
      for (let i = 0; i < count; i++) v[i] = (Math.random() - 0.5) * scale;
      return at;
    };
    if (op === 'attention') {
      const [q, key, v] = [floats(m * 768, 2), floats(m * 768, 2), floats(m * 768, 2)];
      const to = take(4 * m * 768);
      const s = take(64 * m + 65536);
      return () => e.attention(to, 768, q, 768, key, v, 768, m, m, 12, 1, 64, 0.125, 0, 0, 0, 0, 0, 0, m, s);
    }
    const x = floats(m * k, 2);
    const y = take(4 * m * n);
    const ws = floats(n, 0.01);
    const w = take(4 * (n + 16) * (k + 64));
    const src = take(4 * n * k);
    const scratch = take(8 * m * (k + 64));
    if (op === 'q8') {
      const v = new Int8Array(e.memory.buffer, src, n * k);
      for (let i = 0; i < v.length; i++) v[i] = Math.random() * 255 - 127;
      e.pack_q8(w, src, n, k);
      const levels = e.variant() === 0 ? 4095 : 127;
      return () => e.linear_q8(y, n, x, k, w, ws, 0, 0, 0, m, k, n, 0, 0, levels, scratch);
    }
    if (op === 'q4') {
      const scale = floats(n * Math.ceil(k / 32), 0.01);
      const v = new Uint8Array(e.memory.buffer, src, n * Math.ceil(k / 8) * 4);
      for (let i = 0; i < v.length; i++) v[i] = Math.random() * 256;
      e.pack_q4(w, src, scale, n, k);
      const levels = e.variant() === 0 ? 32767 : 127;
      return () => e.linear_q4(y, n, x, k, w, 0, 0, 0, m, k, n, 0, 0, levels, scratch);
    }
    if (op === 'f16') {
      new Uint16Array(e.memory.buffer, src, n * k).fill(0x3400); // 0.25
      e.pack_f16(w, src, n, k);
      const part = take(1 << 15);
      return () => {
        for (let r = 0; r < m; r += 256) e.linear_f16(y + 4 * r * n, n, x + 4 * r * k, k, w, 0, 0, 0, Math.min(256, m - r), k, n, 0, 0, part);
      };
    }
    new Float32Array(e.memory.buffer, src, n * k).fill(0.25);
    e.pack_f32(w, src, n, k);
    return () => e.linear_f32(y, n, x, k, w, 0, 0, 0, m, k, n, 0, 0);
  }
}
