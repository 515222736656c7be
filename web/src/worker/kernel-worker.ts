// A kernel worker: it computes tiles of matrices in a memory that it shares with the engine's
// worker. The page starts it (page/kernel-workers.ts) on an order of the engine's worker
// (thread-pool.ts).
import { build } from '../protocol/build.js';
import type { FromKernelWorker, ToKernelWorker } from '../protocol/threads.js';
import type { SharedKernels } from './thread-pool.js';

interface WorkerScope {
  postMessage(message: FromKernelWorker): void;
  onmessage: ((e: MessageEvent<ToKernelWorker>) => void) | null;
}

const scope = self as unknown as WorkerScope;

scope.onmessage = async ({ data }) => {
  if (data === 'run') return;
  const { module, memory, index } = data;
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const kernels = instance.exports as unknown as SharedKernels;
  scope.onmessage = () => {
    kernels.thread_ready();
    work();
  };
  scope.postMessage({ is: 'ready', build });

  function work(): void {
    try {
      kernels.thread_main(index); // returns after a while without work
    } catch (e) {
      kernels.thread_failed(); // otherwise the engine would wait for this tile forever
      throw e;
    }
    setTimeout(work); // lets the event loop turn, so that every browser can terminate the worker
  }
};
