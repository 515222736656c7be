// The kernels' threads: how many run. thread-orders.ts has the messages about their workers.

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
