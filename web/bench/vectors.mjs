// Times the exact scan of models/vectorsearch in Chromium, in one thread: scan_q8 over 100,000
// vectors of 256 int8 numbers, and the choice of the ten best.
//
//	make vectors-bench
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { chromium } from '@playwright/test';

const ROWS = 100_000;
const DIM = 256;
const ROUNDS = 300;

// The page needs an origin, and nothing else from the server.
const server = createServer((_, r) => r.setHeader('content-type', 'text/html').end('<!doctype html><title>vectors</title>'));
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-quic', '--no-first-run'] });
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  console.log(`Chromium ${browser.version()}, ${ROWS} × ${DIM} int8, one thread, ${ROUNDS} queries: milliseconds to the ten best`);
  for (const name of ['simd128', 'relaxed']) {
    const bytes = (await readFile(new URL(`../../kernels/simd/${name}.wasm`, import.meta.url))).toString('base64');
    const { fastest, median, p95, found } = await page.evaluate(scan, { bytes, rows: ROWS, dim: DIM, rounds: ROUNDS });
    console.log(`${name.padEnd(8)} fastest ${fastest.toFixed(2)}  median ${median.toFixed(2)}  p95 ${p95.toFixed(2)}  (${found} of ${ROUNDS} queries found their own vector)`);
    if (found !== ROUNDS) process.exitCode = 1;
  }
} finally {
  await browser.close();
  server.close();
}

async function scan({ bytes, rows, dim, rounds }) {
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)), {});
  const { memory, scan_q8 } = instance.exports;
  const q = 1 << 16;
  const x = q + dim;
  const s = x + rows * dim;
  const y = s + 4 * rows;
  memory.grow(Math.ceil((y + 4 * rows) / 65536) + 1 - memory.buffer.byteLength / 65536);
  const numbers = new Int8Array(memory.buffer, x, rows * dim);
  let seed = 1;
  for (let i = 0; i < numbers.length; i++) numbers[i] = (seed = (Math.imul(seed, 1664525) + 1013904223) | 0) >> 24;
  const scales = new Float32Array(memory.buffer, s, rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (const v of numbers.subarray(i * dim, (i + 1) * dim)) sum += v * v;
    scales[i] = 1 / Math.sqrt(sum);
  }
  const query = new Int8Array(memory.buffer, q, dim);
  const scores = new Float32Array(memory.buffer, y, rows);
  const times = [];
  let found = 0;
  for (let round = 0; round < rounds; round++) {
    const own = (round * 7919) % rows;
    const t = performance.now();
    query.set(numbers.subarray(own * dim, (own + 1) * dim));
    scan_q8(y, q, x, s, 0, rows, dim);
    const best = [];
    let least = -Infinity;
    for (let i = 0; i < rows; i++) {
      if (scores[i] <= least) continue;
      let at = best.length;
      while (at > 0 && scores[best[at - 1]] < scores[i]) at--;
      best.splice(at, 0, i);
      if (best.length > 10) best.pop();
      if (best.length === 10) least = scores[best[9]];
    }
    times.push(performance.now() - t);
    if (best[0] === own) found++;
  }
  times.sort((a, b) => a - b);
  return { fastest: times[0], median: times[rounds >> 1], p95: times[Math.floor(rounds * 0.95)], found };
}
