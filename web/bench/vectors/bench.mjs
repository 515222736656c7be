// Searches of vectors in Chromium, in one thread: VectorIndex's own code beside EdgeVec, Orama,
// hnswlib-wasm and Voy, with the same vectors and queries, in the same run.
//
//	make vectors-bench                  20,000 vectors of 256 numbers for all indexes
//	make vectors-bench ROWS=100000      more; the others take minutes to build
//	make vectors-bench ONLY=lodestone ROWS=1000000
//
// A time is that of a call with the ten nearest vectors as its result; recall is the share of the true
// ten (float64) that is found. HNSW with a larger ef finds more and takes longer: compare at equal recall.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { chromium } from '@playwright/test';
import { build } from 'esbuild';

const ROWS = Number(process.env.ROWS || 20_000);
const QUERIES = Number(process.env.QUERIES || 300);
const DIM = 256;
const CHECKED = Math.min(100, QUERIES); // queries whose recall is measured
const ONLY = process.env.ONLY ?? '';

const at = (path) => new URL(path, import.meta.url).pathname;
const { outputFiles } = await build({ entryPoints: [at('page.mjs')], bundle: true, format: 'esm', target: 'es2022', write: false, logLevel: 'error', external: ['fs', 'path', 'crypto', 'ws'], nodePaths: [at('node_modules')] });
const FILES = {
  '/': ['text/html', '<!doctype html><title>vectors</title><script type="module" src="page.js"></script>'],
  '/page.js': ['text/javascript', outputFiles[0].contents],
  '/kernels.wasm': ['application/wasm', await readFile(at('../../../kernels/simd/simd128.wasm'))],
  '/edgevec.wasm': ['application/wasm', await readFile(at('node_modules/edgevec/edgevec_bg.wasm'))],
  '/voy.wasm': ['application/wasm', await readFile(at('node_modules/voy-search/voy_search_bg.wasm'))],
};
const server = createServer((request, response) => {
  const [type, body] = FILES[request.url] ?? ['text/plain', ''];
  response.setHeader('content-type', type).end(body);
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const address = `http://127.0.0.1:${server.address().port}/`;

const RUNS = [
  ['lodestone', {}],
  ['lodestone', { clusters: true }],
  ['edgevec', {}],
  ['hnswlib', { ef: 64 }],
  ['hnswlib', { ef: 256 }],
  ['orama', {}],
  ['voySearch', {}],
  ['lodestone', {}], // again: has the machine changed meanwhile?
].filter(([engine]) => !ONLY || engine === ONLY);

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-quic', '--no-first-run'] });
try {
  console.log(`Chromium ${browser.version()}, ${ROWS} × ${DIM}, one thread, ${QUERIES} queries, the ten nearest`);
  console.log('index        median ms   p95 ms  recall@10  build s      MB');
  for (const [engine, options] of RUNS) {
    // A page of its own: what one index leaves in memory does not slow the next.
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(address);
    await page.waitForFunction(() => 'measure' in globalThis);
    try {
      const r = await page.evaluate((o) => globalThis.measure(o), { engine, options, rows: ROWS, queries: QUERIES, dim: DIM, checked: CHECKED });
      console.log(`${engine.padEnd(12)} ${r.median.toFixed(2).padStart(9)} ${r.p95.toFixed(2).padStart(8)} ${r.recall.toFixed(3).padStart(10)} ${(r.build / 1000).toFixed(1).padStart(8)} ${(r.bytes ? (r.bytes / 1e6).toFixed(0) : '').padStart(7)}  ${r.note}`);
      if (engine === 'lodestone' && r.recall < 0.97) process.exitCode = 1;
    } catch (e) {
      console.log(`${engine.padEnd(12)} failed: ${String(e.message ?? e).split('\n')[0]}`);
      if (engine === 'lodestone') process.exitCode = 1;
    }
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
}
