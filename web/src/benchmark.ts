// How fast this browser is: its kernels and a whole model, in some ten seconds.
import type { Capabilities } from './capabilities.js';
import { abortedError } from './error.js';
import { DEFAULT_MODEL } from './env.js';
import { type LoadOptions, loadWith } from './options.js';
import type { LoadReply } from './protocol.js';
import * as check from './validate.js';

export interface BenchmarkOptions extends Omit<LoadOptions, 'device'> {
  /** Hears what is measured and how far it has come. */
  on_measure?: ((progress: BenchmarkProgress) => void) | null;
}

/** One step of a benchmark; `done` of `total` steps lie behind. */
export interface BenchmarkProgress {
  step: string;
  done: number;
  total: number;
}

/** The rate of linear layers, which are most of a transformer's work. */
export interface KernelRate {
  dtype: 'q8' | 'q4' | 'f32';
  /** Rows, inputs and outputs of the layer. */
  shape: readonly [number, number, number];
  /** 10⁹ multiply-adds a second, in the fastest round. */
  gmacs: number;
}

/** The time from texts to vectors, tokenising and the way into the worker and back included. */
export interface ModelRate {
  texts: number;
  /** Of all texts together, special tokens included. */
  tokens: number;
  /** Milliseconds of a call: the median and the shortest. */
  median: number;
  shortest: number;
  calls: number;
}

export interface BenchmarkResult {
  /** The address of the model, and how its weights were held. */
  model: string;
  dtype: LoadReply['dtype'];
  /** Milliseconds until the model was ready; the browser may have had its files. */
  load: number;
  weight_bytes: number;
  /** What ran, and why. */
  capabilities: Capabilities;
  kernels: KernelRate[];
  model_rates: ModelRate[];
  /** When it was measured, in ISO 8601, and in which browser. */
  date: string;
  user_agent: string;
}

const DTYPES = ['q8', 'f32', 'q4'] as const;
const SHAPES = [
  [64, 384, 1536], // a sentence through the feed-forward of a small model
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
 * Measures this browser: loads a model, times the kernels and then calls of the model.
 * It takes about ten seconds, in a worker; the page stays usable. Other load on the
 * machine makes the numbers worse: the shortest times are the least disturbed.
 *
 * @param model the address of a folder for feature extraction
 * @throws LodestoneError
 */
export async function benchmark(model: string = DEFAULT_MODEL, options?: BenchmarkOptions): Promise<BenchmarkResult> {
  const { on_measure, ...load } = check.knownOptions('benchmark', options, ['dtype', 'threads', 'kernels', 'progress_callback', 'signal', 'on_measure']) as BenchmarkOptions;
  const tell = check.callback('benchmark: on_measure', on_measure);
  const signal = check.abortSignal('benchmark: signal', load.signal);
  const began = performance.now();
  const { engine, info, url } = await loadWith('benchmark', model, load, { tokenizer: true, weights: true, head: '' });
  try {
    const ready = performance.now() - began;
    const total = DTYPES.length * SHAPES.length + WORKLOADS.length;
    let done = 0;
    const step = (name: string): void => {
      if (signal?.aborted) throw abortedError('benchmark');
      tell?.({ step: name, done: done++, total });
    };

    // The model first: its calls bring the threads up, which join a little after the first.
    const model_rates: ModelRate[] = [];
    for (const { texts: n, repeat } of WORKLOADS) {
      const texts = Array<string>(n).fill(SENTENCE.repeat(repeat).trim());
      const encoded = await engine.call({ op: 'encode', texts, pairs: null, addSpecial: true, parseSpecial: false, maxLength: info.maxLength }, { signal });
      const tokens = encoded.lengths.reduce((a, b) => a + b, 0);
      step(`${n === 1 ? 'a text' : `${n} texts`} of ${tokens / n} tokens`);
      const run = () => engine.call({ op: 'features', texts, pooling: 'mean', normalize: true }, { signal });
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
        const rate = await engine.call({ op: 'rate', dtype, rows, in: width, out, milliseconds: RATE_MS }, { signal });
        kernels.push({ dtype, shape, gmacs: rate / 1e9 });
      }
    }
    tell?.({ step: 'done', done: total, total });
    return {
      model: url,
      dtype: info.dtype,
      load: ready,
      weight_bytes: info.weightBytes,
      capabilities: engine.capabilities(),
      kernels,
      model_rates,
      date: new Date().toISOString(),
      user_agent: navigator.userAgent,
    };
  } finally {
    engine.dispose();
  }
}
