// The worker's end of the message channel: it starts the engine and serves one request at a
// time, in order.
import { build } from '../protocol/build.js';
import { abortedError, LodestoneError, toMessage } from '../protocol/error.js';
import type { MemoryReport } from '../protocol/kernels.js';
import type { Assets, FromWorker, Request, StartMessage, ToWorker } from '../protocol/messages.js';
import { Chats } from './chat.js';
import { instantiate, type Running } from './instantiate.js';
import { call, Job } from './job.js';
import { loadFolder } from './load.js';

interface WorkerScope {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((e: MessageEvent<Exclude<ToWorker, StartMessage>>) => void) | null;
}

const scope = self as unknown as WorkerScope;
const jobs = new Map<number, Job>();
let running: Promise<Running> | null = null;
let last: Promise<void> = Promise.resolve();
let log = '';
let assets: Assets | null = null;
let chats: Chats | null = null; // those of the folder that was loaded last

/** Starts the engine and serves the messages that follow. */
export function serveEngine(start: StartMessage): void {
  scope.onmessage = ({ data }) => receive(data);
  scope.postMessage({ type: 'alive', build });
  holdLock();
  keepLog();
  assets = start.assets;
  running = instantiate(start, {
    device: (report) => scope.postMessage({ type: 'device', report }),
    lost: fatal,
    kernels: (report) => scope.postMessage({ type: 'kernels', report }),
    threads: (report) => scope.postMessage({ type: 'threads', report }),
    thread: (order) => scope.postMessage({ type: 'thread', order }),
  });
  running.then(
    (r) => void r.exited.then(() => fatal(crashed()), (e: unknown) => fatal(crashed(e))),
    (e: unknown) => fatal(e),
  );
}

function receive(data: Exclude<ToWorker, StartMessage>): void {
  switch (data.type) {
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
    case 'stepped':
      jobs.get(data.id)?.processed(data.reply);
      break;
    case 'beat':
      scope.postMessage({ type: 'beat' });
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
}

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
    return { ...report, kernelBytes: r.kernelMemory.buffer.byteLength, goBytes: r.goMemory.buffer.byteLength, gpuBytes: r.gpu.bridge?.bytes ?? 0 };
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

/** Holds a Web Lock until this worker ends, however it ends: page/supervisor.ts waits for it. */
function holdLock(): void {
  const lock = `lodestone-worker-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  // A page without a secure origin has no locks; the page then relies on the beats.
  void globalThis.navigator?.locks
    ?.request(lock, () => {
      scope.postMessage({ type: 'guarded', lock });
      return new Promise(() => {});
    })
    .catch(() => {});
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
