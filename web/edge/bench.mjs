// Times the edge worker under workerd beside what people run today: transformers.js over
// onnxruntime-node behind a plain Node server, the same weights and dtype. make edge-bench
//
//   node web/edge/bench.mjs [--rounds 6] [--serial 170] [--parallel 200] [--warm 400] [--starts 5]
//
// All servers run at the same time and are called one after the other, in an order in which
// each comes right after each other one equally often. In its turn a server gets requests
// one at a time, and then eight at a time.
//
// CPU is that of /proc: of the whole process, and of the isolate's thread, without V8's
// compiler and collector threads. It is read around each of the requests, one at a time.
import { execFileSync, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { turns } from '../bench/page/turns.mjs';
import { writePeerModel } from '../bench/peer-model.mjs';
import { tryInWorkerd } from './peer/in-workerd.mjs';
import { MODULES, startWorkerd } from './workerd.mjs';

const { values: options } = parseArgs({ options: {
  rounds: { type: 'string', default: '6' }, // a multiple of 6, so that the order is balanced
  serial: { type: 'string', default: '170' },
  parallel: { type: 'string', default: '200' },
  warm: { type: 'string', default: '400' },
  starts: { type: 'string', default: '5' },
} });
const [ROUNDS, SERIAL, PARALLEL, WARM, STARTS] = ['rounds', 'serial', 'parallel', 'warm', 'starts'].map((name) => Number(options[name]));
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

const headers = { 'Content-Type': 'application/json' };

async function ask(url, input) {
  const r = await fetch(`${url}/v1/embeddings`, { method: 'POST', headers, body: JSON.stringify({ model: ID, input }) });
  if (!r.ok) throw new Error(await r.text());
  await r.arrayBuffer();
}

/** A text of 64 tokens. */
async function text64(url) {
  const words = 'the old station near the river opens its doors early in the morning and closes late at night because many people travel to work by train'.split(' ');
  for (let text = '', i = 0; ; i++) {
    text += `${text && ' '}${words[i % words.length]}`;
    const r = await fetch(`${url}/tokenize`, { method: 'POST', headers, body: JSON.stringify({ inputs: text, add_special_tokens: false }) });
    const n = (await r.json())[0].length;
    if (n >= 64) return { text, n };
  }
}

const quantile = (list, q) => list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))];
const median = (list) => quantile(list, 0.5);

/** Calls f(i) for each i below n, so many at a time. */
async function each(n, concurrency, f) {
  let next = 0;
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (next++ < n) await f();
  }));
}

/** One turn of a server. */
async function turn(server, text) {
  await each(10, 1, () => ask(server.url, text)); // what the one before left in the caches does not count
  for (let i = 0; i < SERIAL; i++) {
    const before = await cpu(server.pid);
    await ask(server.url, text);
    const after = await cpu(server.pid);
    server.process.push(after.process - before.process);
    server.thread.push(after.thread - before.thread);
  }
  const before = await cpu(server.pid);
  const began = performance.now();
  await each(PARALLEL, 8, async () => {
    const sent = performance.now();
    await ask(server.url, text);
    server.latency.push(performance.now() - sent);
  });
  server.rates.push(PARALLEL / ((performance.now() - began) / 1000));
  server.busy.push(((await cpu(server.pid)).process - before.process) / PARALLEL);
}

/** Starts of a fresh workerd: until it listens, and from there to the answer of the first request, weights included. */
async function starts() {
  const all = [];
  for (let i = 0; i < STARTS; i++) {
    const began = performance.now();
    const w = await startWorkerd({ address: '127.0.0.1:0', stdio: 'ignore' });
    const listening = performance.now();
    const before = await cpu(w.child.pid);
    await ask(w.url, 'a');
    all.push({ process: listening - began, ready: performance.now() - listening, cpu: (await cpu(w.child.pid)).thread - before.thread });
    w.child.kill('SIGKILL');
  }
  return all.sort((a, b) => a.ready - b.ready)[all.length >> 1];
}

async function lodestone(name, vars) {
  const { url, child } = await startWorkerd({ address: '127.0.0.1:0', stdio: 'ignore', vars });
  return { name, url, child, pid: child.pid };
}

async function node(name) {
  const child = spawn(process.execPath, [path.join(here, 'peer/server.mjs'), peerModel], { stdio: ['ignore', 'pipe', 'inherit'] });
  const began = performance.now();
  const url = await new Promise((resolve, reject) => {
    child.stdout.once('data', (line) => resolve(String(line).trim()));
    child.once('exit', (code) => reject(new Error(`the peer ended with ${code}`)));
  });
  return { name, url, child, pid: child.pid, start: performance.now() - began };
}

const cpuinfo = await readFile('/proc/cpuinfo', 'utf8');
const feature = (name) => (new RegExp(`\\b${name}\\b`).test(cpuinfo) ? name : `no ${name}`);
const sizes = await Promise.all(['worker.mjs', ...MODULES].map(async (f) => gzipSync(await readFile(path.join(here, 'dist', f)), { level: 9 }).length));
const git = (...args) => execFileSync('git', args, { cwd: here, encoding: 'utf8' }).trim();
const version = async (from, name) => JSON.parse(await readFile(path.join(here, from, 'node_modules', name, 'package.json'), 'utf8')).version;
const transformers = createRequire(new URL('../bench/node_modules/@huggingface/transformers/package.json', import.meta.url));
console.log(`${os.cpus()[0].model}, ${feature('avx2')}, ${feature('avx_vnni')}, ${feature('avx512_vnni')}, ${os.cpus().length} processors, load ${os.loadavg()[0].toFixed(1)}; commit ${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') && ' with changes'}`);
console.log(`workerd ${await version('.', 'workerd')}; Node.js ${process.version}, transformers.js ${await version('../bench', '@huggingface/transformers')}, onnxruntime-node ${transformers('onnxruntime-node/package.json').version}`);

const start = await starts();
const servers = [];
try {
  for (const s of [await lodestone('Lodestone, KERNELS=simd128', { KERNELS: 'simd128' }), await lodestone('Lodestone, KERNELS=relaxed', { KERNELS: 'relaxed' }), await node('transformers.js in a Node server')]) {
    servers.push({ ...s, process: [], thread: [], latency: [], rates: [], busy: [] });
  }
  const { text, n } = await text64(servers[0].url);
  for (const s of servers) await each(WARM, 1, () => ask(s.url, text));
  for (let round = 0; round < ROUNDS; round++) for (const i of turns(servers.length, round)) await turn(servers[i], text);
  const ms = (x) => `${x.toFixed(1)} ms`;
  console.log(`${ID}, q8, one text of ${n} tokens a request; ${ROUNDS} rounds of ${SERIAL} requests one at a time and ${PARALLEL} eight at a time, after ${WARM}`);
  for (const s of servers) {
    console.log(`${s.name.padEnd(34)} ${median(s.rates).toFixed(0).padStart(5)} requests/s at 8, ${ms(median(s.busy))} of CPU each; one at a time: CPU of the thread p50 ${ms(median(s.thread))}, p99 ${ms(quantile(s.thread, 0.99))}; of the process p50 ${ms(median(s.process))}, p99 ${ms(quantile(s.process, 0.99))}; latency at 8 p50 ${ms(median(s.latency))}, p99 ${ms(quantile(s.latency, 0.99))}`);
  }
  const peer = servers.at(-1);
  for (const s of servers.slice(0, -1)) {
    const times = s.rates.map((r, i) => r / peer.rates[i]);
    console.log(`${s.name}: ${median(times).toFixed(2)} times the requests a second of the Node server (${Math.min(...times).toFixed(2)} to ${Math.max(...times).toFixed(2)} by round); for the same CPU time ${median(s.busy.map((b, i) => peer.busy[i] / b)).toFixed(2)} times`);
  }
  console.log(`start, median of ${STARTS}: workerd listens after ${ms(start.process)}; the first answer, weights included, ${ms(start.ready)} later (CPU of the isolate's thread ${ms(start.cpu)}); the Node server ${ms(peer.start)}`);
} finally {
  for (const s of servers) s.child.kill('SIGKILL');
}
console.log(`script: ${(sizes.reduce((a, b) => a + b) / 1e6).toFixed(2)} MB gzip, of which the Go program ${(sizes[1] / 1e6).toFixed(2)} MB`);
console.log(`transformers.js in workerd, over onnxruntime-web: ${await tryInWorkerd()}. onnxruntime-node is a native addon, which workerd does not load.`);
