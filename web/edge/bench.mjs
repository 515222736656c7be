// Times the edge worker under workerd beside what people run today: transformers.js over
// onnxruntime-node behind a plain Node server, the same weights and dtype. make edge-bench
//
//   node web/edge/bench.mjs [--requests 1000] [--warm 400] [--starts 5]
//
// CPU is that of /proc: of the whole process, and of the isolate's thread, without V8's
// compiler and collector threads. It is read around each of the requests, one at a time.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { writePeerModel } from '../bench/peer-model.mjs';
import { startWorkerd } from './workerd.mjs';

const { values: options } = parseArgs({ options: {
  requests: { type: 'string', default: '1000' },
  warm: { type: 'string', default: '400' },
  starts: { type: 'string', default: '5' },
} });
const here = path.dirname(fileURLToPath(import.meta.url));
const ID = 'prompt-magneto-en-de-fr';
const peerModel = path.resolve(here, '../bench/.build/models/magneto');
writePeerModel(path.resolve(here, '../../weights', ID), peerModel, 'magneto', ['q8']);

/** Milliseconds of CPU of a process, and of its first thread. */
async function cpu(pid) {
  const of = async (tid) => Number((await readFile(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').catch(() => '0')).split(' ')[0]) / 1e6;
  const threads = await Promise.all((await readdir(`/proc/${pid}/task`)).map(of));
  return { process: threads.reduce((a, b) => a + b), thread: await of(pid) };
}

const ask = async (url, input) => {
  const r = await fetch(`${url}/v1/embeddings`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ model: ID, input }) });
  const text = await r.text();
  if (!r.ok) throw new Error(text);
  return JSON.parse(text);
};

/** A text of 64 tokens. */
async function text64(url) {
  const words = 'the old station near the river opens its doors early in the morning and closes late at night because many people travel to work by train'.split(' ');
  for (let text = '', i = 0; ; i++) {
    text += `${text && ' '}${words[i % words.length]}`;
    const r = await fetch(`${url}/tokenize`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ inputs: text, add_special_tokens: false }) });
    const n = (await r.json())[0].length;
    if (n >= 64) return { text, n };
  }
}

const quantile = (list, q) => list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))];

async function measure({ url, pid }, text) {
  const n = Number(options.requests);
  for (let i = 0; i < Number(options.warm); i++) await ask(url, text);
  const process = [], thread = [];
  for (let i = 0; i < n; i++) {
    const before = await cpu(pid);
    await ask(url, text);
    const after = await cpu(pid);
    process.push(after.process - before.process);
    thread.push(after.thread - before.thread);
  }
  let next = 0;
  const latency = [];
  const began = performance.now();
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (next++ < n) {
      const t = performance.now();
      await ask(url, text);
      latency.push(performance.now() - t);
    }
  }));
  return { rate: n / ((performance.now() - began) / 1000), latency, process, thread };
}

/** Starts of a fresh workerd: until it listens, and from there to the answer of the first request, weights included. */
async function starts() {
  const all = [];
  for (let i = 0; i < Number(options.starts); i++) {
    const began = performance.now();
    const w = await startWorkerd({ address: '127.0.0.1:0', stdio: 'ignore' });
    const listening = performance.now();
    const before = await cpu(w.child.pid);
    await ask(w.url, 'a');
    all.push({ process: listening - began, ready: performance.now() - listening, cpu: (await cpu(w.child.pid)).thread - before.thread });
    w.child.kill();
  }
  return all.sort((a, b) => a.ready - b.ready)[all.length >> 1];
}

async function peer() {
  const child = spawn(process.execPath, [path.join(here, 'bench-peer.mjs'), peerModel], { stdio: ['ignore', 'pipe', 'inherit'] });
  const began = performance.now();
  const url = await new Promise((resolve, reject) => {
    child.stdout.once('data', (line) => resolve(String(line).trim()));
    child.once('exit', (code) => reject(new Error(`the peer ended with ${code}`)));
  });
  return { child, url, pid: child.pid, start: performance.now() - began };
}

/** What workerd answers to a worker that compiles a module from bytes, the empty one. */
async function compileFromBytes() {
  const dist = await mkdtemp(path.join(os.tmpdir(), 'lodestone-edge-'));
  await writeFile(path.join(dist, 'worker.mjs'), `export default { async fetch() {
    const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    return new Response(await WebAssembly.compile(bytes).then(() => 'it compiles', (e) => String(e)));
  } };`);
  const w = await startWorkerd({ address: '127.0.0.1:0', dist, stdio: 'ignore', modules: [] });
  const answer = await (await fetch(w.url)).text();
  w.child.kill();
  await rm(dist, { recursive: true, force: true });
  return answer;
}

const sizes = await Promise.all(['worker.mjs', 'edge.wasm', 'kernels.wasm'].map(async (f) => gzipSync(await readFile(path.join(here, 'dist', f)), { level: 9 }).length));
const git = (...args) => execFileSync('git', args, { cwd: here, encoding: 'utf8' }).trim();
const version = (from, name) => JSON.parse(execFileSync('cat', [path.join(here, from, 'node_modules', name, 'package.json')], { encoding: 'utf8' })).version;
const transformers = createRequire(new URL('../bench/node_modules/@huggingface/transformers/package.json', import.meta.url));
console.log(`${os.cpus()[0].model}, ${os.cpus().length} processors, load ${os.loadavg()[0].toFixed(1)}; commit ${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') && ' with changes'}`);
console.log(`workerd ${version('.', 'workerd')}; Node.js ${process.version}, transformers.js ${version('../bench', '@huggingface/transformers')}, onnxruntime-node ${transformers('onnxruntime-node/package.json').version}`);

const start = await starts();
const w = await startWorkerd({ address: '127.0.0.1:0', stdio: 'ignore' });
const { text, n } = await text64(w.url);
const ours = await measure({ url: w.url, pid: w.child.pid }, text);
w.child.kill();
const p = await peer();
const theirs = await measure(p, text);
p.child.kill();

const ms = (x) => `${x.toFixed(1)} ms`;
const row = (name, y) => console.log(`${name.padEnd(34)} ${y.rate.toFixed(0).padStart(5)} requests/s at 8; CPU per request: thread p50 ${ms(quantile(y.thread, 0.5))}, p99 ${ms(quantile(y.thread, 0.99))}; process p50 ${ms(quantile(y.process, 0.5))}, p99 ${ms(quantile(y.process, 0.99))}; latency at 8 p50 ${ms(quantile(y.latency, 0.5))}, p99 ${ms(quantile(y.latency, 0.99))}`);
console.log(`${ID}, q8, one text of ${n} tokens a request, ${options.requests} requests after ${options.warm}`);
row('Lodestone in workerd', ours);
row('transformers.js in a Node server', theirs);
console.log(`requests a second: ${(ours.rate / theirs.rate).toFixed(2)} times the Node server's`);
console.log(`start, median of ${options.starts}: workerd listens after ${ms(start.process)}; the first answer, weights included, ${ms(start.ready)} later (CPU of the isolate's thread ${ms(start.cpu)}); the Node server ${ms(p.start)}`);
console.log(`script: ${(sizes.reduce((a, b) => a + b) / 1e6).toFixed(2)} MB gzip, of which the Go program ${(sizes[1] / 1e6).toFixed(2)} MB`);
console.log(`Not run in workerd: onnxruntime-node, a native addon; and onnxruntime-web, which compiles its WebAssembly from bytes: there ${await compileFromBytes()}. So transformers.js has no backend there.`);
