// The kernel workers of one engine. The page starts them for the engine's worker, since
// Firefox does not always start a worker that a worker creates, and reports their state.
import { build, otherBuild } from '../protocol/build.js';
import type { FromKernelWorker, StartThread, ThreadOrder, ThreadState, ToKernelWorker } from '../protocol/threads.js';
import { assetURL, env, workerProblem } from './env.js';

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
    const failed = (why: string): void => {
      this.#terminate(index);
      this.#report({ index, is: 'failed', reason: workerProblem(assetURL('kernel-worker.js').href, 'did not start or failed', why) });
    };
    let worker: Worker;
    try {
      // Bundlers look for exactly this form, with import.meta.url and literal options.
      worker =
        env.assetsPath === ''
          ? new Worker(new URL('./kernel-worker.js', import.meta.url), { type: 'module', name: 'lodestone-kernels' })
          : new Worker(assetURL('kernel-worker.js'), { type: 'module', name: 'lodestone-kernels' });
      this.#workers.set(index, worker);
      worker.onmessage = ({ data }: MessageEvent<FromKernelWorker>) => {
        if (data.build === build) this.#report({ index, is: 'ready' });
        else failed(otherBuild(data.build));
      };
      worker.onerror = (e) => {
        e.preventDefault();
        failed(e.message ?? '');
      };
      worker.postMessage(start satisfies ToKernelWorker);
    } catch (e) {
      failed(e instanceof Error ? e.message : String(e));
    }
  }

  #terminate(index: number): void {
    this.#workers.get(index)?.terminate();
    this.#workers.delete(index);
  }
}
