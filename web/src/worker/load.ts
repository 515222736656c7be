// Loading a model folder. All requests start at once. The Go program gets the small files
// whole and reads the weights through streams.
import { type ErrorCode, type ErrorMessage, LodestoneError } from '../protocol/error.js';
import type { LoadReply, LoadRequest, LoadTimings } from '../protocol/load.js';
import type { ProgressCallback } from '../protocol/progress.js';
import { FolderStore } from '../storage/folder-store.js';
import { Folder, isMissing } from './fetch.js';
import type { Running } from './instantiate.js';
import { call, type Job } from './job.js';
import { LoadCache } from './load-cache.js';
import { clock } from './patience.js';
import { ProgressMeter } from './progress-meter.js';
import type { ByteStream } from './stream.js';

const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const MiB = 1 << 20;
const GENERATES: ReadonlySet<string> = new Set(['causal-lm', 'seq2seq-lm']);

/** The small files, which are stored like the weights. */
const STORED = ['config.json', 'tokenizer.json', 'generation_config.json', INDEX];
/** The codes of errors that other bytes of the files could mend. */
const FILE_CODES: ReadonlySet<ErrorCode> = new Set([
  ...(['not_safetensors', 'truncated', 'header_too_large', 'tensor_overlap', 'unsupported_dtype', 'missing_tensor', 'wrong_shape', 'invalid_weight'] as const),
  ...(['config_invalid', 'config_unsupported', 'tokenizer_invalid', 'tokenizer_unsupported', 'manifest_invalid', 'integrity', 'internal'] as const),
]);

/** A weights file as the Go program sees it; ByteStream describes the methods. */
interface WeightsFile {
  name: string;
  size: number;
  read(n: number): Uint8Array | Promise<Uint8Array>;
  fill(at: number, n: number): number | Promise<number>;
  park(): Promise<void>;
  finish(): Promise<number>;
}

/** Loads a folder. If stored files turn out to be damaged, they are removed and it loads once more. */
export async function loadFolder(request: LoadRequest, job: Job, running: Promise<Running>, emit: ProgressCallback): Promise<LoadReply> {
  const offline = request.cache === 'only-if-cached';
  const whole = async (cache: LoadCache | null): Promise<LoadReply> => {
    const attempt = (): Promise<LoadReply> => loadOnce(request, job, running, emit, cache);
    try {
      return await attempt();
    } catch (e) {
      const used = cache?.used ?? [];
      if (job.aborted || !isFileError(e)) {
        cache?.close();
        throw e;
      }
      await cache?.clear();
      if (used.length === 0 || offline) throw e;
      const reason = `what was stored of ${used.join(', ')} is damaged, or of another version: ${e.message}`;
      emit({ status: 'retry', name: request.url, file: used[0]!, reason, repetition: 1, retries: 1, wait: 0 });
      return await attempt();
    }
  };
  const cache = await openCache(request);
  if (!cache || offline || cache.has('config.json')) return whole(cache);
  // Another tab may store the folder in the meantime, so the storage is opened again.
  return alone(`lodestone-cache ${request.url}`, job.controller.signal, request.stallTimeout, async () => whole(await openCache(request)));
}

/** The browser's storage for the folder of a request; null if it is not used. Files that a page gives need none. */
export async function openCache({ url, files, cache }: LoadRequest): Promise<LoadCache | null> {
  const store = files || cache === 'no-store' ? null : await FolderStore.open(url);
  return store && new LoadCache(store, cache);
}

/** Whether an error is one of the files, so that other bytes could help. */
function isFileError(e: unknown): e is ErrorMessage {
  const code = typeof e === 'object' && e !== null && 'code' in e ? e.code : '';
  return FILE_CODES.has(code as ErrorCode);
}

/**
 * Runs while no other tab loads the same folder, so that it is fetched once. After ms
 * milliseconds it runs anyway: the other tab may sleep.
 */
async function alone<T>(name: string, signal: AbortSignal, ms: number, run: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return run();
  const waiting = new AbortController();
  const stop = (): void => waiting.abort();
  const cancel = clock.after(ms, stop);
  signal.addEventListener('abort', stop);
  let began = false;
  try {
    return await locks.request(name, { signal: waiting.signal }, () => {
      began = true;
      return run();
    });
  } catch (e) {
    if (began || signal.aborted) throw e;
    return await run();
  } finally {
    cancel();
    signal.removeEventListener('abort', stop);
  }
}

async function loadOnce(request: LoadRequest, job: Job, running: Promise<Running>, emit: ProgressCallback, cache: LoadCache | null): Promise<LoadReply> {
  const began = performance.now();
  const meter = new ProgressMeter(request.url, emit);
  const downloads = new AbortController();
  const stop = (): void => downloads.abort();
  if (job.aborted) stop();
  job.controller.signal.addEventListener('abort', stop);
  const folder = new Folder(request, downloads.signal, meter, cache);
  try {
    const single = request.weights ? folder.stream(WEIGHTS) : null;
    const opened = single?.start().then(
      () => true,
      (e: unknown) => {
        if (job.aborted) throw e;
        return e; // the weights may be in shards, or a cache may hold only those
      },
    );
    const started = running.then(() => performance.now());
    started.catch(() => {}); // what awaits running gets this error
    const configText = folder.bytes('config.json', { limit: MiB, tooLarge: 'config_invalid' });
    const small = Promise.all([
      manifest(folder, request.integrity),
      configText,
      request.tokenizer ? folder.bytes('tokenizer.json', { limit: 64 * MiB, tooLarge: 'tokenizer_invalid', missing: 'tokenizer_missing' }) : null,
      GENERATES.has(request.head) ? folder.bytes('generation_config.json', { limit: MiB, tooLarge: 'config_invalid', optional: true }) : null,
    ]);
    const arrived = small.then(() => performance.now());
    arrived.catch(() => {});
    const [[manifestText, config, tokenizer, generation], first, r] = await Promise.all([small, opened, running]).catch(async (e: unknown) => {
      if (isMissing(e)) await configText; // if all files are missing, the error names config.json
      throw e;
    });
    const streams = single === null ? [] : first === true ? [single] : await shards(folder, r, job, first);
    await r.gpu.choose(r.engine, request, config!, job);
    const files = streams.map((s) => weightsFile(s, r.kernelMemory));
    const sent = performance.now();
    const sizes = (size: number, file: string): void => meter.size(file, size);
    const reply = (await call(r.engine, 'load', { manifest: manifestText, config, tokenizer, generation, files, dtype: request.dtype, head: request.head, task: request.task, sizes }, job)) as LoadReply & { parsed: number };
    const { parsed, ...info } = reply;
    const ended = performance.now();
    if (cache) {
      const sums = new Map(await Promise.all([...STORED, ...streams.map((s) => s.name)].map(async (f) => [f, await folder.listed(f)] as const)));
      await cache.commit((file) => sums.get(file) ?? null);
    }
    const timings: LoadTimings = {
      engine: await started, // the clock of a worker starts with the worker
      files: (await arrived) - began,
      parse: parsed,
      weights: request.weights ? ended - sent - parsed : 0,
    };
    return { ...info, config: new TextDecoder().decode(config!), timings };
  } catch (e) {
    downloads.abort();
    throw e;
  } finally {
    job.controller.signal.removeEventListener('abort', stop);
  }
}

/** manifest.json, if it is the one that the page pins. */
async function manifest(folder: Folder, integrity: string): Promise<Uint8Array | null> {
  const text = await folder.manifest();
  if (integrity === '') return text;
  const refuse = (found: string): LodestoneError =>
    new LodestoneError('integrity', `fetch: ${found}, expected a manifest.json with the SHA-256 ${integrity} (option integrity); the folder is not the one that the page pins`, { file: 'manifest.json' });
  if (text === null) throw refuse(`${folder.shown} has no manifest.json`);
  if (!globalThis.crypto?.subtle) throw refuse('this page is not on a secure origin, where browsers can compute SHA-256');
  const sum = Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', text as Uint8Array<ArrayBuffer>)), (b) => b.toString(16).padStart(2, '0')).join('');
  if (sum !== integrity) throw refuse(`manifest.json of ${folder.shown} has the SHA-256 ${sum}`);
  return text;
}

/** The streams of weights in several files. `missing` is the error of model.safetensors. */
async function shards(folder: Folder, r: Running, job: Job, missing: unknown): Promise<ByteStream[]> {
  const index = await folder.bytes(INDEX, { limit: 16 * MiB, tooLarge: 'not_safetensors', optional: true }).catch((e: unknown) => {
    throw isMissing(missing) ? e : missing;
  });
  if (index === null) throw missing;
  const names = (await call(r.engine, 'shards', { index }, job)) as string[];
  if (names.length === 0) throw new LodestoneError('not_safetensors', `fetch: ${INDEX} of ${folder.shown} names no file`);
  return names.map((name) => folder.stream(name));
}

function weightsFile(s: ByteStream, memory: WebAssembly.Memory): WeightsFile {
  return {
    name: s.name,
    size: s.size,
    read: (n) => s.read(n),
    fill: (at, n) => s.fill(memory, at, n),
    park: () => s.park(),
    finish: () => s.finish(),
  };
}
