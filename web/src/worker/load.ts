// Loading a model folder. All requests start at once. The Go program gets the small files
// whole and reads the weights through streams.
import { LodestoneError } from '../protocol/error.js';
import type { LoadReply, LoadRequest, LoadTimings } from '../protocol/load.js';
import type { ProgressCallback } from '../protocol/progress.js';
import { Folder, isMissing } from './fetch.js';
import type { Running } from './instantiate.js';
import { call, type Job } from './job.js';
import { ProgressMeter } from './progress-meter.js';
import type { ByteStream } from './stream.js';

const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const MiB = 1 << 20;
const GENERATES: ReadonlySet<string> = new Set(['causal-lm', 'seq2seq-lm']);

/** A weights file as the Go program sees it; ByteStream describes the methods. */
interface WeightsFile {
  name: string;
  size: number;
  read(n: number): Uint8Array | Promise<Uint8Array>;
  fill(at: number, n: number): number | Promise<number>;
  park(): Promise<void>;
  finish(): Promise<number>;
}

export async function loadFolder(request: LoadRequest, job: Job, running: Promise<Running>, emit: ProgressCallback): Promise<LoadReply> {
  const began = performance.now();
  const meter = new ProgressMeter(request.url, emit);
  const folder = new Folder(request, job.controller.signal, meter);
  try {
    const single = request.weights ? folder.stream(WEIGHTS) : null;
    const opened = single?.start().then(
      () => true,
      (e: unknown) => {
        if (isMissing(e)) return e; // the weights may be in shards
        throw e;
      },
    );
    const started = running.then(() => performance.now());
    started.catch(() => {}); // what awaits running gets this error
    const configText = folder.bytes('config.json', { limit: MiB, tooLarge: 'config_invalid' });
    const small = Promise.all([
      folder.bytes('manifest.json', { limit: MiB, tooLarge: 'manifest_invalid', optional: true }),
      configText,
      request.tokenizer ? folder.bytes('tokenizer.json', { limit: 64 * MiB, tooLarge: 'tokenizer_invalid', missing: 'tokenizer_missing' }) : null,
      GENERATES.has(request.head) ? folder.bytes('generation_config.json', { limit: MiB, tooLarge: 'config_invalid', optional: true }) : null,
    ]);
    const arrived = small.then(() => performance.now());
    arrived.catch(() => {});
    const [[manifest, config, tokenizer, generation], first, r] = await Promise.all([small, opened, running]).catch(async (e: unknown) => {
      if (isMissing(e)) await configText; // if all files are missing, the error names config.json
      throw e;
    });
    const streams = single === null ? [] : first === true ? [single] : await shards(folder, r, job, first);
    const files = streams.map((s) => weightsFile(s, r.kernelMemory));
    const sent = performance.now();
    const sizes = (size: number, file: string): void => meter.size(file, size);
    const reply = (await call(r.engine, 'load', { manifest, config, tokenizer, generation, files, dtype: request.dtype, head: request.head, task: request.task, sizes }, job)) as LoadReply & { parsed: number };
    const { parsed, ...info } = reply;
    const ended = performance.now();
    const timings: LoadTimings = {
      engine: await started, // the clock of a worker starts with the worker
      files: (await arrived) - began,
      parse: parsed,
      weights: request.weights ? ended - sent - parsed : 0,
    };
    return { ...info, config: new TextDecoder().decode(config!), timings };
  } catch (e) {
    job.controller.abort(); // the other downloads
    throw e;
  }
}

/** The streams of weights in several files. `missing` is the error of model.safetensors. */
async function shards(folder: Folder, r: Running, job: Job, missing: unknown): Promise<ByteStream[]> {
  const index = await folder.bytes(INDEX, { limit: 16 * MiB, tooLarge: 'not_safetensors', optional: true });
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
