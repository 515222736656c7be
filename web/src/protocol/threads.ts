// The kernels' threads: how many run, and the orders and reports about their workers.

/** How many threads compute. */
export type Threads = 'auto' | number;

/** The number of threads, and why there are not more. */
export interface ThreadReport {
  threads: number;
  reason: string;
}

/** The threads to try. */
export interface ThreadPlan extends ThreadReport {
  /** True keeps them only if they turn out to be faster than one. */
  auto: boolean;
}

/** The message that starts a kernel worker. */
export interface StartThread {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** From 1 on; 0 is the engine itself. */
  index: number;
  /** The byte addresses of the words that the page sets and notifies when it makes a call. */
  awake: number;
  ticket: number;
}

/** What the engine's worker has the page do with a kernel worker: create it, let it take work, or end it. */
export type ThreadOrder = { do: 'start'; start: StartThread } | { do: 'run' | 'terminate'; index: number };

/** What became of a kernel worker: its module is ready, or it did not start or failed. */
export type ThreadState = { index: number; is: 'ready' } | { index: number; is: 'failed'; reason: string };

/** From the page to a kernel worker: what to instantiate, and then, once all are ready, to take work. */
export type ToKernelWorker = StartThread | 'run';

/** From a kernel worker to the page: its module is ready, and of which build its script is. */
export type FromKernelWorker = { is: 'ready'; build: string };
