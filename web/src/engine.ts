// The page's side of one worker: it numbers requests, keeps their order, and
// survives the worker's end.
import { type Capabilities, capabilities } from './capabilities.js';
import { abortedError, fromMessage, LodestoneError } from './error.js';
import { Crew } from './crew.js';
import { assetURL, env } from './env.js';
import type { ProgressCallback } from './progress.js';
import type { KernelReport, Kernels } from './kernels.js';
import { remember, remembered } from './remember.js';
import { inWorker, startsAreUnsure, type ThreadReport, type Threads } from './threads.js';
import type { FromWorker, LoadReply, LoadRequest, MemoryReport, Replies, Request, Step, Tokens, ToWorker } from './protocol.js';

export interface CallOptions {
  signal?: AbortSignal | undefined;
  progress?: ProgressCallback | undefined;
  transfer?: Transferable[];
  /** Hears tokens as they come. What it throws ends the call. */
  tokens?: ((tokens: Tokens) => void) | undefined;
  /** Changes the logits of a step. What it throws ends the call. */
  process?: ((step: Step) => Promise<Float32Array>) | undefined;
}

/** Milliseconds until a worker that may never run is replaced, and how many are tried. */
const PATIENCE = 5_000;
const TRIES = 3;

interface Task {
  id: number;
  request: Request;
  transfer: Transferable[];
  options: CallOptions;
  settled: boolean;
  resolve(value: unknown): void;
  reject(e: unknown): void;
  /** Stops listening to the signal. */
  release(): void;
}

/**
 * An engine in a worker with one model.
 *
 * Calls run one at a time in the order in which they were made. A call whose
 * signal aborts rejects at once: if it was waiting it never starts, if it was
 * running the worker stops it at the next layer and then takes the next call. When
 * the worker ends of itself, every call that was made rejects with
 * `engine_crashed`, and the next one starts a fresh worker and loads the model
 * again. `dispose` ends the worker, which is the only way to give all its memory
 * back.
 */
export class Engine {
  readonly #load: LoadRequest;
  readonly #threads: Threads;
  readonly #kernels: Kernels;
  #chosen: KernelReport | null = null;
  #running: ThreadReport | null = null;
  #worker: Worker | null = null;
  #crew: Crew | null = null;
  #alive = false;
  /** Whether the worker may never run, so that nothing is handed over before it says that it does. */
  readonly #unsure = inWorker() && startsAreUnsure();
  #disposed = false;
  #lastId = 0;
  #queue: Task[] = [];
  #current: Task | null = null;

  private constructor(load: LoadRequest, threads: Threads, kernels: Kernels) {
    this.#load = load;
    this.#threads = threads;
    this.#kernels = kernels;
  }

  /** Starts a worker and loads a model. The worker ends if that fails. */
  static async load(request: LoadRequest, threads: Threads, kernels: Kernels, options: CallOptions): Promise<{ engine: Engine; info: LoadReply }> {
    if (options.signal?.aborted) throw abortedError('load');
    const engine = new Engine(request, threads, kernels);
    try {
      engine.#start();
      const info = await engine.#enqueue(request, options);
      return { engine, info: info as LoadReply };
    } catch (e) {
      engine.dispose();
      throw e;
    }
  }

  /** Makes one call. */
  call<K extends keyof Replies>(request: Request & { op: K }, options: CallOptions = {}): Promise<Replies[K]> {
    if (this.#disposed) {
      return Promise.reject(new LodestoneError('disposed', `engine: ${request.op} after dispose(); load the model again`));
    }
    if (options.signal?.aborted) return Promise.reject(abortedError(`engine: ${request.op}`));
    try {
      if (!this.#worker) {
        this.#start();
        // If loading fails now the worker ends, and with it this call.
        this.#enqueue(this.#load, {}).catch((e: LodestoneError) => this.#end(e));
      }
    } catch (e) {
      return Promise.reject(e);
    }
    return this.#enqueue(request, options) as Promise<Replies[K]>;
  }

  /** How much memory the worker's two modules hold. */
  memory(): Promise<MemoryReport> {
    return this.call({ op: 'memory' });
  }

  /** What runs in this worker now. Threads join a little after the first results. */
  capabilities(): Capabilities {
    const all = capabilities();
    const { threads, reason } = this.#running ?? { threads: 0, reason: this.#disposed ? 'dispose() was called' : 'the engine has not started' };
    const kernels = this.#chosen ?? { name: all.kernels, reason: all.reasons.kernels };
    return { ...all, kernels: kernels.name, threads, reasons: { ...all.reasons, kernels: kernels.reason, threads: reason } };
  }

  /** Ends the worker. Calls that have not settled reject with `disposed`. */
  dispose(): void {
    this.#disposed = true;
    this.#end(new LodestoneError('disposed', 'engine: dispose() was called before this call had ended'));
  }

  #start(tries = TRIES): void {
    const start: ToWorker = {
      type: 'start',
      assets: {
        engine: assetURL('engine.wasm').href,
        kernels: { simd128: assetURL('kernels.wasm').href, relaxed: assetURL('kernels-relaxed.wasm').href },
        sharedKernels: { simd128: assetURL('kernels-shared.wasm').href, relaxed: assetURL('kernels-relaxed-shared.wasm').href },
      },
      threads: this.#threads,
      kernels: this.#kernels,
      last: remembered(),
      nested: inWorker(),
    };
    let worker: Worker;
    try {
      // The form with import.meta.url is the one that bundlers look for.
      worker =
        env.assetsPath === ''
          ? new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'lodestone' })
          : new Worker(assetURL('worker.js'), { type: 'module', name: 'lodestone' });
    } catch (e) {
      if (typeof Worker === 'undefined') {
        throw new LodestoneError('unsupported_browser', 'engine: there are no web workers here; models load in a page, not while a server renders it');
      }
      throw this.#blocked(e instanceof Error ? e.message : String(e));
    }
    this.#worker = worker;
    this.#crew = new Crew((state) => {
      if (worker === this.#worker) worker.postMessage({ type: 'thread', state } satisfies ToWorker);
    });
    this.#alive = false;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (worker === this.#worker) this.#receive(data);
    };
    worker.onerror = (e) => {
      e.preventDefault();
      if (worker !== this.#worker) return;
      const why = e.message ?? 'no reason given';
      this.#end(this.#alive ? new LodestoneError('engine_crashed', `engine: the worker failed: ${why}; the next call starts a fresh one`) : this.#blocked(why));
    };
    worker.onmessageerror = () => {
      if (worker === this.#worker) this.#end(new LodestoneError('engine_crashed', 'engine: a message from the worker could not be read; the next call starts a fresh one'));
    };
    worker.postMessage(start);
    if (!this.#unsure) return;
    setTimeout(() => {
      if (worker !== this.#worker || this.#alive) return;
      worker.terminate();
      if (tries > 1) this.#start(tries - 1);
      else this.#end(this.#blocked(`it did not run within ${PATIENCE / 1000} seconds, nor did ${TRIES - 1} before it`));
    }, PATIENCE);
  }

  #blocked(why: string): LodestoneError {
    const url = assetURL('worker.js').href;
    return new LodestoneError(
      'engine_missing',
      `engine: the worker ${url} did not start (${why || 'no reason given'}); the file must be there, have the page's own origin, and be allowed by worker-src`,
      { url },
    );
  }

  #enqueue(request: Request, options: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      const onAbort = (): void => this.#abort(task);
      const task: Task = {
        id: ++this.#lastId,
        request,
        transfer: options.transfer ?? [],
        options,
        settled: false,
        resolve,
        reject,
        release: () => signal?.removeEventListener('abort', onAbort),
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(task);
      this.#next();
    });
  }

  /** Hands the first waiting task to the worker, if it has nothing to do. */
  #next(): void {
    if (this.#current || !this.#worker || (this.#unsure && !this.#alive)) return;
    const task = this.#queue.shift();
    if (!task) return;
    this.#current = task;
    try {
      this.#worker.postMessage({ type: 'request', id: task.id, request: task.request } satisfies ToWorker, task.transfer);
      this.#crew?.expect(true);
    } catch (e) {
      this.#current = null;
      this.#crew?.expect(false);
      settle(task, () => task.reject(new LodestoneError('invalid_argument', `engine: the request cannot be sent: ${String(e)}`)));
      this.#next();
    }
  }

  #abort(task: Task): void {
    settle(task, () => task.reject(abortedError(`engine: ${task.request.op}`)));
    if (task === this.#current) this.#worker?.postMessage({ type: 'abort', id: task.id } satisfies ToWorker);
    else this.#queue = this.#queue.filter((t) => t !== task);
  }

  #receive(message: FromWorker): void {
    if (message.type === 'alive') {
      this.#alive = true;
      this.#next();
      return;
    }
    if (message.type === 'kernels') {
      this.#chosen = message.report;
      if (message.report.timed) remember(message.report.name);
      return;
    }
    if (message.type === 'thread') {
      this.#crew?.receive(message.order);
      return;
    }
    if (message.type === 'threads') {
      this.#running = message.report;
      return;
    }
    if (message.type === 'fatal') {
      this.#end(fromMessage(message.error));
      return;
    }
    const task = this.#current;
    if (!task || task.id !== message.id) return;
    if (message.type === 'progress') {
      if (!task.settled) task.options.progress?.(message.event);
      return;
    }
    if (message.type === 'tokens') {
      if (!task.settled) this.#guard(task, () => task.options.tokens?.(message.tokens));
      return;
    }
    if (message.type === 'step') {
      if (!task.settled) void this.#process(task, message.step);
      return;
    }
    this.#current = null;
    this.#crew?.expect(false);
    settle(task, () => (message.type === 'result' ? task.resolve(message.value) : task.reject(fromMessage(message.error))));
    this.#next();
  }

  /** Runs a caller's own code; what it throws rejects the call, which is then stopped. */
  #guard(task: Task, run: () => void): void {
    try {
      run();
    } catch (e) {
      this.#fail(task, e);
    }
  }

  #fail(task: Task, e: unknown): void {
    settle(task, () => task.reject(e));
    if (task === this.#current) this.#worker?.postMessage({ type: 'abort', id: task.id } satisfies ToWorker);
  }

  async #process(task: Task, step: Step): Promise<void> {
    try {
      const logits = (await task.options.process?.(step)) ?? step.logits;
      if (task === this.#current && !task.settled) {
        this.#worker?.postMessage({ type: 'logits', id: task.id, logits } satisfies ToWorker, [logits.buffer]);
      }
    } catch (e) {
      this.#fail(task, e);
    }
  }

  /** Ends the worker and rejects everything that waits. */
  #end(why: LodestoneError): void {
    this.#worker?.terminate();
    this.#crew?.end();
    this.#worker = null;
    this.#crew = null;
    this.#running = null;
    const waiting = this.#current ? [this.#current, ...this.#queue] : this.#queue;
    this.#current = null;
    this.#queue = [];
    for (const task of waiting) settle(task, () => task.reject(why));
  }
}

/** Settles a task once; later answers, as to a call that was aborted, are dropped. */
function settle(task: Task, how: () => void): void {
  if (task.settled) return;
  task.settled = true;
  task.release();
  how();
}
