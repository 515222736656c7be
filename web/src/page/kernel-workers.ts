// The kernel workers of one engine. The page starts them for the engine's worker, since
// Firefox does not always start a worker that a worker creates, and reports their state.
import type { FromKernelWorker, StartThread, ThreadOrder, ThreadState, ToKernelWorker } from '../protocol/thread-orders.js';
import { assetURL, env } from './env.js';
import { startWorker } from './host.js';
import { findReason, workerProblem } from './worker-problem.js';

/** The kernel workers of one engine. */
export class KernelWorkers {
  readonly #workers = new Map<number, Worker>();
  /** The words in the shared memory that wake the workers; null until one has started. */
  #words: { all: Int32Array; awake: number; ticket: number } | null = null;
  readonly #report: (state: ThreadState) => void;

  constructor(report: (state: ThreadState) => void) {
    this.#report = report;
  }

  /** Carries out an order of the engine's worker. */
  receive(order: ThreadOrder): void {
    if (order.do === 'start') this.#start(order.start);
    else if (order.do === 'run') this.#workers.get(order.index)?.postMessage('run' satisfies ToKernelWorker);
    else this.#terminate(order.index);
  }

  /**
   * Marks whether a call is under way. The page wakes the workers, because those that the
   * engine's worker wakes often land on its own processor: see kernels/simd/gen/threads.go.
   */
  expect(call: boolean): void {
    if (!this.#words || this.#workers.size === 0) return;
    const { all, awake, ticket } = this.#words;
    Atomics.store(all, awake, call ? 1 : 0);
    if (call) Atomics.notify(all, ticket);
  }

  /** Ends all workers. */
  end(): void {
    for (const index of [...this.#workers.keys()]) this.#terminate(index);
  }

  #start(start: StartThread): void {
    const { index } = start;
    // The memory may grow: words below its first size keep their place.
    this.#words ??= { all: new Int32Array(start.memory.buffer), awake: start.awake / 4, ticket: start.ticket / 4 };
    const failed = async (why: string): Promise<void> => {
      const { href } = assetURL('worker.js');
      this.#terminate(index);
      this.#report({ index, is: 'failed', reason: workerProblem(href, 'did not start or failed', await findReason(href, why)) });
    };
    try {
      const worker = startWorker(assetURL('worker.js'), 'lodestone-kernels', env.trustedTypesPolicy);
      this.#workers.set(index, worker);
      worker.onmessage = (_: MessageEvent<FromKernelWorker>) => this.#report({ index, is: 'ready' });
      worker.onerror = (e) => {
        e.preventDefault();
        void failed(e.message ?? '');
      };
      worker.postMessage(start satisfies ToKernelWorker);
    } catch (e) {
      void failed(e instanceof Error ? e.message : String(e));
    }
  }

  #terminate(index: number): void {
    this.#workers.get(index)?.terminate();
    this.#workers.delete(index);
  }
}
