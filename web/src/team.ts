// The threads of one engine, from the side of its worker. What they do and how they take
// their work: kernels/simd/gen/threads.go.
import type { ThreadReport, Threads } from './threads.js';

/** What a kernel module with shared memory exports besides the kernels. */
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

/** The message that starts a kernel worker. */
export interface StartThread {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** From 1 on; 0 is the engine itself. */
  index: number;
  /** Where in memory the words are that the page sets and notifies when it makes a call. */
  awake: number;
  ticket: number;
}

/** What the engine's worker has the page do for kernel workers; see crew.ts. */
export type ThreadOrder = { do: 'start'; start: StartThread } | { do: 'go' | 'end'; index: number };

/** What became of one: its module is there, or it did not start or failed. */
export type ThreadState = { index: number; is: 'ready' } | { index: number; is: 'gone'; reason: string };

/** Multiply-adds of a call from which threads share it: some 5 µs of one, where sharing costs half a microsecond. */
const LEAST_WORK = 1 << 17;
/** Threads have to be so many times as fast as one. */
const LEAST_GAIN = 1.1;
/** Milliseconds after which those that have not started are left out. */
const PATIENCE = 10_000;
/** Milliseconds for threads that slept to take a tile; most take 0.1. */
const WAKE = 2;
/** How often one thread and several are timed. */
const ROUNDS = 5;
/** Joins that took oddly long, after which threads are timed again. */
const LATE_JOINS = 3;
/** Milliseconds between two such timings: at least, and at most where it stays with one thread. */
const LEAST_PAUSE = 500;
const MOST_PAUSE = 60_000;

export class Team {
  readonly #kernels: SharedKernels;
  readonly #plan: ThreadReport;
  readonly #auto: boolean;
  readonly #report: (r: ThreadReport) => void;
  readonly #order: (o: ThreadOrder) => void;
  #waiting = new Set<number>(); // those of which nothing was heard
  #there: number[] = []; // those that are ready
  #ready = 0; // those that were let in
  #late = 0;
  #pause = LEAST_PAUSE / 2;
  #timed = 0; // when threads were timed last

  constructor(kernels: SharedKernels, plan: ThreadReport, option: Threads, report: (r: ThreadReport) => void, order: (o: ThreadOrder) => void) {
    this.#kernels = kernels;
    this.#plan = plan;
    this.#auto = option === 'auto';
    this.#report = report;
    this.#order = order;
  }

  /** Has the page start the workers. Nobody waits for them: each takes part when it is there. */
  start(module: WebAssembly.Module, memory: WebAssembly.Memory): void {
    const words = { awake: this.#kernels.thread_awake(), ticket: this.#kernels.thread_ticket() };
    // Threads that nobody asked for have to prove themselves first.
    this.#kernels.set_threads(this.#auto ? 1 : this.#plan.threads, LEAST_WORK);
    this.#report({ threads: 1, reason: `one thread so far: ${this.#plan.reason}` });
    for (let index = 1; index < this.#plan.threads; index++) {
      this.#waiting.add(index);
      try {
        this.#order({ do: 'start', start: { module, memory, index, ...words } });
      } catch (e) {
        this.receive({ index, is: 'gone', reason: `one thread: the memory cannot be handed over (${e instanceof Error ? e.message : String(e)})` });
      }
    }
    setTimeout(() => {
      for (const index of [...this.#waiting]) {
        this.#order({ do: 'end', index });
        this.receive({ index, is: 'gone', reason: `the browser did not start a worker for thread ${index} within ${PATIENCE / 1000} seconds` });
      }
    }, PATIENCE);
  }

  /** What the page says of a worker. */
  receive(state: ThreadState): void {
    const { index } = state;
    const waited = this.#waiting.delete(index);
    if (state.is === 'gone') {
      this.#there = this.#there.filter((i) => i !== index);
      this.#tell(state.reason);
    } else if (waited) {
      this.#there.push(index);
    }
    if (waited && this.#waiting.size === 0) this.#go();
  }

  /** Looks back after a request, while nothing waits: does the number of threads still suit? */
  settle(): void {
    if (!this.#auto || this.#ready === 0) return;
    this.#late += this.#kernels.thread_late();
    const since = performance.now() - this.#timed;
    const odd = this.#kernels.threads() > 1 ? this.#late >= LATE_JOINS && since > LEAST_PAUSE : since > this.#pause;
    if (odd) this.#calibrate();
  }

  /**
   * Lets the threads in, all at once when the last has started or failed, so that none spins
   * or sleeps in its module while others start.
   */
  #go(): void {
    this.#ready = this.#there.length;
    if (this.#ready === 0) return;
    for (const index of this.#there) this.#order({ do: 'go', index });
    const began = performance.now();
    const look = (): void => {
      if (this.#kernels.thread_count() <= this.#ready && performance.now() - began < 5000) setTimeout(look, 5);
      else if (this.#auto) this.#calibrate();
      else this.#tell(this.#ready + 1 < this.#plan.threads ? `${this.#plan.reason}, ${this.#ready + 1} started` : this.#plan.reason);
    };
    look();
  }

  #tell(reason: string): void {
    this.#report({ threads: this.#kernels.threads(), reason });
  }

  /** Takes as many threads as are fastest on a layer of middle size: all, two, or one. */
  #calibrate(): void {
    const all = this.#ready + 1;
    const gains = [all, 2].filter((n, i) => i === 0 || n < all).map((n) => ({ n, gain: this.#gain(n) }));
    const best = gains.reduce((a, b) => (b.gain > a.gain ? b : a));
    const takes = best.gain >= LEAST_GAIN ? best.n : 1;
    this.#kernels.set_threads(takes, LEAST_WORK);
    this.#kernels.thread_late(); // what came of timing
    this.#late = 0;
    this.#pause = takes > 1 ? LEAST_PAUSE : Math.min(2 * this.#pause, MOST_PAUSE);
    this.#timed = performance.now();
    const measured = `${best.n} threads are ${best.gain.toFixed(2)} times as fast as one here`;
    this.#tell(takes > 1 ? measured : `one thread: ${measured}, ${LEAST_GAIN} times would be worth it`);
  }

  /** How many times as fast as one thread n are; in a few milliseconds. */
  #gain(n: number): number {
    const k = this.#kernels;
    // Zeros [16,128] · [128,256], half a million multiply-adds: some 30 µs of one thread.
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
    // A round takes some 300 µs: clocks tick in up to 20.
    const calls = Math.max(2, Math.min(16, Math.round(0.3 / time(2))));
    let one = Infinity;
    let many = Infinity;
    // In turn, since the engine may still be making the code faster; the best counts.
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
