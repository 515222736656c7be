// One request while the worker serves it.
import { type GoMemory, goBytes } from '../../kernels/simd/imports.mjs';
import type { Running } from './instantiate.js';
import type { Request, Step, Tokens } from './protocol.js';
import { Kept } from './tokens.js';

/** What a job tells the page before it ends. */
export interface Listener {
  tokens(tokens: Tokens): void;
  step(step: Step): void;
}

// The Go program serves one call at a time: what it says of tokens is for the job of the last.
const kept = new Kept();
let served: Job | null = null;

/** What the Go program imports as "engine"; see wasm/engine/imports_js.go. */
export function engineImports(go: GoMemory): WebAssembly.ModuleImports {
  const memory = goBytes(go);
  return {
    now: () => performance.now(),
    /** A token was chosen, which completes n bytes of text at at. */
    token: (sequence: number, id: number, at: number, n: number) => kept.add(sequence, id, memory(), at >>> 0, n),
    /** Sends the tokens that were kept back. */
    flush: () => served?.flush(),
  };
}

/** One request while it is served. The Go program looks at `aborted` between layers. */
export class Job {
  aborted = false;
  readonly controller = new AbortController();
  readonly #listener: Listener;
  #answer: { resolve(logits: Float32Array): void; reject(e: unknown): void } | null = null;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  abort(): void {
    this.aborted = true;
    this.controller.abort();
    this.#answer?.reject(new DOMException('aborted', 'AbortError'));
  }

  /** Sends the tokens that were kept back. */
  flush(): void {
    const tokens = served === this ? kept.take() : null;
    if (tokens) this.#listener.tokens(tokens);
  }

  /** Has the page change the logits of a step (the Go program calls this). */
  process(ids: Int32Array, lengths: Int32Array, logits: Float32Array): Promise<Float32Array> {
    if (this.aborted) return Promise.reject(new DOMException('aborted', 'AbortError'));
    this.flush();
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
      this.#listener.step({ ids, lengths, logits });
    });
  }

  /** The page's answer. */
  processed(logits: Float32Array): void {
    this.#answer?.resolve(logits);
    this.#answer = null;
  }

  /** Lets waiting messages in: settles after the event loop has turned once. */
  readonly turn = (): Promise<void> => {
    return new Promise((resolve) => {
      waiting.push(resolve);
      channel.port2.postMessage(0);
    });
  };
}

// A message to oneself is a task of its own, and unlike a timer it is not delayed.
const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** Calls a function of the Go program. */
export function call(r: Running, op: string, request: object, job: Job): Promise<unknown> {
  kept.clear(); // of a job that failed
  served = job;
  return new Promise((resolve, reject) => r.engine.call(op, request, job, resolve, reject, brief(request as Request)));
}

const BRIEF_TOKENS = 32;

/** Whether a request is so short that it runs to its end before the next message is looked at. */
function brief(request: Request): boolean {
  switch (request.op) {
    case 'forward':
      return request.ids.length <= BRIEF_TOKENS;
    case 'features': // a token has a character at least
      return request.texts.length === 1 && request.texts[0]!.length <= 3 * BRIEF_TOKENS;
  }
  return false;
}
