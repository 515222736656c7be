// Whether threads can run here, and how many to try.
import type { ThreadPlan, Threads } from '../protocol/threads.js';
import { sharesMemory } from './host.js';

/** The most threads that the kernels take: maxThreads of kernels/simd/gen/threads.go. */
const MOST_THREADS = 8;
/** The most threads that `auto` takes: with more, memory is the limit, and the page needs processors too. */
const MOST_AUTO = 4;

/** `(memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0))))` */
const PROBE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1, 10, 11, 1, 9, 0, 65, 0, 254, 16, 2, 0, 26, 11,
);

/** The threads to try for an option. `nested`: the page's side runs in a worker itself. */
export function planThreads(option: Threads, nested: boolean): ThreadPlan {
  const auto = option === 'auto';
  const one = (reason: string): ThreadPlan => ({ threads: 1, auto, reason: `one thread: ${reason}` });
  if (option === 1) return { threads: 1, auto, reason: 'one thread was asked for' };
  if (!sharesMemory()) {
    return one('more need a page with COOP and COEP headers (cross-origin isolation)');
  }
  // WebKit without its flag reports that a page is isolated, and has no SharedArrayBuffer.
  if (typeof SharedArrayBuffer !== 'function') return one('this browser has no SharedArrayBuffer');
  if (typeof WebAssembly !== 'object' || !WebAssembly.validate(PROBE)) return one('this browser has no WebAssembly threads');
  if (nested && startsAreUnsure()) {
    return one('Firefox does not always start workers that a worker starts; load the model in the page for more');
  }
  if (option !== 'auto') {
    const threads = Math.min(option, MOST_THREADS);
    const asked = `${option} threads were asked for`;
    return { threads, auto, reason: threads < option ? `${asked}, the kernels take at most ${threads}` : asked };
  }
  const processors = (typeof navigator === 'object' && navigator.hardwareConcurrency) || 1;
  if (processors < 2) return one('the browser reports one processor');
  const threads = Math.min(processors, MOST_AUTO);
  return { threads, auto, reason: `up to ${threads} threads for ${processors} processors, if they turn out to be faster than one` };
}

/** Whether a worker that a worker starts may never run: in Firefox 140 that happens now and then, without an error. */
export function startsAreUnsure(): boolean {
  // Node 20 has no navigator.
  return typeof navigator === 'object' && /\bFirefox\//.test(navigator.userAgent);
}

/** Whether this module runs in a worker itself. */
export function inWorker(): boolean {
  return typeof document === 'undefined';
}
