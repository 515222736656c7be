// The edge worker: it starts the Go program once for each isolate, and calls it with one
// request at a time. Vectors are computed synchronously, so more at a time would not be
// faster; and the promises that the program waits for then belong to the request that is
// being served, since an isolate ends what a request left behind.
import { createHash } from 'node:crypto';
import 'workers/wasm_exec';
import { kernelImports } from '../../kernels/simd/imports.mjs';
import simd128 from './kernels.wasm';
import relaxed from './kernels-relaxed.wasm';
import program from './edge.wasm';
import { modelFiles } from './assets.mjs';
import { isAddressOfTEI, MAX_BODY, readBody } from './request.mjs';

/** The most requests that wait. */
const QUEUE = 64;
/**
 * The longest time that the body of a request may take to arrive, and then its answer, in
 * milliseconds, if the variable BUDGET does not state it. Starting the program is not part of it.
 */
const BUDGET = 30_000;
/** The headers that the service reads. Others would be copied into the program for nothing. */
const HEADERS = ['authorization', 'content-type', 'content-encoding', 'origin', 'access-control-request-method'];

globalThis.tryCatch = (f) => {
  try {
    return { result: f() };
  } catch (error) {
    return { error };
  }
};

let running = null; // the program, once it is ready
let turn = null; // a promise that settles when the request before has been answered
let waiting = 0;

/**
 * The kernels that the variable KERNELS names: 'simd128', whose results are those of lode, or
 * 'relaxed', which are faster and whose results are those of a page with the same option.
 */
async function kernels(name = 'simd128') {
  if (name !== 'simd128' && name !== 'relaxed') throw new Error(`edge: the variable KERNELS is ${name}; expected simd128 or relaxed`);
  const { exports } = await WebAssembly.instantiate(name === 'relaxed' ? relaxed : simd128, {});
  if (name === 'relaxed') exports.form(1);
  const wrong = exports.selftest();
  if (wrong !== 0) throw new Error(`kernels: this engine's WebAssembly SIMD computes wrongly (${name}, self-test ${wrong})`);
  return exports;
}

/** The answer of the program: its headers are lines of a name, a colon and a value. */
function respond(status, lines, body) {
  const headers = new Headers();
  for (const line of lines.split('\n')) {
    const at = line.indexOf(':');
    if (at > 0) headers.append(line.slice(0, at), line.slice(at + 1));
  }
  return new Response(body.length > 0 ? body : null, { status, headers });
}

async function start(env) {
  const exports = await kernels(env.KERNELS || undefined);
  const go = new Go();
  // Little is alive between requests. Up to 40 MiB garbage is left alone, so that few
  // requests pay for its collection.
  go.env = { GOGC: '400', GOMEMLIMIT: '40MiB' };
  const binding = {};
  const memory = () => ({ program: go.mem.buffer.byteLength, kernels: exports.memory.buffer.byteLength });
  const answer = (status, headers, body) => (self.answer = respond(status, headers, body));
  const newHash = () => createHash('sha256');
  const addToHash = (hash, at, n) => void hash.update(new Uint8Array(exports.memory.buffer, at, n));
  const lodestone = { maxBody: MAX_BODY, body: null, broken: false, memory, answer, newHash, addToHash, ...modelFiles(env, exports.memory) };
  const self = { binding, lodestone, answer: null, ended: null, fail: null };
  // A promise of go.run would belong to the request that starts the program.
  go.exit = (code) => {
    self.ended = new Error(`edge: the program ended with status ${code}`);
    self.fail(self.ended);
  };
  await new Promise((resolve, reject) => {
    self.fail = reject;
    WebAssembly.instantiate(program, { ...go.importObject, kernels: kernelImports(exports, go), workers: { ready: resolve } })
      .then((instance) => go.run(instance, { env, binding, lodestone }))
      .catch(reject);
  });
  return self;
}

/** An answer of the worker itself, in the form that the address has. */
function refuse(request, status, type, code, message) {
  const id = `req_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`;
  console.log(JSON.stringify({ time: new Date().toISOString(), level: 'WARN', msg: 'request', id, status, code }));
  const body = isAddressOfTEI(request.url)
    ? { error: message, error_type: status === 429 ? 'Overloaded' : 'Unhealthy' }
    : { error: { message, type, param: null, code } };
  return Response.json(body, { status, headers: { 'Retry-After': '1', 'X-Request-Id': id, 'Cache-Control': 'no-store' } });
}

/** The answer of the program; rejects if it ends, or does not answer before the deadline. */
async function call(request, body, env, deadline) {
  const began = Date.now();
  running ??= await start(env);
  deadline += Date.now() - began;
  const self = running;
  self.lodestone.body = body ?? null;
  self.lodestone.broken = body === null;
  const headers = new Map();
  for (const name of HEADERS) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (body === undefined) headers.set('content-length', String(MAX_BODY + 1)); // the program refuses it by name
  let timer;
  try {
    const done = self.binding.handleRequest({ method: request.method, url: request.url, headers, body: null });
    // With the model in memory, the program has answered before it returned.
    if (self.ended) throw self.ended;
    if (self.answer === null) {
      await new Promise((resolve, reject) => {
        self.fail = reject;
        timer = setTimeout(() => reject(new Error('edge: no answer within the budget of the request')), Math.max(0, deadline - Date.now()));
        done.then(resolve, reject);
      });
    }
    if (self.answer === null) throw new Error('edge: the program ended a request without an answer');
    return self.answer;
  } catch (e) {
    if (running === self) running = null; // the next request starts another
    throw e;
  } finally {
    self.answer = null;
    clearTimeout(timer);
  }
}

async function serve(request, env) {
  const overloaded = () => refuse(request, 429, 'rate_limit_error', 'overloaded', `${QUEUE} requests wait already; try again later`);
  if (waiting >= QUEUE) return overloaded();
  const budget = Number(env.BUDGET) || BUDGET;
  const body = await readBody(request, budget);
  if (waiting >= QUEUE) return overloaded();
  const deadline = Date.now() + budget;
  const before = turn;
  let done;
  turn = new Promise((resolve) => (done = resolve));
  waiting++;
  try {
    // The runtime rejects it if the request before was ended by force: then the program may
    // wait for what never comes.
    await before?.catch(() => (running = null));
    if (Date.now() >= deadline) return refuse(request, 503, 'server_error', 'timeout', `the request waited longer than ${budget} ms; try again later`);
    return await call(request, body, env, deadline);
  } catch (e) {
    console.error(JSON.stringify({ time: new Date().toISOString(), level: 'ERROR', msg: 'program', cause: e instanceof Error ? e.message : String(e) }));
    return refuse(request, 503, 'server_error', 'unavailable', 'the program did not answer; try again');
  } finally {
    waiting--;
    done();
  }
}

export default {
  fetch(request, env, ctx) {
    const answer = serve(request, env);
    // A client that leaves does not end what others wait for: the load of a model.
    ctx.waitUntil(answer.then(() => {}, () => {}));
    return answer;
  },
};
