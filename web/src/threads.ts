// Whether threads can run here, and how many. Asked by the page, to tell, and by the
// worker, to do it.

/** How many threads a model's kernels take. */
export type Threads = 'auto' | number;

/** The number of threads that run, and why there are not more. */
export interface ThreadReport {
  threads: number;
  reason: string;
}

/** The most threads that the kernels take: maxThreads of kernels/simd/gen/threads.go. */
export const MOST_THREADS = 8;
/** The most that `auto` takes: beyond that memory is the limit, and the page wants processors too. */
const MOST_AUTO = 4;

/** `(memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0))))` */
const PROBE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1, 10, 11, 1, 9, 0, 65, 0, 254, 16, 2, 0, 26, 11,
);

/** The number of threads to try for an option, with the reason if that is one; nested: they are started by a worker. */
export function planThreads(option: Threads, nested: boolean): ThreadReport {
  const one = (reason: string): ThreadReport => ({ threads: 1, reason });
  if (option === 1) return one('one thread was asked for');
  if (typeof crossOriginIsolated !== 'boolean' || !crossOriginIsolated) {
    return one('one thread: more need a page with COOP and COEP headers (cross-origin isolation)');
  }
  // WebKit without its flag says that a page is isolated and has no SharedArrayBuffer.
  if (typeof SharedArrayBuffer !== 'function') return one('one thread: this browser has no SharedArrayBuffer');
  if (typeof WebAssembly !== 'object' || !WebAssembly.validate(PROBE)) return one('one thread: this browser has no WebAssembly threads');
  if (nested && startsAreUnsure()) {
    return one('one thread: Firefox does not always start workers that a worker starts; load the model in the page for more');
  }
  if (option !== 'auto') {
    const threads = Math.min(option, MOST_THREADS);
    return { threads, reason: threads < option ? `${option} threads were asked for, the kernels take at most ${threads}` : `${threads} threads were asked for` };
  }
  const processors = (typeof navigator === 'object' && navigator.hardwareConcurrency) || 1;
  if (processors < 2) return one('one thread: the browser counts one processor');
  const threads = Math.min(processors, MOST_AUTO);
  return { threads, reason: `up to ${threads} threads for ${processors} processors, if they turn out to be faster than one` };
}

/**
 * A memory that threads can share, or null. Its largest size is address space only; where
 * there is too little of that, it is smaller.
 */
export function sharedMemory(): WebAssembly.Memory | null {
  for (const maximum of [65536, 32768, 16384, 8192]) {
    try {
      const memory = new WebAssembly.Memory({ initial: 12, maximum, shared: true });
      if (memory.buffer instanceof SharedArrayBuffer) return memory;
    } catch {
      // try less
    }
  }
  return null;
}

/** Whether a worker that a worker starts may never run: in Firefox 140 that happens now and then, without an error. */
export function startsAreUnsure(): boolean {
  // Node 20 has no navigator.
  return typeof navigator === 'object' && /\bFirefox\//.test(navigator.userAgent);
}

/** Tells whether this module runs in a worker itself. */
export function inWorker(): boolean {
  return typeof document === 'undefined';
}
