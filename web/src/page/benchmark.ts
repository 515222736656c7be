// How fast this browser runs the kernels and a whole model, in about ten seconds.
import { abortedError } from '../protocol/error.js';
import type { LoadReply } from '../protocol/load.js';
import type { Capabilities } from './capabilities.js';
import { DEFAULT_MODEL } from './env.js';
import { type LoadOptions, loadWith } from './options.js';
import * as check from './validate.js';

export interface BenchmarkOptions extends Omit<LoadOptions, 'device'> {
  /** Called before each step. */
  on_measure?: ((progress: BenchmarkProgress) => void) | null;
}

/** A step of a benchmark that begins; `done` of `total` steps are done. */
export interface BenchmarkProgress {
  step: string;
  done: number;
  total: number;
}

/** The speed of a linear layer; linear layers are most of a transformer's work. */
export interface KernelRate {
  dtype: 'q8' | 'q4' | 'f32';
  /** Rows, inputs and outputs of the layer. */
  shape: readonly [number, number, number];
  /** 10⁹ multiply-adds a second, in the fastest round. */
  gmacs: number;
}

/** The time from texts to vectors, with tokenization and the messages to and from the worker. */
export interface ModelRate {
  texts: number;
  /** The tokens of all texts together, special tokens included. */
  tokens: number;
  /** Milliseconds per call: the median and the shortest. */
  median: number;
  shortest: number;
  calls: number;
}

export interface BenchmarkResult {
  /** The address of the model, and how its weights were held in memory. */
  model: string;
  dtype: LoadReply['dtype'];
  /** Milliseconds until the model was ready; its files may have come from the browser's cache. */
  load: number;
  weight_bytes: number;
  /** What ran, and why nothing better did. */
  capabilities: Capabilities;
  kernels: KernelRate[];
  model_rates: ModelRate[];
  /** The same on the GPU, if there is one that the model runs on; the numbers above are the processor's. */
  gpu: { kernels: KernelRate[]; model_rates: ModelRate[]; reason: string } | null;
  /** The date of the measurement in ISO 8601, and the browser. */
  date: string;
  user_agent: string;
}

const DTYPES = ['q8', 'f32', 'q4'] as const;
const SHAPES = [
  [64, 384, 1536], // a sentence through the feed-forward layer of a small model
  [1, 384, 1536], // a token that is generated
] as const;
const RATE_MS = 350;
const SENTENCE = 'We are going for a walk by the river. ';
const WORKLOADS = [
  { texts: 1, repeat: 1 },
  { texts: 1, repeat: 6 },
  { texts: 1, repeat: 12 },
  { texts: 8, repeat: 3 },
];
const MODEL_MS = 1200;
const MOST_CALLS = 200;

/**
 * Measures this browser: loads a model, then times calls of the model and the kernels. It
 * takes about ten seconds in a worker, and the page stays responsive. Other load on the
 * machine slows the results down; the shortest times are the least affected.
 *
 * @param model the address of a folder for feature extraction
 * @throws LodestoneError
 */
export async function benchmark(model: string = DEFAULT_MODEL, options?: BenchmarkOptions): Promise<BenchmarkResult> {
  const { on_measure, ...load } = check.knownOptions('benchmark', options, ['dtype', 'threads', 'kernels', 'progress_callback', 'signal', 'on_measure']) as BenchmarkOptions;
  const report = check.callback('benchmark: on_measure', on_measure);
  const signal = check.abortSignal('benchmark: signal', load.signal);
  const both = await hasAdapter();
  const total = (DTYPES.length * SHAPES.length + WORKLOADS.length) * (both ? 2 : 1);
  let done = 0;
  const step = (name: string): void => {
    if (signal?.aborted) throw abortedError('benchmark', signal);
    report?.({ step: name, done: done++, total });
  };
  const processor = await measure(model, { ...load, device: 'wasm' }, signal, step);
  const gpu = both ? await measure(model, { ...load, device: 'webgpu' }, signal, (name) => step(`${name}, on the GPU`)) : null;
  report?.({ step: 'done', done: total, total });
  const { capabilities, kernels, model_rates, ...rest } = processor;
  return {
    ...rest,
    capabilities,
    kernels,
    model_rates,
    gpu: gpu?.capabilities.webgpu ? { kernels: gpu.kernels, model_rates: gpu.model_rates, reason: gpu.capabilities.reasons.webgpu } : null,
    date: new Date().toISOString(),
    user_agent: navigator.userAgent,
  };
}

/** Whether there is an adapter of WebGPU. */
async function hasAdapter(): Promise<boolean> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } };
  return gpu !== undefined && (await gpu.requestAdapter().catch(() => null)) !== null;
}

/** Measures one device. */
async function measure(
  model: string,
  options: LoadOptions,
  signal: AbortSignal | undefined,
  step: (name: string) => void,
): Promise<Omit<BenchmarkResult, 'gpu' | 'date' | 'user_agent'>> {
  const began = performance.now();
  const { client, info, url } = await loadWith('benchmark', model, options, { tokenizer: true, weights: true, head: '', task: 'feature-extraction' });
  try {
    const ready = performance.now() - began;
    // The model comes first: its calls start the threads, which join shortly after the first call.
    const model_rates: ModelRate[] = [];
    for (const { texts: n, repeat } of WORKLOADS) {
      const texts = Array<string>(n).fill(SENTENCE.repeat(repeat).trim());
      const encoded = await client.call({ op: 'encode', texts, pairs: null, addSpecial: true, parseSpecial: false, maxLength: info.maxLength }, { signal });
      const tokens = encoded.lengths.reduce((a, b) => a + b, 0);
      step(`${n === 1 ? 'a text' : `${n} texts`} of ${tokens / n} tokens`);
      const run = () => client.call({ op: 'feature-extraction', texts, pooling: 'mean', normalize: true }, { signal });
      for (let i = 0; i < 3; i++) await run();
      const times: number[] = [];
      const end = performance.now() + MODEL_MS;
      while (times.length < 3 || (performance.now() < end && times.length < MOST_CALLS)) {
        const t = performance.now();
        await run();
        times.push(performance.now() - t);
      }
      times.sort((a, b) => a - b);
      model_rates.push({ texts: n, tokens, median: times[times.length >> 1]!, shortest: times[0]!, calls: times.length });
    }

    const kernels: KernelRate[] = [];
    for (const dtype of DTYPES) {
      for (const shape of SHAPES) {
        const [rows, width, out] = shape;
        step(`${dtype} kernels, ${rows} × ${width} × ${out}`);
        const rate = await client.call({ op: 'rate', dtype, rows, in: width, out, milliseconds: RATE_MS }, { signal });
        kernels.push({ dtype, shape, gmacs: rate / 1e9 });
      }
    }
    return {
      model: url,
      dtype: info.dtype,
      load: ready,
      weight_bytes: info.weightBytes,
      capabilities: client.capabilities(),
      kernels,
      model_rates,
    };
  } finally {
    client.dispose();
  }
}
