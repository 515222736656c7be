// Notices a worker that has ended without a word: no event tells a page that its worker closed
// itself, ran out of memory, or runs in an endless loop.

/** How often a worker that serves a call is asked for a sign of life, in milliseconds. */
const BEAT = 1000;

/**
 * How many beats in turn a worker may leave unanswered. It answers between two steps of its
 * work, and a step on a slow and busy machine takes seconds.
 */
const PATIENCE = 30;

/** Watches one worker. */
export class Supervisor {
  readonly #ask: () => void;
  readonly #died: (why: string) => void;
  readonly #waiting = new AbortController();
  #timer: ReturnType<typeof setInterval> | undefined;
  #unanswered = 0;

  /** `ask` has the worker answer; `died` is called once if it has ended or answers no more. */
  constructor(ask: () => void, died: (why: string) => void) {
    this.#ask = ask;
    this.#died = (why) => {
      this.end();
      died(why);
    };
  }

  /** Waits for a Web Lock that the worker holds for as long as it lives. */
  guard(lock: string): void {
    globalThis.navigator.locks
      .request(lock, { signal: this.#waiting.signal }, () => {
        if (!this.#waiting.signal.aborted) this.#died('the worker ended without a word: the browser may have run out of memory');
      })
      .catch(() => {}); // the wait was given up
  }

  /** Marks whether a call is under way: only then a worker has to answer. */
  expect(call: boolean): void {
    clearInterval(this.#timer);
    this.#unanswered = 0;
    this.#timer = undefined;
    if (call && !this.#waiting.signal.aborted) this.#timer = setInterval(() => this.#beat(), BEAT);
  }

  /** The worker has given a sign of life. */
  answered(): void {
    this.#unanswered = 0;
  }

  /** Ends watching. */
  end(): void {
    this.expect(false);
    this.#waiting.abort();
  }

  // A page that sleeps counts no beats, so it does not find its worker dead when it wakes.
  #beat(): void {
    if (this.#unanswered >= PATIENCE) return this.#died(`the worker has not answered for ${(PATIENCE * BEAT) / 1000} seconds`);
    if (this.#unanswered === 0) this.#ask();
    this.#unanswered++;
  }
}
