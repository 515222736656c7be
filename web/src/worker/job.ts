// One request while the worker serves it, and calls of the Go program.
import { type GoMemory, goBytes } from '../../../kernels/simd/imports.mjs';
import type { Step, StepReply, Tokens } from '../protocol/generation.js';
import type { Request } from '../protocol/messages.js';
import { TokenBuffer } from './token-buffer.js';

/** What the Go program exports; see wasm/engine. */
export interface GoEngine {
  /** A brief call has settled when it returns; see brief(). */
  call(op: string, request: object, job: object, resolve: (v: unknown) => void, reject: (v: unknown) => void, brief: boolean): void;
}

/** What a job sends to the page before its reply. */
export interface Listener {
  tokens(tokens: Tokens): void;
  step(step: Step): void;
}

// The Go program serves one call at a time, so its tokens belong to the last one.
const buffered = new TokenBuffer();
let served: Job | null = null;

/** What the Go program imports as "engine"; see wasm/engine/imports_js.go. */
export function engineImports(go: GoMemory): WebAssembly.ModuleImports {
  const memory = goBytes(go);
  return {
    now: () => performance.now(),
    /** Buffers a token that was chosen and completes n bytes of text at address at. */
    token: (sequence: number, id: number, at: number, n: number) => buffered.add(sequence, id, memory(), at >>> 0, n),
    /** Sends the buffered tokens. */
    flush: () => served?.flush(),
  };
}

/** One request while it is served. The Go program checks `aborted` between layers. */
export class Job {
  aborted = false;
  /** True if a generation is to end with what it has. */
  interrupted = false;
  readonly controller = new AbortController();
  readonly #listener: Listener;
  #answer: { resolve(reply: StepReply): void; reject(e: unknown): void } | null = null;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  abort(): void {
    this.aborted = true;
    this.controller.abort();
    this.#answer?.reject(new DOMException('aborted', 'AbortError'));
  }

  /** Sends the buffered tokens. */
  flush(): void {
    const tokens = served === this ? buffered.take() : null;
    if (tokens) this.#listener.tokens(tokens);
  }

  /** Sends the logits of a step to the page and waits for its answer; the Go program calls this. */
  process(ids: Int32Array, lengths: Int32Array, logits: Float32Array): Promise<StepReply> {
    if (this.aborted) return Promise.reject(new DOMException('aborted', 'AbortError'));
    this.flush();
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
      this.#listener.step({ ids, lengths, logits });
    });
  }

  /** Takes the page's answer to a step. */
  processed(reply: StepReply): void {
    this.#answer?.resolve(reply);
    this.#answer = null;
  }

  /** Resolves after one turn of the event loop, in which waiting messages arrive. */
  readonly turn = (): Promise<void> => {
    return new Promise((resolve) => {
      waiting.push(resolve);
      port.ref?.();
      channel.port2.postMessage(0);
    });
  };
}

// A message to oneself takes one turn, and browsers do not delay it as they delay timers.
const channel = new MessageChannel();
const waiting: (() => void)[] = [];
// In Node.js a port keeps its process running; only one that waits for its message should.
const port: MessagePort & { ref?(): void; unref?(): void } = channel.port1;
port.onmessage = () => {
  waiting.shift()?.();
  if (waiting.length === 0) port.unref?.();
};
port.unref?.();

/** Has the Go program perform an operation. */
export function call(engine: GoEngine, op: string, request: object, job: Job): Promise<unknown> {
  buffered.clear(); // the tokens of a job that failed
  served = job;
  return new Promise((resolve, reject) => engine.call(op, request, job, resolve, reject, brief(request as Request)));
}

const BRIEF_TOKENS = 32;

/** Whether a request is so short that it runs to its end before the worker reads the next message. */
function brief(request: Request): boolean {
  switch (request.op) {
    case 'forward':
      return request.ids.length <= BRIEF_TOKENS;
    case 'feature-extraction': // a token has at least one character
      return request.texts.length === 1 && request.texts[0]!.length <= 3 * BRIEF_TOKENS;
  }
  return false;
}
