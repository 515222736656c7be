// What is compared. A contender is opened from a spec and then called with
// {texts, ids}; it answers with one unit vector a text, mean-pooled, row-major.
//
// spec: {name, kind, where, model, dtype, build}
//   kind   ours   the module of this repository (pipeline of web/dist/lodestone.js)
//          tjs    transformers.js: pipeline('feature-extraction')
//          ort    onnxruntime-web alone, which takes ids: no tokeniser in its time
//          none   nothing; the cost of the page itself
//   where  page   on the page's thread; worker: in a worker of the page.
//          ours brings a worker of its own, and its calls always cross into it.
//   build  the WebAssembly build of onnxruntime: 'asyncify' is what transformers.js
//          loads unless told otherwise, '' is the smaller one without WebGPU
import { openInWorker } from './in-worker.mjs';
import * as urls from './urls.mjs';

export async function open(spec) {
  return spec.where === 'worker' ? openInWorker(spec, './contenders.mjs') : openHere(spec);
}

export function openHere(spec) {
  return { ours, tjs, ort, none }[spec.kind](spec);
}

async function none() {
  return { call: async () => new Float32Array(0), close() {} };
}

async function ours(spec) {
  const { pipeline } = await import(urls.ours);
  const embed = await pipeline('feature-extraction', urls.oursModel, { dtype: spec.dtype, device: 'wasm', threads: 1 });
  const options = { pooling: spec.pooling ?? 'mean', normalize: true };
  return {
    call: async ({ texts }) => (await embed(texts, options)).data,
    close: () => embed.dispose(),
    timings: embed.timings,
  };
}

async function tjs(spec) {
  const { env, pipeline } = await import(urls.transformers);
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = urls.models;
  env.useBrowserCache = false; // its Cache API copy would hide nothing here: every profile is fresh
  env.useWasmCache = false;
  const wasm = env.backends.onnx.wasm;
  wasm.numThreads = 1;
  wasm.proxy = false;
  const runtime = `${urls.transformersRuntime}ort-wasm-simd-threaded${spec.build ? `.${spec.build}` : ''}`;
  wasm.wasmPaths = { mjs: `${runtime}.mjs`, wasm: `${runtime}.wasm` };
  const embed = await pipeline('feature-extraction', spec.model, { dtype: spec.dtype, device: 'wasm' });
  return {
    call: async ({ texts }) => (await embed(texts, { pooling: 'mean', normalize: true })).data,
    close: () => embed.dispose(),
  };
}

async function ort(spec) {
  const { InferenceSession, Tensor, env } = await import(`${urls.runtime}ort.wasm.min.mjs`);
  env.wasm.wasmPaths = urls.runtime;
  env.wasm.numThreads = 1;
  const file = { q8: 'model_quantized', fp32: 'model' }[spec.dtype];
  const session = await InferenceSession.create(`${urls.models}${spec.model}/onnx/${file}.onnx`, { executionProviders: ['wasm'] });
  return {
    async call({ ids }) {
      const dims = [ids.length, ids[0].length];
      const output = await session.run({
        input_ids: new Tensor('int64', BigInt64Array.from(ids.flat(), BigInt), dims),
        attention_mask: new Tensor('int64', new BigInt64Array(dims[0] * dims[1]).fill(1n), dims),
      });
      return meanUnit(output.last_hidden_state.data, ...output.last_hidden_state.dims);
    },
    close: () => session.release(),
  };
}

/** The mean of x [batch, tokens, width] over tokens, each row divided by its length. */
function meanUnit(x, batch, tokens, width) {
  const out = new Float32Array(batch * width);
  for (let b = 0; b < batch; b++) {
    let square = 0;
    for (let c = 0; c < width; c++) {
      let sum = 0;
      for (let t = 0; t < tokens; t++) sum += x[(b * tokens + t) * width + c];
      out[b * width + c] = sum / tokens;
      square += (sum / tokens) ** 2;
    }
    for (let c = 0; c < width; c++) out[b * width + c] /= Math.sqrt(square);
  }
  return out;
}
