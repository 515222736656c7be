// The edge worker: it starts the Go program once for each isolate, and calls it with one
// request at a time. Vectors are computed synchronously, so that nothing would be won by more;
// and promises that the program waits for then belong to the request that is being served,
// since an isolate ends what a request left behind.
import 'workers/wasm_exec';
import { kernelImports } from '../../kernels/simd/imports.mjs';
import kernelModule from './kernels.wasm';
import program from './edge.wasm';
import { modelFiles } from './assets.mjs';

/** The most bytes of a body, and the most requests that wait. */
const MAX_BODY = 1 << 20;
const QUEUE = 64;
/** After so many milliseconds a request that does not end is given up, and the program starts anew. */
const STUCK = 60_000;

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

async function start(env) {
  const { exports } = await WebAssembly.instantiate(kernelModule, {});
  const wrong = exports.selftest();
  if (wrong !== 0) throw new Error(`kernels: this engine's WebAssembly SIMD computes wrongly (self-test ${wrong})`);
  const go = new Go();
  go.env = { GOGC: '50' };
  const binding = {};
  const lodestone = { maxBody: MAX_BODY, body: null, broken: false, ...modelFiles(env.ASSETS, exports.memory) };
  const self = { binding, lodestone, ended: false, fail: null };
  // A promise of go.run would belong to the request that starts the program.
  go.exit = (code) => {
    self.ended = true;
    self.fail?.(new Error(`edge: the program ended with status ${code}`));
  };
  await new Promise((resolve, reject) => {
    self.fail = reject;
    WebAssembly.instantiate(program, { ...go.importObject, kernels: kernelImports(exports, go), workers: { ready: resolve } })
      .then((instance) => go.run(instance, { env, binding, lodestone }))
      .catch(reject);
  });
  return self;
}

/** The body, undefined if it is too long, null if it broke off. */
async function readBody(request) {
  if (!request.body) return new Uint8Array(0);
  if (Number(request.headers.get('content-length')) > MAX_BODY) return undefined;
  const parts = [];
  let n = 0;
  try {
    for await (const part of request.body) {
      n += part.length;
      if (n > MAX_BODY) return undefined;
      parts.push(part);
    }
  } catch {
    return null;
  }
  if (parts.length === 1) return parts[0];
  const all = new Uint8Array(n);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** An answer of the worker itself, in the form that the address has. */
function refuse(request, status, type, code, message) {
  const tei = /^\/(embed|rerank|tokenize|info|health)$/.test(new URL(request.url).pathname);
  const body = tei
    ? { error: message, error_type: status === 429 ? 'Overloaded' : 'Unhealthy' }
    : { error: { message, type, param: null, code } };
  return Response.json(body, { status, headers: { 'Retry-After': '1', 'X-Request-Id': `req_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}` } });
}

async function call(request, body, env) {
  running ??= await start(env);
  const self = running;
  self.lodestone.body = body ?? null;
  self.lodestone.broken = body === null;
  const headers = new Headers(request.headers);
  if (body === undefined) headers.set('content-length', String(MAX_BODY + 1)); // the program refuses it by name
  else headers.delete('content-length');
  let timer;
  try {
    return await new Promise((resolve, reject) => {
      self.fail = reject;
      timer = setTimeout(() => reject(new Error(`edge: no answer within ${STUCK} ms`)), STUCK);
      self.binding.handleRequest({ method: request.method, url: request.url, headers, body: null }).then(resolve, reject);
    });
  } catch (e) {
    if (running === self) running = null; // the next request starts another
    throw e;
  } finally {
    clearTimeout(timer);
  }
}

async function serve(request, env) {
  if (waiting >= QUEUE) return refuse(request, 429, 'rate_limit_error', 'overloaded', `${QUEUE} requests wait already; try again later`);
  const body = await readBody(request);
  const before = turn;
  let done;
  turn = new Promise((resolve) => (done = resolve));
  waiting++;
  try {
    // The runtime rejects it if the request before was ended by force: then the program may
    // wait for what never comes.
    await before?.catch(() => (running = null));
    return await call(request, body, env);
  } catch (e) {
    console.error(e instanceof Error ? e.message : String(e));
    return refuse(request, 503, 'server_error', 'unavailable', 'the program did not run; try again');
  } finally {
    waiting--;
    done();
  }
}

export default {
  fetch(request, env, ctx) {
    const answer = serve(request, env);
    // Whoever leaves does not end what others wait for: the load of a model.
    ctx.waitUntil(answer.then(() => {}, () => {}));
    return answer;
  },
};
