// What is compared on known shapes. A contender is opened from a spec and called with
// {ids} (rows of one length) or, for a decoder, with {ids, tokens}; it answers with
// last_hidden_state, row-major, or with the tokens it has chosen.
//
// spec: {name, kind, model, dtype, form, threads, kernels}
//   kind   ours            the model of the module (AutoModel, AutoModelForCausalLM), in the module's worker
//          ours, pipeline  its pipeline('feature-extraction'): texts in, a unit vector a text out
//          ort             onnxruntime-web, in a worker of the page
//          tjs             pipeline('feature-extraction') of transformers.js, in a worker of the page
//   form   the graph of ort, see layers.mjs
//   kernels  the variant of ours: auto, simd128, relaxed, fused
//   device   where ours and ort run: 'webgpu', else the processor
import { openInWorker } from './in-worker.mjs';
import * as urls from './urls.mjs';

export function open(spec) {
  return spec.kind.startsWith('ours') ? openHere(spec) : openInWorker(spec, './shape-contenders.mjs');
}

export function openHere(spec) {
  return { ours, 'ours, pipeline': oursPipeline, ort, tjs }[spec.kind](spec);
}

async function ours({ model, dtype, threads, kernels, generates, device = 'wasm' }) {
  const { AutoModel, AutoModelForCausalLM, Tensor } = await import(urls.ours);
  const type = generates ? AutoModelForCausalLM : AutoModel;
  const handle = await type.from_pretrained(urls.models + model, { dtype, threads, kernels, device });
  const where = handle.capabilities();
  if (where.webgpu !== (device === 'webgpu')) throw new Error(where.reasons.webgpu);
  const tensor = rows => new Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0].length]);
  return {
    describe: () => handle.capabilities(),
    async call({ ids, tokens }) {
      const input_ids = tensor(ids);
      if (!generates) return (await handle({ input_ids })).last_hidden_state.data;
      const rows = await handle.generate({ input_ids, max_new_tokens: tokens, min_new_tokens: tokens });
      return Float32Array.from(Array.from(rows.data, Number).slice(-tokens));
    },
    close: () => handle.dispose(),
  };
}

async function oursPipeline({ model, dtype, threads, kernels }) {
  const { pipeline } = await import(urls.ours);
  const embed = await pipeline('feature-extraction', urls.models + model, { dtype, threads, kernels });
  return {
    describe: () => embed.capabilities(),
    call: async ({ texts }) => (await embed(texts, { pooling: 'mean', normalize: true })).data,
    close: () => embed.dispose(),
  };
}

async function tjs({ model, dtype, threads }) {
  const { env, pipeline } = await import(urls.transformers);
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = urls.models;
  env.useBrowserCache = false;
  env.useWasmCache = false;
  const wasm = env.backends.onnx.wasm;
  wasm.numThreads = threads;
  wasm.proxy = false;
  const runtime = `${urls.transformersRuntime}ort-wasm-simd-threaded.asyncify`;
  wasm.wasmPaths = { mjs: `${runtime}.mjs`, wasm: `${runtime}.wasm` };
  const embed = await pipeline('feature-extraction', model, { dtype: { f32: 'fp32' }[dtype] ?? dtype, device: 'wasm' });
  return { call: async ({ texts }) => (await embed(texts, { pooling: 'mean', normalize: true })).data, close: () => embed.dispose() };
}

async function ort({ model, dtype, form, threads, generates, device = 'wasm' }) {
  const { InferenceSession, Tensor, env } = await import(`${urls.runtime}ort.${device}.min.mjs`);
  env.wasm.wasmPaths = urls.runtime;
  env.wasm.numThreads = threads;
  env.logLevel = 'error';
  const directory = form === 'published' ? 'onnx' : `onnx-${form}`;
  const file = { f32: 'model', q8: 'model_quantized', q4: 'model_q4' }[dtype];
  const session = await InferenceSession.create(`${urls.models}${model}/${directory}/${file}.onnx`, { executionProviders: [device], graphOptimizationLevel: 'all' });
  const int64 = (rows, dims = [rows.length, rows[0].length]) => new Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), dims);
  const fill = (ids, v) => ids.map(row => row.map(() => v));
  const types = session.inputNames.includes('token_type_ids'), positions = session.inputNames.includes('position_ids');
  const run = ids => session.run({ input_ids: int64(ids), attention_mask: int64(fill(ids, 1)), ...(types ? { token_type_ids: int64(fill(ids, 0)) } : {}) });
  if (!generates) return { call: async ({ ids }) => (await run(ids)).last_hidden_state.data, close: () => session.release() };
  if (!positions) throw new Error('the graph of the decoder has no position_ids');

  const past = session.inputMetadata.filter(m => m.name.startsWith('past_key_values'));
  return {
    close: () => session.release(),
    async call({ ids: [prompt], tokens }) {
      let feeds = Object.fromEntries(past.map(m => [m.name, new Tensor('float32', new Float32Array(0), [1, m.shape[1], 0, m.shape[3]])]));
      let step = prompt, length = 0;
      const chosen = new Float32Array(tokens);
      for (let i = 0; i < tokens; i++) {
        const at = step.map((_, k) => length + k);
        length += step.length;
        const out = await session.run({ ...feeds, input_ids: int64([step]), position_ids: int64([at]), attention_mask: int64([Array(length).fill(1)]) });
        const logits = out.logits.data;
        let best = 0;
        for (let v = 1; v < logits.length; v++) if (logits[v] > logits[best]) best = v;
        chosen[i] = best;
        step = [best];
        feeds = Object.fromEntries(past.map(m => [m.name, out[m.name.replace('past_key_values', 'present')]]));
      }
      return chosen;
    },
  };
}
