// A thread of the kernels: it runs tiles of jobs in a memory that it shares with the
// engine's worker, for which the page starts it. See team.ts and crew.ts.
import type { SharedKernels, StartThread } from './team.js';

interface WorkerScope {
  postMessage(message: 'ready'): void;
  onmessage: ((e: MessageEvent<StartThread | 'go'>) => void) | null;
}

const scope = self as unknown as WorkerScope;

scope.onmessage = async ({ data }) => {
  if (data === 'go') return;
  const { module, memory, index } = data;
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const kernels = instance.exports as unknown as SharedKernels;
  scope.onmessage = () => {
    kernels.thread_ready();
    work();
  };
  scope.postMessage('ready');

  function work(): void {
    try {
      kernels.thread_main(index); // until it slept for a while
    } catch (e) {
      kernels.thread_failed(); // or the engine would wait for this tile for ever
      throw e;
    }
    setTimeout(work); // the event loop turns, so that the worker can be ended everywhere
  }
};
