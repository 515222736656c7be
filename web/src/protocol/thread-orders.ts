// The orders and reports about kernel workers, and the messages that they get and send.

// The types of WebAssembly, where they are declared: those of Node.js lack them.
type Declared<N extends string> = typeof globalThis extends { WebAssembly: Record<N, { prototype: infer T }> } ? T : object;

/** The message that starts a kernel worker. */
export interface StartThread {
  type: 'start-thread';
  module: Declared<'Module'>;
  memory: Declared<'Memory'>;
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

/** From a kernel worker to the page: its module is ready. */
export type FromKernelWorker = 'ready';
