// Times whole models on a GPU against onnxruntime-web's WebGPU, in one Chromium: the same
// random weights and ids, calls in turn, with the cosine to f32 beside every time. Before that, a
// part of the kernels' table of cases, and what a recorded command costs the processor. It
// takes at most ten minutes on a GPU, and writes out/gpu.json.
//
//   node web/bench/gpu.mjs [--models minilm-l6,bert-base,gpt2,prompt-magneto] [--dtypes f32,q8,q4]
//     [--workloads 1x16,…] [--decode 16x64] [--budget MS] [--small] [--software] [--chromium PATH]
//
// --software takes Chromium's software adapter, SwiftShader, and --small the shapes that it
// manages: with both the script runs on a machine without a GPU.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { conditions, launch } from './browser.mjs';
import { inputs, MODELS, writeModel } from './hf-models.mjs';
import { serve } from './server.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({ options: {
  models: { type: 'string' },
  dtypes: { type: 'string' },
  workloads: { type: 'string' }, // texts × tokens
  decode: { type: 'string' }, // tokens of the prompt × tokens to add
  budget: { type: 'string' }, // ms for the rounds of a workload
  small: { type: 'boolean', default: false },
  software: { type: 'boolean', default: false },
  dist: { type: 'string', default: path.join(here, '../dist') },
  out: { type: 'string', default: path.join(here, 'out') },
  chromium: { type: 'string', default: process.env.CHROMIUM ?? '/usr/bin/chromium' },
} });
const defaults = options.small
  ? { models: 'prompt-magneto', dtypes: 'q8', workloads: '1x16', decode: '4x4', budget: '500' }
  : { models: 'minilm-l6,bert-base,prompt-magneto,gpt2', dtypes: 'f32,q8,q4', workloads: '1x16,1x128,1x512,32x64', decode: '16x64', budget: '2500' };
const setting = name => options[name] ?? defaults[name];
const list = name => setting(name).split(',').filter(Boolean);
const MINUTES = 10;
const began = Date.now();

const build = path.join(here, '.build/shapes');
const graphs = ['fp32', 'q8', 'q4'].map(dtype => [dtype, 'published']);
for (const name of list('models')) writeModel(build, name, graphs);
const server = await serve({
  '/': path.join(here, 'page'),
  '/dist/': path.resolve(options.dist),
  '/e2e/': path.join(here, '../e2e/page'),
  '/test/': path.join(here, '../.build/test'),
  '/models/': build,
  '/node_modules/': path.join(here, 'node_modules'),
});
const flags = options.software ? ['--enable-unsafe-webgpu'] : ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--ignore-gpu-blocklist'];
const browser = await launch(options.chromium, flags);
const open = async url => {
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  page.on('console', m => console.log(`  ${m.text()}`));
  await page.goto(server.origin + url);
  return page;
};

const results = { ...await conditions(options.chromium), options: { ...defaults, ...options }, rows: [] };
const save = () => {
  results.loadAfter = os.loadavg()[0];
  results.seconds = (Date.now() - began) / 1000;
  fs.mkdirSync(options.out, { recursive: true });
  fs.writeFileSync(path.join(options.out, 'gpu.json'), JSON.stringify(results, null, 1));
};

// The adapter, and the processor's time for a command: Go's part is that of
// go test -bench Record ./kernels/webgpu.
const page = await open('/shapes.html');
await page.waitForFunction(() => window.ready);
results.adapter = await page.evaluate(async () => {
  const { vendor, architecture, device, description, isFallbackAdapter } = (await navigator.gpu?.requestAdapter())?.info ?? {};
  return vendor === undefined ? null : { vendor, architecture, device, description, isFallbackAdapter };
});
if (results.adapter === null) throw new Error('bench: this Chromium offers no WebGPU adapter; with --software it has one');
console.log(`adapter: ${JSON.stringify(results.adapter)}`);
results.command = await page.evaluate(async () => {
  const { openBridge } = await import('/test/webgpu/bridge.mjs');
  const { kernels } = await import('/test/webgpu/wgsl.mjs');
  const bridge = await openBridge();
  bridge.grow(0, 1 << 20);
  const add = kernels.findIndex(([name]) => name === 'add');
  const words = new Uint32Array(2000 * 10);
  for (let i = 0; i < words.length; i += 10) words.set([add | (5 << 8), 1, 1, 1, 0, 64, 128, 192, 64, 0], i);
  const times = [];
  for (let round = 0; round < 20; round++) {
    const t = performance.now();
    bridge.play(words, 0, words.length);
    times.push((performance.now() - t) / 2000);
    await new Promise(resolve => { bridge.done = resolve; bridge.read(1, 0, 0, 4, () => {}); });
  }
  bridge.destroy();
  return { microseconds: 1000 * times.sort((a, b) => a - b)[10] };
});
console.log(`a command takes the processor ${results.command.microseconds.toFixed(2)} µs in JavaScript`);
save();

// A part of the table of cases.
const table = await open(`/e2e/webgpu-kernels.html?dist=/dist&of=${options.small ? 97 : 5}&largest=512`);
await table.waitForFunction(() => globalThis.__kerneltestEnded);
results.table = await table.evaluate(() => ({ failed: globalThis.__kerneltestFailed, ...globalThis.__kerneltest }));
results.table.wrong = JSON.parse(results.table.results ?? '[]').filter(r => r.err !== '');
delete results.table.results;
console.log(`${results.table.cases} cases, ${results.table.failed ?? 0} wrong`);
await table.close();
save();

for (const model of list('models')) {
  const generates = MODELS[model].model_type === 'gpt2';
  for (const dtype of generates ? ['f32'] : list('dtypes')) {
    if (Date.now() - began > (MINUTES - 1.5) * 60_000) {
      results.leftOut = [...(results.leftOut ?? []), `${model} ${dtype}`];
      continue;
    }
    console.log(`${model} ${dtype}`);
    const common = { model, threads: 1, generates, kernels: 'auto' };
    const specs = [
      { ...common, name: 'f32', kind: 'ours', dtype: 'f32', device: 'wasm', reference: true },
      { ...common, name: 'Lodestone, WebGPU', kind: 'ours', dtype, device: 'webgpu' },
      { ...common, name: 'Lodestone, processor', kind: 'ours', dtype, device: 'wasm' },
      { ...common, name: 'onnxruntime-web, WebGPU', kind: 'ort', form: 'published', dtype, device: 'webgpu' },
    ];
    const [length, tokens] = setting('decode').split('x').map(Number);
    const workloads = generates
      ? [{ name: `${length} + ${tokens} tokens`, work: { ids: inputs(1, length).ids, tokens } }]
      : list('workloads').map(name => ({ name, work: inputs(...name.split('x').map(Number)) }));
    const rows = await page.evaluate(a => window.shapes(a), { specs, workloads, budget: Number(setting('budget')), calls: 3, gap: 4, warm: options.small ? 100 : 1500, least: 3, most: 40 });
    results.rows.push(...rows.filter(r => !r.spec.reference));
    save();
  }
}
await browser.close();
server.close();
save();

const median = times => [...times].sort((a, b) => a - b)[times.length >> 1];
for (const row of results.rows) {
  for (const [name, times] of Object.entries(row.times)) {
    const near = row.agree[name] === undefined ? `cosine ${row.cosines[name]?.toFixed(6)}` : `${(100 * row.agree[name]).toFixed(0)} % of the tokens`;
    console.log(`${row.spec.model} ${row.spec.dtype} ${name}, ${row.spec.name}: median ${median(times).toFixed(1)} ms, ${near}`);
  }
  if (row.error) console.log(`${row.spec.model} ${row.spec.dtype}, ${row.spec.name}: ${row.error}`);
}
console.log(`written to gpu.json in ${path.relative(process.cwd(), options.out) || '.'}, ${results.seconds.toFixed(0)} s`);
