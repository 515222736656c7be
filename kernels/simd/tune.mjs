// Times the linear layers of kernel modules in Chromium, side by side:
//
//	node kernels/simd/tune.mjs [MODULE.wasm …]
//
// The modules take turns, so that what disturbs the machine disturbs all of them,
// and the best round counts. Without arguments it times the committed modules.
// Options: --rounds N (60), --shapes MxKxN,… , --ops q8,f32, --chromium PATH.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: o, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '60' },
    shapes: { type: 'string', default: '1x768x3072,16x768x768,64x768x3072,64x3072x768,64x384x1536' },
    ops: { type: 'string', default: 'q8,f32' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    json: { type: 'boolean', default: false },
  },
});
const files = positionals.length ? positionals : ['simd128', 'relaxed', 'fused'].map((n) => path.join(here, `${n}.wasm`));
const modules = await Promise.all(files.map(async (f) => ({ name: path.basename(f, '.wasm'), bytes: (await readFile(f)).toString('base64') })));
const shapes = o.shapes.split(',').map((s) => s.split('x').map(Number));

const browser = await chromium.launch({
  executablePath: o.chromium,
  args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await browser.newPage();
  const rows = await page.evaluate(measure, { modules, shapes, ops: o.ops.split(','), rounds: Number(o.rounds) });
  if (o.json) console.log(JSON.stringify({ browser: browser.version(), rows }));
  else {
    console.log(`Chromium ${browser.version()}, best of ${o.rounds} rounds, GMAC/s`);
    console.log(`| operation | ${modules.map((m) => m.name).join(' | ')} |\n|---|${modules.map(() => '---:').join('|')}|`);
    for (const r of rows) console.log(`| ${r.op} ${r.shape} | ${r.rates.map((x) => (typeof x === 'number' ? x.toFixed(1) : x)).join(' | ')} |`);
  }
} finally {
  await browser.close();
}

/** Runs in the page. */
async function measure({ modules, shapes, ops, rounds }) {
  const instances = [];
  for (const m of modules) {
    const { instance } = await WebAssembly.instantiate(Uint8Array.from(atob(m.bytes), (c) => c.charCodeAt(0)));
    instances.push(instance.exports);
  }
  const rows = [];
  for (const op of ops) {
    for (const [m, k, n] of shapes) {
      const calls = instances.map((e) => prepare(e, op, m, k, n));
      // A round takes about two milliseconds.
      const repeat = Math.max(1, Math.round(2e-3 / ((m * k * n) / 30e9)));
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

  /** A call of one layer on packed random weights, or undefined where the module has no such layer. */
  function prepare(e, op, m, k, n) {
    if (!e[`linear_${op}`]) return undefined;
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
      const levels = e.quant_levels ? e.quant_levels(k) : 4095;
      return () => e.linear_q8(y, n, x, k, w, ws, 0, 0, 0, m, k, n, 0, 0, levels, scratch);
    }
    new Float32Array(e.memory.buffer, src, n * k).fill(0.25);
    e.pack_f32(w, src, n, k);
    return () => e.linear_f32(y, n, x, k, w, 0, 0, 0, m, k, n, 0, 0);
  }
}
