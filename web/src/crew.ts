// The page's side of the kernels' threads: it starts their workers for the engine's, since
// Firefox does not always start workers of workers, and passes on what they say.
import { assetURL, env } from './env.js';
import type { StartThread, ThreadOrder, ThreadState } from './team.js';

/** The kernel workers of one engine. */
export class Crew {
  readonly #workers = new Map<number, Worker>();
  /** The words of the memory that they share, once they have started. */
  #words: { all: Int32Array; awake: number; ticket: number } | null = null;
  readonly #tell: (state: ThreadState) => void;

  constructor(tell: (state: ThreadState) => void) {
    this.#tell = tell;
  }

  /** Does what the engine's worker orders. */
  receive(order: ThreadOrder): void {
    if (order.do === 'start') this.#start(order.start);
    else if (order.do === 'go') this.#workers.get(order.index)?.postMessage('go');
    else this.#drop(order.index);
  }

  /**
   * Says whether a call is under way. The workers are woken from here, not by the
   * engine's worker alone, which they would wake up beside: see kernels/simd/gen/threads.go.
   */
  expect(call: boolean): void {
    if (!this.#words || this.#workers.size === 0) return;
    const { all, awake, ticket } = this.#words;
    Atomics.store(all, awake, call ? 1 : 0);
    if (call) Atomics.notify(all, ticket);
  }

  /** Ends all of them. */
  end(): void {
    for (const index of [...this.#workers.keys()]) this.#drop(index);
  }

  #start(start: StartThread): void {
    const { index } = start;
    // The memory may grow: what lies before its first end stays where it is.
    this.#words ??= { all: new Int32Array(start.memory.buffer), awake: start.awake / 4, ticket: start.ticket / 4 };
    const options = { type: 'module' as const, name: `lodestone-kernels-${index}` };
    const failed = (why: string): void => {
      this.#drop(index);
      const url = assetURL('kernel-worker.js').href;
      const reason = `the worker ${url} did not start or failed (${why || 'no reason given'}); the file must be there, have the page's own origin, and be allowed by worker-src`;
      this.#tell({ index, is: 'gone', reason });
    };
    let worker: Worker;
    try {
      // The form with import.meta.url is the one that bundlers look for.
      worker = env.assetsPath === '' ? new Worker(new URL('./kernel-worker.js', import.meta.url), options) : new Worker(assetURL('kernel-worker.js'), options);
      this.#workers.set(index, worker);
      worker.onmessage = () => this.#tell({ index, is: 'ready' });
      worker.onerror = (e) => {
        e.preventDefault();
        failed(e.message ?? '');
      };
      worker.postMessage(start);
    } catch (e) {
      failed(e instanceof Error ? e.message : String(e));
    }
  }

  #drop(index: number): void {
    this.#workers.get(index)?.terminate();
    this.#workers.delete(index);
  }
}
