// Times our module against transformers.js and onnxruntime-web: same Chromium, same
// page, calls in turn, a model of the same size. See README.md.
//
//   node web/bench/bench.mjs [--rounds 24] [--calls 3] [--cold-runs 5] [--only REGEXP]
//     [--dist DIR] [--model DIR] [--chromium PATH]
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { conditions, launch, peakMemory } from './browser.mjs';
import { writePeerModel } from './peer-model.mjs';
import { payload, report, statistics } from './report.mjs';
import { serve } from './server.mjs';
import { makeWorkloads } from './workloads.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({ options: {
  rounds: { type: 'string', default: '24' },
  calls: { type: 'string', default: '3' }, // of a contender's turn that count
  gap: { type: 'string', default: '8' }, // ms between calls
  warm: { type: 'string', default: '15000' }, // ms of calls before the first is timed
  'cold-runs': { type: 'string', default: '5' },
  only: { type: 'string', default: '' }, // names of contenders, a regular expression
  dist: { type: 'string', default: path.join(here, '../dist') }, // our module
  model: { type: 'string' }, // our model, by default the one in dist
  chromium: { type: 'string', default: process.env.CHROMIUM ?? '/usr/bin/chromium' },
} });

const dist = path.resolve(options.dist);
const modelDir = path.resolve(options.model ?? path.join(dist, 'models/prompt-magneto-en-de-fr'));
for (const file of [path.join(dist, 'lodestone.js'), path.join(modelDir, 'model.safetensors')]) {
  if (!fs.existsSync(file)) throw new Error(`bench: ${file} does not exist; run make build`);
}

const contenders = [
  { name: 'lodestone', kind: 'ours', dtype: 'q8', model: 'magneto' },
  { name: 'transformers.js, page', kind: 'tjs', where: 'page', dtype: 'q8', model: 'bert', build: 'asyncify' },
  { name: 'transformers.js, worker', kind: 'tjs', where: 'worker', dtype: 'q8', model: 'bert', build: 'asyncify' },
  { name: 'transformers.js, worker, plain wasm', kind: 'tjs', where: 'worker', dtype: 'q8', model: 'bert', build: '' },
  { name: 'transformers.js, worker, our model', kind: 'tjs', where: 'worker', dtype: 'q8', model: 'magneto', build: 'asyncify' },
  { name: 'onnxruntime-web, worker, ids only', kind: 'ort', where: 'worker', dtype: 'q8', model: 'bert' },
].filter(c => new RegExp(options.only).test(c.name));
const cold = [
  { name: 'empty page', kind: 'none', where: 'page' },
  ...contenders.filter(c => c.kind === 'ours' || (c.build === 'asyncify' && c.model === 'bert') || c.kind === 'ort'),
];
// Not timed: what the vectors of our model are compared with.
const reference = { name: 'f32', kind: 'ort', where: 'worker', dtype: 'fp32', model: 'magneto' };

const build = path.join(here, '.build');
writePeerModel(modelDir, path.join(build, 'models/bert'), 'bert', ['q8']);
writePeerModel(modelDir, path.join(build, 'models/magneto'), 'magneto', ['q8', 'fp32']);
const workloads = await makeWorkloads(modelDir);

const transformers = path.join(here, 'node_modules/@huggingface/transformers/package.json');
const runtime = path.dirname(createRequire(transformers).resolve('onnxruntime-web')); // the one that transformers.js pins
const server = await serve({
  '/': path.join(here, 'page'),
  '/dist/': dist,
  '/ours-model/': modelDir,
  '/models/': path.join(build, 'models'),
  '/node_modules/': path.join(here, 'node_modules'),
  '/transformers-runtime/': runtime,
});

async function interleaved() {
  const browser = await launch(options.chromium);
  const page = await browser.newPage();
  page.on('console', m => console.log(`  ${m.text()}`));
  await page.goto(`${server.origin}/index.html`);
  await page.waitForFunction(() => window.ready);
  if (!await page.evaluate(() => crossOriginIsolated)) throw new Error('the page is not cross-origin isolated');
  const run = arg => page.evaluate(a => window.interleave(a), arg);
  const timed = await run({ specs: contenders, workloads, rounds: Number(options.rounds), calls: Number(options.calls), gap: Number(options.gap), warm: Number(options.warm) });
  console.log('  f32 vectors of our model, for the comparison');
  const exact = await run({ specs: [reference], workloads, rounds: 0, calls: 0, gap: 0, warm: 0 });
  await browser.close();
  return contenders.map((spec, i) => ({
    ...spec,
    times: Object.fromEntries(Object.entries(timed.times[i]).map(([w, ms]) => [w, statistics(ms)])),
    cosine: spec.model === 'magneto' ? lowestCosine(timed.vectors[i], exact.vectors[0]) : undefined,
  }));
}

/** The lowest cosine, over all workloads and texts, of unit vectors with the reference's. */
function lowestCosine(vectors, reference) {
  const width = 256;
  let lowest = 1;
  for (const name of Object.keys(reference)) {
    const a = vectors[name], b = reference[name];
    if (a.length !== b.length) throw new Error(`${name}: ${a.length} numbers, the reference has ${b.length}`);
    for (let at = 0; at < b.length; at += width) {
      let dot = 0;
      for (let c = at; c < at + width; c++) dot += a[c] * b[c];
      lowest = Math.min(lowest, dot);
    }
  }
  return lowest;
}

async function firstLoad(spec) {
  const runs = [];
  let files;
  for (let n = 0; n < Number(options['cold-runs']); n++) {
    const browser = await launch(options.chromium); // a new process, a new profile
    const page = await browser.newPage();
    server.log.length = 0;
    const hash = encodeURIComponent(JSON.stringify({ spec, work: workloads[0].work }));
    await page.goto(`${server.origin}/cold.html#${hash}`);
    await page.waitForFunction(() => window.result);
    const result = await page.evaluate(() => window.result);
    if (result.error) throw new Error(`${spec.name}: ${result.error}`);
    const downloads = server.log.map(e => ({ url: e.url, bytes: e.bytes, begin: e.begin - result.timeOrigin, end: e.end - result.timeOrigin }));
    runs.push({ ...result, downloads, peak: await peakMemory(browser) });
    files = [...new Map(server.log.map(e => [e.url, e.file]))].map(([url, file]) => ({ url, file }));
    await browser.close();
  }
  console.log(`  ${spec.name}: first vector after ${statistics(runs.map(r => r.marks.first)).median.toFixed(0)} ms`);
  return { ...spec, runs, payload: payload(files) };
}

const results = { ...await conditions(options.chromium), calls: Number(options.rounds) * Number(options.calls) };

console.log(`${results.cpu}, ${results.cores} cores, ${results.browser}, load ${results.loadBefore.toFixed(2)}`);
console.log(`calls in turn, ms (median of ${results.calls}):`);
results.contenders = await interleaved();
console.log(`first load (median of ${options['cold-runs']}):`);
results.cold = [];
for (const spec of cold) results.cold.push(await firstLoad(spec));
results.loadAfter = os.loadavg()[0];
server.close();

fs.mkdirSync(path.join(here, 'out'), { recursive: true });
fs.writeFileSync(path.join(here, 'out/bench.json'), JSON.stringify(results, null, 1));
const text = report(results);
fs.writeFileSync(path.join(here, 'out/bench.md'), text);
console.log(`\n${text}\nwritten to web/bench/out/bench.md and bench.json`);
