// The options that pipeline and from_pretrained have in common, and loading with them.
import type { Device } from '../protocol/device.js';
import { LodestoneError } from '../protocol/error.js';
import type { Kernels } from '../protocol/kernels.js';
import { type CacheMode, type LoadReply, type LoadRequest, STALL_TIMEOUT, type WeightType } from '../protocol/load.js';
import type { ProgressCallback } from '../protocol/progress.js';
import type { Threads } from '../protocol/threads.js';
import { capabilities } from './capabilities.js';
import { type CallOptions, Client } from './client.js';
import { modelURL } from './env.js';
import * as check from './validate.js';

export type { Device };

/**
 * How weights are held in memory. `auto` (the default) keeps them as the files have them.
 * `f32` (`fp32`) needs files of floats, and so does `f16` (`fp16`), which halves the memory.
 * `q8` quantises floats to 8 bits while loading. `q4` quantises linear layers to 4 bits and
 * tables to 8, from floats or from 8 bits.
 */
export type DType = 'auto' | 'f32' | 'fp32' | 'f16' | 'fp16' | 'q8' | 'q4';


export interface LoadOptions {
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
   * all anew, `no-store` leaves the storage alone, `only-if-cached` uses no network.
   */
  cache?: CacheMode;
  /** True uses no network, as cache: 'only-if-cached' does. */
  offline?: boolean;
  /** The SHA-256 that manifest.json must have, in hexadecimal digits or as `sha256-…` in base64. A folder without one is refused. */
  integrity?: string;
}

const RETRIES = 3;

const KNOWN = ['dtype', 'device', 'threads', 'kernels', 'progress_callback', 'signal', 'stall_timeout', 'retries', 'cache', 'offline', 'integrity'] as const;
const DTYPES = ['auto', 'q8', 'q4', 'f16', 'fp16', 'f32', 'fp32'] as const;
const KERNELS = ['auto', 'simd128', 'relaxed', 'fused', 'fused8'] as const;
const CACHES = ['default', 'reload', 'no-store', 'only-if-cached'] as const;
const DEVICES = ['auto', 'wasm', 'webgpu'] as const;

/** A model that is loaded. */
export interface Loaded {
  client: Client;
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
  const device = check.oneOf(`${what}: device`, o.device, DEVICES, 'auto');
  const kernels = check.oneOf(`${what}: kernels`, o.kernels, KERNELS, 'auto');
  const threads = o.threads === 'auto' ? 'auto' : (check.count(`${what}: threads`, o.threads, "'auto' or ") ?? 'auto');
  const progress = check.callback(`${what}: progress_callback`, o.progress_callback);
  const signal = check.abortSignal(`${what}: signal`, o.signal);
  const stallTimeout = check.count(`${what}: stall_timeout`, o.stall_timeout) ?? STALL_TIMEOUT;
  const retries = check.whole(`${what}: retries`, o.retries, 100) ?? RETRIES;
  const cache = check.oneOf(`${what}: cache`, o.cache, CACHES, 'default');
  const offline = check.boolean(`${what}: offline`, o.offline, false);
  if (offline && (cache === 'reload' || cache === 'no-store')) throw check.invalid(`${what}: offline: true with cache: '${cache}', which needs the network; leave one of them out`);
  const integrity = check.sha256(`${what}: integrity`, o.integrity);
  const url = modelURL(model);
  const here = capabilities();
  if (here.kernels === 'none') throw new LodestoneError('unsupported_browser', `engine: ${here.reasons.kernels}`);

  const wanted = ['config.json', ...(parts.tokenizer ? ['tokenizer.json'] : []), ...(parts.weights ? ['model.safetensors'] : [])];
  for (const file of wanted) progress?.({ status: 'initiate', name: url, file });
  const call: CallOptions = { signal, progress };
  const type: WeightType = dtype === 'fp32' ? 'f32' : dtype === 'fp16' ? 'f16' : dtype;
  const { client, info } = await Client.load({ op: 'load', url, dtype: type, device, ...parts, stallTimeout, retries, cache: offline ? 'only-if-cached' : cache, integrity }, parts.weights ? threads : 1, kernels, call);
  return { client, info, url, progress };
}
