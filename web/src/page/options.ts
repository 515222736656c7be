// The options that pipeline and from_pretrained have in common, and loading with them.
import type { Device as Runs } from '../protocol/device.js';
import { LodestoneError } from '../protocol/error.js';
import type { Kernels } from '../protocol/kernels.js';
import { type CacheMode, type LoadReply, type LoadRequest, STALL_TIMEOUT, type WeightType } from '../protocol/load.js';
import type { ProgressCallback } from '../protocol/progress.js';
import type { Threads } from '../protocol/threads.js';
import { capabilities } from './capabilities.js';
import { ADDRESS_OPTIONS, type AddressOptions, type Place, places } from './address.js';
import { type CallOptions, Client } from './client.js';
import * as check from './validate.js';

/**
 * How weights are held in memory. `auto` (the default) keeps them as the files have them.
 * `f32` (`fp32`) needs files of floats, and so does `f16` (`fp16`), which halves the memory.
 * `q8` (`int8`, `uint8`) quantises floats to 8 bits while loading. `q4` (`q4f16`) quantises
 * linear layers to 4 bits and tables to 8, from floats or from 8 bits.
 */
export type DType = keyof typeof DTYPES;

/** Where the model runs: `cpu` is `wasm`, and `gpu` is `webgpu`. */
export type Device = keyof typeof DEVICES;

export interface LoadOptions extends AddressOptions {
  dtype?: DType;
  /**
   * Where the model runs. `auto` (the default) measures the processor and the GPU once for a
   * model of this width and takes the faster; `webgpu` takes the GPU. Where there is none, or
   * where it computes wrongly, the model runs on the processor, and `capabilities()` says why.
   */
  device?: Device;
  /**
   * How many threads compute. `auto` (the default) takes as many as speed it up, at most
   * four; a number takes that many, at most eight, faster or not. A page without
   * cross-origin isolation has one thread. Results are the same to the last bit.
   */
  threads?: Threads;
  /**
   * Which kernels compute. `auto` (the default) takes the fastest that this browser runs
   * correctly. The others are for comparisons; one that cannot run is an error.
   */
  kernels?: Kernels;
  /** Called for every step of loading, first before any request. */
  progress_callback?: ProgressCallback | null;
  /** Cancels loading. */
  signal?: AbortSignal | null;
  /** After so many milliseconds without a byte from the server, a request counts as broken. The default is 30,000. */
  stall_timeout?: number;
  /** How often a broken request is sent again, with growing pauses. The default is 3; 0 sends none again. */
  retries?: number;
  /**
   * How the browser's storage is used. `default` takes the stored files that the server still
   * has, and stores the others; without a server it takes what is stored. `reload` fetches
   * all anew, `no-store` leaves the storage alone, `only-if-cached` uses no network. Files
   * that the page gives as a model need no storage. A tokenizer in the page reads what is
   * stored, and stores nothing.
   */
  cache?: CacheMode;
  /** True uses no network, as cache: 'only-if-cached' does. */
  offline?: boolean;
  /** The SHA-256 that manifest.json must have, in hexadecimal digits or as `sha256-…` in base64. A folder without one is refused. */
  integrity?: string;
}

const RETRIES = 3;

const KNOWN = ['dtype', 'device', 'threads', 'kernels', 'progress_callback', 'signal', 'stall_timeout', 'retries', 'cache', 'offline', 'integrity', ...ADDRESS_OPTIONS] as const;
const KERNELS = ['auto', 'simd128', 'relaxed', 'fused', 'fused8'] as const;
const CACHES = ['default', 'reload', 'no-store', 'only-if-cached'] as const;

/** The spellings of dtype, those of transformers.js among them, and the engine's. */
const DTYPES = {
  auto: 'auto',
  q8: 'q8',
  q4: 'q4',
  f16: 'f16',
  fp16: 'f16',
  f32: 'f32',
  fp32: 'f32',
  int8: 'q8',
  uint8: 'q8',
  q4f16: 'q4',
} as const satisfies Record<string, WeightType>;

/** The spellings of device, those of transformers.js among them, and the engine's. */
const DEVICES = { auto: 'auto', wasm: 'wasm', webgpu: 'webgpu', cpu: 'wasm', gpu: 'webgpu' } as const satisfies Record<string, Runs>;

const LEAST_BITS = "4 bits are the fewest here: the nearest is 'q4'";
const OTHER_DTYPES = { bnb4: "4 bits are in equal steps here, not those of bitsandbytes: the nearest is 'q4'", q2: LEAST_BITS, q2f16: LEAST_BITS, q1: LEAST_BITS, q1f16: LEAST_BITS };
const GPU = "the nearest is 'webgpu', the GPU that the browser offers";
const OTHER_DEVICES = {
  cuda: GPU,
  dml: GPU,
  coreml: GPU,
  webnn: GPU,
  'webnn-gpu': GPU,
  'webnn-npu': GPU,
  'webnn-cpu': "the nearest is 'wasm'",
};
/** Options of transformers.js that have no place here, and what takes it. */
const ELSEWHERE = {
  quantized: "use dtype: 'q8'",
  session_options: 'there is no ONNX session; use threads and kernels',
  use_external_data_format: 'weights in several files are found by model.safetensors.index.json',
  model_file_name: 'weights are model.safetensors, or what its index names',
  cache_dir: "the browser's storage keeps models; see the option cache",
  config: 'config.json is read from the folder; to change it, pass the files themselves as the model',
};

/** A model that is loaded. */
export interface Loaded {
  client: Client;
  info: LoadReply;
  url: string;
  progress: ProgressCallback | undefined;
}

/** The parts of a folder that a handle needs, besides config.json. */
export type Parts = Pick<LoadRequest, 'weights' | 'tokenizer' | 'head'> & Partial<Pick<LoadRequest, 'task'>>;

/** The options of a load, checked, and the places where the model may be. */
export async function loadOptions(what: string, model: unknown, options: LoadOptions | undefined) {
  const o = check.knownOptions(what, options, KNOWN, ELSEWHERE);
  if (typeof o.dtype === 'object' && o.dtype !== null) throw check.invalid(`${what}: dtype: an object; a folder has one model.safetensors and one dtype, so give its name`);
  const dtype: WeightType = DTYPES[check.oneOf(`${what}: dtype`, o.dtype, Object.keys(DTYPES) as DType[], 'auto', OTHER_DTYPES)];
  const device: Runs = DEVICES[check.oneOf(`${what}: device`, o.device, Object.keys(DEVICES) as Device[], 'auto', OTHER_DEVICES)];
  const kernels = check.oneOf(`${what}: kernels`, o.kernels, KERNELS, 'auto');
  const threads: Threads = o.threads === 'auto' ? 'auto' : (check.count(`${what}: threads`, o.threads, "'auto' or ") ?? 'auto');
  const progress = check.callback(`${what}: progress_callback`, o.progress_callback);
  const signal = check.abortSignal(`${what}: signal`, o.signal);
  const stallTimeout = check.count(`${what}: stall_timeout`, o.stall_timeout) ?? STALL_TIMEOUT;
  const retries = check.whole(`${what}: retries`, o.retries, 100) ?? RETRIES;
  const cache = check.oneOf(`${what}: cache`, o.cache, CACHES, 'default');
  const offline = check.boolean(`${what}: offline`, o.offline, false);
  const integrity = check.sha256(`${what}: integrity`, o.integrity);
  const anew = cache === 'reload' || cache === 'no-store';
  if (offline && anew) throw check.invalid(`${what}: offline: true with cache: '${cache}', which needs the network; leave one of them out`);
  const candidates = await places(what, model, o);
  if (anew && candidates.every((place) => place.storedOnly)) {
    throw check.invalid(`${what}: local_files_only: true with cache: '${cache}', which needs the network; leave one of them out`);
  }
  const here = capabilities();
  if (here.kernels === 'none') throw new LodestoneError('unsupported_browser', `engine: ${here.reasons.kernels}`);
  return { dtype, device, kernels, threads, progress, signal, stallTimeout, retries, cache: offline ? 'only-if-cached' : cache, integrity, candidates } as const;
}

/** The request for the parts of a folder that is in one place. */
export function loadRequest(
  { dtype, device, stallTimeout, retries, cache, integrity }: Pick<LoadRequest, 'dtype' | 'device' | 'stallTimeout' | 'retries' | 'cache' | 'integrity'>,
  parts: Parts,
  { url, files, token, storedOnly }: Place,
): LoadRequest {
  return { op: 'load', url, files, token, dtype, device, task: '', ...parts, stallTimeout, retries, cache: storedOnly ? 'only-if-cached' : cache, integrity };
}

/** Loads from the first place that has the model. */
export async function firstOf<T>(candidates: readonly Place[], load: (place: Place) => Promise<T>): Promise<T> {
  const [first, ...rest] = candidates as [Place, ...Place[]];
  try {
    return await load(first);
  } catch (e) {
    if (rest.length > 0 && isMissing(e)) return firstOf(rest, load);
    throw e;
  }
}

/** Checks the options, then loads the parts of a folder. */
export async function loadWith(what: string, model: unknown, options: LoadOptions | undefined, parts: Parts): Promise<Loaded> {
  const o = await loadOptions(what, model, options);
  const { kernels, threads, progress, signal, candidates } = o;
  const wanted = ['config.json', ...(parts.tokenizer ? ['tokenizer.json'] : []), ...(parts.weights ? ['model.safetensors'] : [])];
  return firstOf(candidates, async (place) => {
    const { url } = place;
    for (const file of wanted) progress?.({ status: 'initiate', name: url, file });
    const call: CallOptions = { signal, progress };
    const { client, info } = await Client.load(loadRequest(o, parts, place), parts.weights ? threads : 1, kernels, call);
    return { client, info, url, progress };
  });
}

/** Whether a folder has no config.json. */
function isMissing(e: unknown): boolean {
  if (!(e instanceof LodestoneError) || e.details['file'] !== 'config.json') return false;
  return e.code === 'html_instead_of_model' || e.details['status'] === 404 || e.details['status'] === 410;
}
