// The worker's end of the message channel: it starts the engine and serves one request at a
// time, in order.
import 'go/wasm_exec';
import { abortedError, LodestoneError, toMessage } from '../protocol/error.js';
import type { MemoryReport } from '../protocol/kernels.js';
import type { Assets, FromWorker, Request, ToWorker } from '../protocol/messages.js';
import { Chats } from './chat.js';
import { instantiate, type Running } from './instantiate.js';
import { call, Job } from './job.js';
import { loadFolder } from './load.js';

interface WorkerScope {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((e: MessageEvent<ToWorker>) => void) | null;
}

const scope = self as unknown as WorkerScope;
const jobs = new Map<number, Job>();
let running: Promise<Running> | null = null;
let last: Promise<void> = Promise.resolve();
let log = '';
let assets: Assets | null = null;
let chats: Chats | null = null; // those of the folder that was loaded last

scope.onmessage = ({ data }) => {
  switch (data.type) {
    case 'start':
      assets = data.assets;
      running = instantiate(data, {
        kernels: (report) => scope.postMessage({ type: 'kernels', report }),
        threads: (report) => scope.postMessage({ type: 'threads', report }),
        thread: (order) => scope.postMessage({ type: 'thread', order }),
      });
      running.then(
        (r) => void r.exited.then(() => fatal(crashed()), (e: unknown) => fatal(crashed(e))),
        (e: unknown) => fatal(e),
      );
      break;
    case 'thread':
      void running?.then((r) => r.threads?.receive(data.state), () => {});
      break;
    case 'abort':
      jobs.get(data.id)?.abort();
      break;
    case 'interrupt': {
      const job = jobs.get(data.id);
      if (job) job.interrupted = true;
      break;
    }
    case 'logits':
      jobs.get(data.id)?.processed(data.logits);
      break;
    case 'request': {
      const { id, request } = data;
      const job = new Job({
        tokens: (tokens) => scope.postMessage({ type: 'tokens', id, tokens }),
        step: (step) => scope.postMessage({ type: 'step', id, step }, buffers(step)),
      });
      jobs.set(id, job);
      last = last.then(() => serve(id, request, job));
      break;
    }
  }
};

scope.postMessage({ type: 'alive' });
keepLog();

async function serve(id: number, request: Request, job: Job): Promise<void> {
  try {
    if (!running) throw new Error('a request came before the start message');
    const value = await perform(id, request, job, running);
    job.flush();
    scope.postMessage({ type: 'result', id, value }, buffers(value));
  } catch (e) {
    const stopped = job.aborted || (e instanceof DOMException && e.name === 'AbortError');
    scope.postMessage({ type: 'error', id, error: toMessage(stopped ? abortedError(`engine: ${request.op}`) : e) });
  } finally {
    jobs.delete(id);
    if (jobs.size === 0) void running?.then((r) => r.threads?.settle(), () => {});
  }
}

async function perform(id: number, request: Request, job: Job, running: Promise<Running>): Promise<unknown> {
  if (request.op === 'load') {
    chats = new Chats(request, assets?.chat ?? '');
    return loadFolder(request, job, running, (event) => scope.postMessage({ type: 'progress', id, event }));
  }
  const r = await running;
  if (request.op === 'chat') return (await chats!.open(r, job))(request);
  if (request.op === 'memory') {
    const report = (await call(r.engine, 'memory', request, job)) as MemoryReport;
    return { ...report, kernelBytes: r.kernelMemory.buffer.byteLength, goBytes: r.goMemory.buffer.byteLength };
  }
  return call(r.engine, request.op, request, job);
}

/** The buffers of the typed arrays of a reply, which are transferred instead of copied. */
function buffers(value: unknown): Transferable[] {
  if (typeof value !== 'object' || value === null) return [];
  const found = new Set<ArrayBuffer>();
  for (const v of Object.values(value)) if (ArrayBuffer.isView(v)) found.add(v.buffer as ArrayBuffer);
  return [...found];
}

function fatal(e: unknown): void {
  scope.postMessage({ type: 'fatal', error: toMessage(e) });
}

function crashed(e?: unknown): LodestoneError {
  const why = log.trim().split('\n')[0] || (e instanceof Error ? e.message : '') || 'the program exited';
  return new LodestoneError('engine_crashed', `engine: the engine ended (${why}); the next call starts a new one`, { log: log.slice(-4096) });
}

/** Keeps what the Go program prints; it prints only when it fails. */
function keepLog(): void {
  const decoder = new TextDecoder();
  const fs = (globalThis as unknown as { fs: { writeSync(fd: number, p: Uint8Array): number } }).fs;
  fs.writeSync = (_fd, p) => {
    log = (log + decoder.decode(p)).slice(0, 16384);
    return p.length;
  };
}
