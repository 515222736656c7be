// Times whole models of known sizes against onnxruntime-web and transformers.js: the
// same random weights and ids, calls in turn in one Chromium. See README.md.
//
//   node web/bench/shapes.mjs [--models minilm-l6,bert-base,gpt2-6x384] [--dtypes f32,q8,q4]
//     [--threads 1,2] [--workloads 1x16,…] [--kernels auto,simd128,relaxed,fused] [--budget MS] [--no-load]
//     [--prompt FILE] [--dist DIR] [--chromium PATH]
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { conditions, launch, peakMemory } from './browser.mjs';
import { inputs, longest, MODELS, multiplyAdds, writeModel } from './hf-models.mjs';
import { serve } from './server.mjs';
import { shapesReport } from './shapes-report.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({ options: {
  models: { type: 'string', default: Object.keys(MODELS).filter(name => name !== 'gpt2').join() },
  dtypes: { type: 'string', default: 'q8,f32,q4' },
  threads: { type: 'string', default: '1,2' },
  workloads: { type: 'string', default: '1x16,1x64,1x128,1x512,8x32,32x64' }, // texts × tokens
  decode: { type: 'string', default: '64x64' }, // tokens of the prompt × tokens to add
  kernels: { type: 'string', default: 'auto' }, // variants of ours, each a row
  prompt: { type: 'string' }, // a decoder's prompt: a JSON file with an array of ids, instead of random words
  budget: { type: 'string', default: '6000' }, // ms for the rounds of a workload
  gap: { type: 'string', default: '8' }, // ms between calls
  calls: { type: 'string', default: '3' }, // calls of a turn that count
  warm: { type: 'string', default: '6000' }, // ms of calls before the first is timed
  'no-load': { type: 'boolean', default: false }, // leave out loading and memory
  dist: { type: 'string', default: path.join(here, '../dist') },
  out: { type: 'string', default: path.join(here, 'out') },
  chromium: { type: 'string', default: process.env.CHROMIUM ?? '/usr/bin/chromium' },
} });
const list = name => options[name].split(',').filter(Boolean);
const FORMS = ['published', 'fused'];
const GRAPHS = FORMS.flatMap(form => ['fp32', 'q8', 'q4'].map(dtype => [dtype, form]));

const build = path.join(here, '.build/shapes');
for (const name of list('models')) {
  if (!MODELS[name]) throw new Error(`bench: no model ${name}; known: ${Object.keys(MODELS).join(', ')}`);
  console.log(`${name}: weights and graphs`);
  writeModel(build, name, GRAPHS);
}
const transformers = path.join(here, 'node_modules/@huggingface/transformers/package.json');
const server = await serve({
  '/': path.join(here, 'page'),
  '/dist/': path.resolve(options.dist),
  '/models/': build,
  '/node_modules/': path.join(here, 'node_modules'),
  '/transformers-runtime/': path.dirname(createRequire(transformers).resolve('onnxruntime-web')),
});

async function open() {
  const browser = await launch(options.chromium);
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  page.on('console', m => console.log(`  ${m.text()}`));
  await page.goto(`${server.origin}/shapes.html`);
  await page.waitForFunction(() => window.ready);
  if (!await page.evaluate(() => crossOriginIsolated)) throw new Error('the page is not cross-origin isolated');
  return { browser, page };
}

function contenders(model, dtype, threads) {
  const { model_type } = MODELS[model], generates = model_type === 'gpt2';
  const all = [
    ...list('kernels').map(kernels => ({ name: kernels === 'auto' ? 'Lodestone' : `Lodestone, ${kernels}`, kind: 'ours', model, dtype, threads, kernels, generates })),
    ...FORMS.map(form => ({ name: `onnxruntime-web, ${form}`, kind: 'ort', form, model, dtype, threads, generates })),
  ];
  if (model_type === 'bert') all.push({ name: 'Lodestone, pipeline', kind: 'ours, pipeline', model, dtype, threads, kernels: list('kernels')[0] }, { name: 'transformers.js, pipeline', kind: 'tjs', model, dtype, threads });
  // What is exact: the f32 graph, in the same page; it is called once a workload.
  return [{ name: 'f32', kind: 'ort', form: 'published', model, dtype: 'f32', threads, generates, reference: true }, ...all];
}

function workloads(model) {
  if (MODELS[model].model_type === 'gpt2') {
    const [length, tokens] = options.decode.split('x').map(Number);
    const ids = options.prompt ? [JSON.parse(fs.readFileSync(options.prompt, 'utf8'))] : inputs(1, length).ids;
    return [{ name: `${ids[0].length} + ${tokens} tokens`, work: { ids, tokens } }];
  }
  const fits = list('workloads').filter(name => Number(name.split('x')[1]) <= longest(MODELS[model]));
  return fits.map(name => ({ name: name.replace('x', '×'), work: inputs(...name.split('x').map(Number)) }));
}

const results = { ...await conditions(options.chromium), options, models: {}, rows: [], loads: [] };
console.log(`${results.cpu}, ${results.cores} cores, ${results.browser}, load ${results.loadBefore.toFixed(2)}`);
const save = () => {
  results.loadAfter = os.loadavg()[0];
  fs.mkdirSync(options.out, { recursive: true });
  fs.writeFileSync(path.join(options.out, 'shapes.json'), JSON.stringify(results, null, 1));
  fs.writeFileSync(path.join(options.out, 'shapes.md'), shapesReport(results));
};

for (const model of list('models')) {
  const config = MODELS[model];
  results.models[model] = { config, multiplyAdds: {} };
  if (config.model_type !== 'gpt2') for (const { name } of workloads(model)) results.models[model].multiplyAdds[name] = multiplyAdds(config, ...name.split('×').map(Number));
  for (const dtype of list('dtypes')) {
    for (const threads of list('threads').map(Number)) {
      console.log(`${model} ${dtype}, threads: ${threads}`);
      const { browser, page } = await open();
      const rows = await page.evaluate(a => window.shapes(a), {
        specs: contenders(model, dtype, threads), workloads: workloads(model), budget: Number(options.budget), calls: Number(options.calls), gap: Number(options.gap), warm: Number(options.warm), least: 3, most: 40 });
      results.rows.push(...rows.filter(r => !r.spec.reference));
      await browser.close();
      save();
    }
  }
}

// Loading and memory: both sides load files of eight bits.
if (!options['no-load']) {
  const root = path.join(here, '../..');
  for (const model of list('models').filter(m => MODELS[m].model_type === 'bert')) {
    const stored = path.join(build, `${model}-q8`);
    execFileSync('go', ['run', './weights/lode', 'quantize', '--force', path.join(build, model), stored], { cwd: root, stdio: 'inherit' });
    for (const spec of [
      { name: 'an empty page' },
      { name: 'Lodestone', kind: 'ours', model: `${model}-q8`, dtype: 'q8', threads: 1 },
      { name: 'onnxruntime-web', kind: 'ort', form: 'published', model, dtype: 'q8', threads: 1 },
    ]) {
      const runs = [];
      for (let i = 0; i < 5; i++) {
        const { browser, page } = await open();
        const time = spec.kind ? await page.evaluate(a => window.first(a), { spec, work: inputs(1, 128) }) : {};
        runs.push({ ...time, peak: await peakMemory(browser) });
        await browser.close();
      }
      results.loads.push({ model, spec, runs });
      save();
    }
  }
}
server.close();
save();
console.log(`\n${shapesReport(results)}\nwritten to shapes.md and shapes.json in ${path.relative(process.cwd(), options.out) || '.'}`);
