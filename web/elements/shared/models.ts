// Pipelines that elements share: one worker for a task and a model, however many elements
// use it. It ends when the last one leaves.
import { Captured, clearTimer, push, setTimer } from './captured.js';
import type { Pipelines, ProgressEvent } from '../../src/index.js';

type Task = 'token-classification' | 'translation' | 'feature-extraction';
type Listener = (share: number) => void;

interface Entry {
  key: string;
  users: number;
  timer: number;
  stop: AbortController;
  listeners: Listener[];
  loading: Promise<Pipelines[Task]>;
}

/** A pipeline in use; `release` it once. */
export interface Lease<T extends Task> {
  run: Pipelines[T];
  release(): void;
}

export interface LeaseOptions {
  signal: AbortSignal;
  /** Gets the share of the model that is loaded, 0 to 1. */
  progress?: Listener;
  /** The most bytes that the model's files may have. */
  limit?: number;
}

const entries: (Entry | null)[] = [];

/** How long a model stays when nobody uses it: an element that moves leaves and enters at once. */
const LINGER_MS = 2000;

/** Loads a pipeline, or shares one that is loaded or loading. */
export async function lease<T extends Task>(task: T, model: string, { signal, progress, limit = Infinity }: LeaseOptions): Promise<Lease<T>> {
  signal.throwIfAborted();
  const entry = find(task, model, limit);
  entry.users++;
  clearTimer(entry.timer);
  if (progress) push(entry.listeners, progress);
  let released = false;
  const release = (): void => {
    if (released) return;
    released = true;
    if (--entry.users === 0) entry.timer = setTimer(() => end(entry), LINGER_MS);
  };
  try {
    const run = (await withSignal(entry.loading, signal)) as Pipelines[T];
    return { run, release };
  } catch (error) {
    release();
    if (entry.users === 0) end(entry);
    throw error;
  }
}

function find(task: Task, model: string, limit: number): Entry {
  const key = `${task} ${model}`;
  for (let i = 0; i < entries.length; i++) if (entries[i]?.key === key) return entries[i]!;
  const stop = new Captured.AbortController();
  const entry: Entry = { key, users: 0, timer: 0, stop, listeners: [], loading: load(task, model, stop, limit, (share) => {
    for (let i = 0; i < entry.listeners.length; i++) entry.listeners[i]!(share);
  }) };
  entry.loading.catch(() => forget(entry));
  push(entries, entry);
  return entry;
}

async function load(task: Task, model: string, stop: AbortController, limit: number, report: Listener): Promise<Pipelines[Task]> {
  const { pipeline } = await import('../../src/index.js');
  const progress_callback = (e: ProgressEvent): void => {
    if (e.status !== 'progress_total') return;
    if (e.total > limit) stop.abort(Object.assign(new Error(`the model has ${e.total} bytes, the budget is ${limit}`), { code: 'over_budget' }));
    if (e.total) report(e.loaded / e.total);
  };
  return await pipeline(task, model, { signal: stop.signal, progress_callback });
}

function end(entry: Entry): void {
  if (entry.users > 0) return;
  forget(entry);
  entry.stop.abort();
  entry.loading.then((run) => run.dispose()).catch(() => {}); // a load that failed has nothing to end
}

function forget(entry: Entry): void {
  for (let i = 0; i < entries.length; i++) if (entries[i] === entry) entries[i] = null;
}

/** A promise, or the signal's reason if that comes first. */
function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    promise.then(resolve, reject);
  });
}
