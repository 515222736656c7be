// transformers.js as a worker, as far as it goes: the model comes from static assets, and
// onnxruntime-web gets the bytes of its WebAssembly, so that it has nothing to fetch.
// The package draws random numbers when it is imported, which workerd allows in a handler
// only: so a handler imports it.
export default {
  async fetch(_request, { ASSETS }) {
    try {
      const { env, pipeline } = await import('@huggingface/transformers');
      const bytes = async (name) => new Uint8Array(await (await ASSETS.fetch(`https://assets/${name}`)).arrayBuffer());
      env.allowLocalModels = false;
      env.useBrowserCache = false;
      env.useWasmCache = false;
      env.remoteHost = 'https://assets/';
      env.remotePathTemplate = '{model}/';
      env.fetch = (url) => ASSETS.fetch(String(url));
      Object.assign(env.backends.onnx.wasm, { numThreads: 1, proxy: false, wasmBinary: await bytes('onnxruntime.wasm') });
      const embed = await pipeline('feature-extraction', 'model', { dtype: 'q8', device: 'wasm' });
      const { data } = await embed('a', { pooling: 'mean', normalize: true });
      return new Response(`it runs, and gives ${data.length} numbers`);
    } catch (e) {
      return new Response(e?.stack ? `${e.name}: ${e.message}` : String(e));
    }
  },
};
