// The options that pipeline and from_pretrained have in common.
import { capabilities } from './capabilities.js';
import { type CallOptions, Engine } from './engine.js';
import { modelURL } from './env.js';
import { LodestoneError } from './error.js';
import type { ProgressCallback } from './progress.js';
import type { LoadReply, LoadRequest, WeightType } from './protocol.js';
import type { Kernels } from './kernels.js';
import type { Threads } from './threads.js';
import * as check from './validate.js';

/**
 * How weights are held: `auto` (the default) as the files have them. `f32` (`fp32`) takes
 * files of floats alone, and so does `f16` (`fp16`), which holds them in half the memory. `q8` quantises floats to 8 bits while loading, `q4` linear layers to
 * 4 bits (and tables to 8), floats and 8 bits alike.
 */
export type DType = 'auto' | 'f32' | 'fp32' | 'f16' | 'fp16' | 'q8' | 'q4';

/** Where the model runs; `auto` is the best that there is. */
export type Device = 'auto' | 'wasm';

export interface LoadOptions {
  dtype?: DType;
  device?: Device;
  /**
   * How many threads compute: `auto` (the default) takes as many as make it faster, up to
   * four; a number takes that many, at most eight, fast or not. A page without cross-origin
   * isolation has one. Results are the same, to the last bit.
   */
  threads?: Threads;
  /**
   * Which kernels compute: `auto` (the default) takes the fastest that this browser runs
   * rightly. The others are for comparing; one that cannot run is an error.
   */
  kernels?: Kernels;
  /** Called for every step; its first call comes before anything is fetched. */
  progress_callback?: ProgressCallback | null;
  /** Cancels loading. */
  signal?: AbortSignal | null;
}

const KNOWN = ['dtype', 'device', 'threads', 'kernels', 'progress_callback', 'signal'] as const;
const DTYPES = ['auto', 'q8', 'q4', 'f16', 'fp16', 'f32', 'fp32'] as const;
const KERNELS = ['auto', 'simd128', 'relaxed', 'fused', 'fused8'] as const;
const DEVICES = ['auto', 'wasm'] as const;

export interface Loaded {
  engine: Engine;
  info: LoadReply;
  url: string;
  progress: ProgressCallback | undefined;
}

/** The parts of a folder that a handle needs, besides config.json. */
export type Parts = Pick<LoadRequest, 'weights' | 'tokenizer' | 'head'>;

/** Checks the options, then loads the parts of a folder. */
export async function loadWith(what: string, model: unknown, options: LoadOptions | undefined, parts: Parts): Promise<Loaded> {
  const o = check.knownOptions(what, options, KNOWN);
  const dtype = check.oneOf(`${what}: dtype`, o.dtype, DTYPES, 'auto');
  check.oneOf(`${what}: device`, o.device, DEVICES, 'auto');
  const kernels = check.oneOf(`${what}: kernels`, o.kernels, KERNELS, 'auto');
  const threads = o.threads === 'auto' ? 'auto' : (check.count(`${what}: threads`, o.threads, "'auto' or ") ?? 'auto');
  const progress = check.callback(`${what}: progress_callback`, o.progress_callback);
  const signal = check.abortSignal(`${what}: signal`, o.signal);
  const url = modelURL(model);
  if (capabilities().kernels === 'none') throw new LodestoneError('unsupported_browser', `engine: ${capabilities().reasons.kernels}`);

  const wanted = ['config.json', ...(parts.tokenizer ? ['tokenizer.json'] : []), ...(parts.weights ? ['model.safetensors'] : [])];
  for (const file of wanted) progress?.({ status: 'initiate', name: url, file });
  const call: CallOptions = { signal, progress };
  const type: WeightType = dtype === 'fp32' ? 'f32' : dtype === 'fp16' ? 'f16' : dtype;
  const { engine, info } = await Engine.load({ op: 'load', url, dtype: type, ...parts }, parts.weights ? threads : 1, kernels, call);
  return { engine, info, url, progress };
}
