// A worker of the view "Private". Its name is the program that it runs: "thex", the client of encrypted runs, or "evaluator",
// the server that stands in for one (wasm/thex, wasm/evaluator). The page sends {id, call, args}; the worker answers
// {id, value} or {id, error}. An argument {file} is a file, which the worker fetches once.
import './wasm_exec.js';

const files = new Map();

/** The answer of the network, kept for a visit without one. It is public: the program and the model. */
async function get(url) {
  const kept = await globalThis.caches?.open('lodestone-private').catch(() => undefined); // none in a private window
  let response;
  try {
    response = await fetch(url);
  } catch (e) {
    response = await kept?.match(url);
    if (response) return response;
    throw new Error(`${url} cannot be fetched (${e.message}); check the connection and try again`);
  }
  if (!response.ok) throw new Error(`got status ${response.status} for ${url}, expected 200; check the connection and try again`);
  await kept?.put(url, response.clone()).catch(() => {}); // no room
  return response;
}

/** The bytes of a file of this site. */
function file(url) {
  if (!files.has(url)) {
    const loaded = get(url).then(async (r) => new Uint8Array(await r.arrayBuffer()));
    loaded.catch(() => files.delete(url));
    files.set(url, loaded);
  }
  return files.get(url);
}

let started = null;

/** Starts the program, which the worker decompresses: few servers compress WebAssembly. */
async function start() {
  const response = await get(`./${self.name}.wasm.gz`);
  const bytes = await new Response(response.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiate(bytes, go.importObject);
  void go.run(instance); // it waits for calls
  return globalThis.program;
}

async function answer({ call, args }) {
  started ??= start();
  started.catch(() => (started = null));
  const program = await started;
  const values = await Promise.all(args.map((a) => (a?.file ? file(a.file) : a)));
  if (call === 'load') return null;
  const value = program[call](...values);
  if (value?.error) throw new Error(value.error);
  return value;
}

let last = Promise.resolve(); // one call after the other

addEventListener('message', ({ data }) => {
  last = last.then(async () => {
    try {
      const value = await answer(data);
      const buffers = [value, value?.message, value?.body].filter((v) => v instanceof Uint8Array).map((v) => v.buffer);
      postMessage({ id: data.id, value }, buffers);
    } catch (e) {
      postMessage({ id: data.id, error: e.message });
    }
  });
});
