// The thread pool of one engine: it starts kernel workers and decides how many compute. How
// threads take work is in kernels/simd/gen/threads.go.
import type { ThreadOrder, ThreadState } from '../protocol/thread-orders.js';
import type { ThreadPlan, ThreadReport } from '../protocol/threads.js';

/** The exports of a kernel module with shared memory that concern threads. */
export interface SharedKernels {
  set_threads(n: number, least: number): void;
  threads(): number;
  thread_count(): number;
  thread_ready(): void;
  thread_main(index: number): void;
  thread_failed(): void;
  thread_late(): number;
  thread_tiles(): number;
  thread_ticket(): number;
  thread_awake(): number;
  thread_scratch(): number;
  linear_f32(
    ...args: [y: number, ldy: number, x: number, ldx: number, w: number, bias: number, res: number, ldres: number, m: number, k: number, n: number, act: number, alpha: number]
  ): void;
}

/** The multiply-adds from which threads share a call: some 5 µs of one thread; sharing takes half a microsecond. */
const LEAST_WORK = 1 << 17;
/** How many times as fast as one thread several have to be. */
const LEAST_GAIN = 1.1;
/** How long to wait for workers to start, in milliseconds. */
const PATIENCE = 10_000;
/** How long to wait for parked threads to take a tile, in milliseconds; most take 0.1. */
const WAKE = 2;
/** How often one thread and several are timed in turn. */
const ROUNDS = 5;
/** The number of late joins after which threads are timed again. */
const LATE_JOINS = 3;
/** Milliseconds between two timings: the least, and the most while one thread is the fastest. */
const LEAST_PAUSE = 500;
const MOST_PAUSE = 60_000;

/** The threads of an engine besides its own. */
export class ThreadPool {
  readonly #kernels: SharedKernels;
  readonly #plan: ThreadPlan;
  readonly #report: (r: ThreadReport) => void;
  readonly #order: (o: ThreadOrder) => void;
  #starting = new Set<number>(); // workers without a report so far
  #ready: number[] = []; // workers that are ready
  #taken = 0; // workers that take work
  #late = 0; // late joins since the last timing
  #pause = LEAST_PAUSE / 2;
  #timed = 0; // the time of the last timing

  constructor(kernels: SharedKernels, plan: ThreadPlan, report: (r: ThreadReport) => void, order: (o: ThreadOrder) => void) {
    this.#kernels = kernels;
    this.#plan = plan;
    this.#report = report;
    this.#order = order;
  }

  /** Has the page start the workers. Calls run on one thread until the workers are ready. */
  start(module: WebAssembly.Module, memory: WebAssembly.Memory): void {
    const words = { awake: this.#kernels.thread_awake(), ticket: this.#kernels.thread_ticket() };
    // Threads of `auto` compute only once they have proved faster.
    this.#kernels.set_threads(this.#plan.auto ? 1 : this.#plan.threads, LEAST_WORK);
    this.#report({ threads: 1, reason: `one thread so far: ${this.#plan.reason}` });
    for (let index = 1; index < this.#plan.threads; index++) {
      this.#starting.add(index);
      try {
        this.#order({ do: 'start', start: { type: 'start-thread', module, memory, index, ...words } });
      } catch (e) {
        this.receive({ index, is: 'failed', reason: `one thread: the memory cannot be shared (${e instanceof Error ? e.message : String(e)})` });
      }
    }
    setTimeout(() => {
      for (const index of [...this.#starting]) {
        this.#order({ do: 'terminate', index });
        this.receive({ index, is: 'failed', reason: `the browser did not start a worker for thread ${index} within ${PATIENCE / 1000} seconds` });
      }
    }, PATIENCE);
  }

  /** Takes the page's report about a worker. */
  receive(state: ThreadState): void {
    const { index } = state;
    const started = this.#starting.delete(index);
    if (state.is === 'failed') {
      this.#ready = this.#ready.filter((i) => i !== index);
      this.#reportThreads(state.reason);
    } else if (started) {
      this.#ready.push(index);
    }
    if (started && this.#starting.size === 0) this.#run();
  }

  /** Times the threads again if their number may no longer be the best. Called while no request waits. */
  settle(): void {
    if (!this.#plan.auto || this.#taken === 0) return;
    this.#late += this.#kernels.thread_late();
    const since = performance.now() - this.#timed;
    const odd = this.#kernels.threads() > 1 ? this.#late >= LATE_JOINS && since > LEAST_PAUSE : since > this.#pause;
    if (odd) this.#calibrate();
  }

  /**
   * Lets the workers take work, all at once when the last has started or failed, so that none
   * spins or parks while others start.
   */
  #run(): void {
    this.#taken = this.#ready.length;
    if (this.#taken === 0) return;
    for (const index of this.#ready) this.#order({ do: 'run', index });
    const began = performance.now();
    const look = (): void => {
      if (this.#kernels.thread_count() <= this.#taken && performance.now() - began < 5000) setTimeout(look, 5);
      else if (this.#plan.auto) this.#calibrate();
      else this.#reportThreads(this.#taken + 1 < this.#plan.threads ? `${this.#plan.reason}, ${this.#taken + 1} started` : this.#plan.reason);
    };
    look();
  }

  #reportThreads(reason: string): void {
    this.#report({ threads: this.#kernels.threads(), reason });
  }

  /** Takes the number of threads that is the fastest on a layer of medium size: all, two or one. */
  #calibrate(): void {
    const all = this.#taken + 1;
    const gains = [all, 2].filter((n, i) => i === 0 || n < all).map((n) => ({ n, gain: this.#gain(n) }));
    const best = gains.reduce((a, b) => (b.gain > a.gain ? b : a));
    const takes = best.gain >= LEAST_GAIN ? best.n : 1;
    this.#kernels.set_threads(takes, LEAST_WORK);
    this.#kernels.thread_late(); // drops the late joins of the timing
    this.#late = 0;
    this.#pause = takes > 1 ? LEAST_PAUSE : Math.min(2 * this.#pause, MOST_PAUSE);
    this.#timed = performance.now();
    const measured = `${best.n} threads are ${best.gain.toFixed(2)} times as fast as one here`;
    this.#reportThreads(takes > 1 ? measured : `one thread: ${measured}, ${LEAST_GAIN} times are needed`);
  }

  /** How many times as fast as one thread n threads are. It takes a few milliseconds. */
  #gain(n: number): number {
    const k = this.#kernels;
    // Zeros [16,128] · [128,256] are half a million multiply-adds: some 30 µs of one thread.
    const w = (k.thread_scratch() + 63) & ~63;
    const x = w + 128 * 256 * 4;
    const y = x + 16 * 128 * 4;
    const call = (): void => k.linear_f32(y, 256, x, 128, w, 0, 0, 0, 16, 128, 256, 0, 0);
    const time = (calls: number): number => {
      const t = performance.now();
      for (let i = 0; i < calls; i++) call();
      return (performance.now() - t) / calls;
    };
    k.set_threads(1, LEAST_WORK);
    // A round takes some 300 µs; clocks have steps of up to 20 µs.
    const calls = Math.max(2, Math.min(16, Math.round(0.3 / time(2))));
    let one = Infinity;
    let many = Infinity;
    // Rounds alternate, since the browser may still be optimising the code; the best counts.
    for (let round = 0; round < ROUNDS; round++) {
      k.set_threads(1, LEAST_WORK);
      one = Math.min(one, time(calls));
      k.set_threads(n, LEAST_WORK);
      k.thread_tiles();
      const t = performance.now();
      while (k.thread_tiles() === 0 && performance.now() - t < WAKE) call();
      many = Math.min(many, time(calls));
    }
    return many > 0 ? one / many : 1;
  }
}
