// How long to wait for a server, and when to ask it again.
import { LodestoneError } from '../protocol/error.js';

/** Time, as a test can replace it. */
export interface Clock {
  now(): number;
  /** Calls back after ms milliseconds. Calling the result cancels that. */
  after(ms: number, callback: () => void): () => void;
}

export const clock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

export interface Patience {
  /** After so many milliseconds without a byte, a request counts as broken. */
  stallTimeout: number;
  /** How often a broken request is sent again. */
  retries: number;
  clock: Clock;
}

/** A server that sends fewer bytes than this in a whole stall timeout counts as silent. */
const TRICKLE = 1024;

/** The first pause before a request is sent again, in milliseconds. Each further one is twice as long. */
const FIRST_PAUSE = 400;

/** The longest Retry-After that is waited for, in milliseconds. */
export const LONGEST_PAUSE = 60_000;

/** The promise that a wait for the network took too long. */
export class Stalled extends Error {}

/** Measures how long a response is silent. Only the time counts in which somebody waits for bytes. */
export class Silence {
  readonly #patience: Patience;
  #waited = 0;
  #received = 0;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /** Waits for the next bytes; rejects with Stalled if they take too long. */
  async during<T extends { length: number } | undefined>(next: Promise<T>): Promise<T> {
    const { clock } = this.#patience;
    const began = clock.now();
    const got = await within(next, this.#patience.stallTimeout - this.#waited, clock);
    this.#waited += clock.now() - began;
    this.#received += got?.length ?? 0;
    if (this.#received >= TRICKLE) this.#waited = this.#received = 0;
    return got;
  }
}

/** Waits for a promise, at most ms milliseconds: then it rejects with Stalled. */
export function within<T>(promise: Promise<T>, ms: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(Math.max(0, ms), () => reject(new Stalled()));
    promise.then(resolve, reject).finally(cancel);
  });
}

/** Waits before a request is sent again; rejects with an AbortError if the signal aborts. */
export function pause(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel();
      reject(new DOMException('aborted', 'AbortError'));
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** The pause before the nth repetition (from 1), in milliseconds: doubled each time, and up to a quarter longer, so that pages that failed together do not return together. */
export function pauseBefore(repetition: number): number {
  return FIRST_PAUSE * 2 ** (repetition - 1) * (1 + Math.random() / 4);
}

/** The milliseconds that a Retry-After header asks for; null without one that can be read. */
export function retryAfter(header: string | null, now = Date.now()): number | null {
  if (header === null) return null;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** Statuses of a server that may answer the same request otherwise a little later. */
export function passes(status: number): boolean {
  return [408, 425, 429, 500, 502, 503, 504].includes(status);
}

/** The error of a server that fell silent. */
export function silent(what: string, ms: number, details: Record<string, string | number>): LodestoneError {
  return new LodestoneError('network', `fetch: ${what}: no answer for ${ms / 1000} seconds, the limit (stall_timeout); check the connection, or raise the limit`, details);
}
