// A kernel worker: it computes tiles of matrices in a memory that it shares with the engine's
// worker. The page starts it (page/kernel-workers.ts) on an order of the engine's worker
// (thread-pool.ts).
import type { FromKernelWorker, StartThread } from '../protocol/thread-orders.js';
import type { SharedKernels } from './thread-pool.js';

interface WorkerScope {
  postMessage(message: FromKernelWorker): void;
  onmessage: (() => void) | null;
}

/** Instantiates the kernels, and takes work from the next message on, which is 'run'. */
export async function serveThread({ module, memory, index }: StartThread): Promise<void> {
  const scope = self as unknown as WorkerScope;
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const kernels = instance.exports as unknown as SharedKernels;
  scope.onmessage = () => {
    kernels.thread_ready();
    work();
  };
  scope.postMessage('ready');

  function work(): void {
    try {
      kernels.thread_main(index); // returns after a while without work
    } catch (e) {
      kernels.thread_failed(); // otherwise the engine would wait for this tile forever
      throw e;
    }
    setTimeout(work); // lets the event loop turn, so that every browser can terminate the worker
  }
}
