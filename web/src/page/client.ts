// The page's end of one worker: it numbers requests, keeps their order, and outlives the
// worker when that fails.
import { abortedError, fromMessage, LodestoneError } from '../protocol/error.js';
import type { Step, Tokens } from '../protocol/generation.js';
import type { KernelReport, Kernels, MemoryReport } from '../protocol/kernels.js';
import type { LoadReply, LoadRequest } from '../protocol/load.js';
import type { FromWorker, Reply, Request, ToWorker } from '../protocol/messages.js';
import type { ProgressCallback } from '../protocol/progress.js';
import type { ThreadReport, Threads } from '../protocol/threads.js';
import { type Capabilities, capabilities } from './capabilities.js';
import { assetURL, engineAssets, env, workerProblem } from './env.js';
import { KernelWorkers } from './kernel-workers.js';
import { remember, remembered } from './remember.js';
import { inWorker, planThreads, startsAreUnsure } from './threads.js';

export interface CallOptions {
  signal?: AbortSignal | undefined;
  progress?: ProgressCallback | undefined;
  transfer?: Transferable[];
  /** Gets tokens as they are chosen. An exception that it throws ends the call. */
  tokens?: ((tokens: Tokens) => void) | undefined;
  /** Changes the logits of a step. An exception that it throws ends the call. */
  process?: ((step: Step) => Promise<Float32Array>) | undefined;
  /** Gets a function that ends a generation with what it has; returns one that ends the interest in it. */
  interrupt?: ((now: () => void) => () => void) | undefined;
}

/** How long to wait for a worker that may never run, in milliseconds, and how many to try. */
const PATIENCE = 5_000;
const TRIES = 3;

/** How a message ends after the worker has failed. */
const RESTART = 'the next call starts a new one';

interface Call {
  id: number;
  request: Request;
  transfer: Transferable[];
  options: CallOptions;
  settled: boolean;
  /** True if it is to end with what it has. */
  interrupted: boolean;
  resolve(value: unknown): void;
  reject(e: unknown): void;
  /** Removes the listener from the signal. */
  release(): void;
}

/**
 * The client of an engine in a worker, which holds one model.
 *
 * Calls run one at a time, in the order in which they were made. A call whose signal aborts
 * rejects at once: a waiting call never starts, and the worker stops a running one before
 * the next layer. When the worker fails, all open calls reject with `engine_crashed`, and
 * the next call starts a new worker and loads the model again. `dispose` ends the worker;
 * nothing else frees all of its memory.
 */
export class Client {
  readonly #load: LoadRequest;
  readonly #threads: Threads;
  readonly #kernels: Kernels;
  #kernelReport: KernelReport | null = null;
  #threadReport: ThreadReport | null = null;
  #worker: Worker | null = null;
  #kernelWorkers: KernelWorkers | null = null;
  #alive = false;
  /** True if the worker may never run: then no request is sent before its script runs. */
  readonly #unsure = inWorker() && startsAreUnsure();
  #disposed = false;
  #lastId = 0;
  #queue: Call[] = [];
  #current: Call | null = null;

  private constructor(load: LoadRequest, threads: Threads, kernels: Kernels) {
    this.#load = load;
    this.#threads = threads;
    this.#kernels = kernels;
  }

  /** Starts a worker and loads a model. If that fails, the worker ends. */
  static async load(request: LoadRequest, threads: Threads, kernels: Kernels, options: CallOptions): Promise<{ client: Client; info: LoadReply }> {
    if (options.signal?.aborted) throw abortedError('load', options.signal);
    const client = new Client(request, threads, kernels);
    try {
      client.#start();
      const info = await client.#enqueue(request, options);
      return { client, info: info as LoadReply };
    } catch (e) {
      client.dispose();
      throw e;
    }
  }

  /** Makes one call. */
  call<const R extends Request>(request: R, options: CallOptions = {}): Promise<Reply<R>> {
    if (this.#disposed) {
      return Promise.reject(new LodestoneError('disposed', `engine: ${request.op} after dispose(); load the model again`));
    }
    if (options.signal?.aborted) return Promise.reject(abortedError(`engine: ${request.op}`, options.signal));
    try {
      if (!this.#worker) {
        this.#start();
        // If loading fails now, the worker ends and this call rejects.
        this.#enqueue(this.#load, {}).catch((e: LodestoneError) => this.#end(e));
      }
    } catch (e) {
      return Promise.reject(e);
    }
    return this.#enqueue(request, options) as Promise<Reply<R>>;
  }

  /** How much memory the worker's two modules hold. */
  memory(): Promise<MemoryReport> {
    return this.call({ op: 'memory' });
  }

  /** What runs in this worker now. Threads join shortly after the first results. */
  capabilities(): Capabilities {
    const all = capabilities();
    const { threads, reason } = this.#threadReport ?? { threads: 0, reason: this.#disposed ? 'dispose() was called' : 'the engine has not started' };
    const kernels = this.#kernelReport ?? { name: all.kernels, reason: all.reasons.kernels };
    return { ...all, kernels: kernels.name, threads, reasons: { ...all.reasons, kernels: kernels.reason, threads: reason } };
  }

  /** Ends the worker. Open calls reject with `disposed`. */
  dispose(): void {
    this.#disposed = true;
    this.#end(new LodestoneError('disposed', 'engine: dispose() was called before this call ended'));
  }

  #start(tries = TRIES): void {
    const start: ToWorker = {
      type: 'start',
      assets: engineAssets(),
      threads: planThreads(this.#threads, inWorker()),
      kernels: this.#kernels,
      last: remembered(),
    };
    let worker: Worker;
    try {
      // Bundlers look for exactly this form, with import.meta.url and literal options.
      worker =
        env.assetsPath === ''
          ? new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'lodestone' })
          : new Worker(assetURL('worker.js'), { type: 'module', name: 'lodestone' });
    } catch (e) {
      if (typeof Worker === 'undefined') {
        throw new LodestoneError('unsupported_browser', `engine: ${noWorkers()}`);
      }
      throw missing(e instanceof Error ? e.message : String(e));
    }
    this.#worker = worker;
    this.#kernelWorkers = new KernelWorkers((state) => {
      if (worker === this.#worker) worker.postMessage({ type: 'thread', state } satisfies ToWorker);
    });
    this.#alive = false;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (worker === this.#worker) this.#receive(data);
    };
    worker.onerror = (e) => {
      e.preventDefault();
      if (worker !== this.#worker) return;
      const why = e.message ?? '';
      this.#end(this.#alive ? new LodestoneError('engine_crashed', `engine: the worker failed (${why || 'no reason given'}); ${RESTART}`) : missing(why));
    };
    worker.onmessageerror = () => {
      if (worker === this.#worker) this.#end(new LodestoneError('engine_crashed', `engine: the page could not read a message from the worker; ${RESTART}`));
    };
    worker.postMessage(start);
    if (!this.#unsure) return;
    setTimeout(() => {
      if (worker !== this.#worker || this.#alive) return;
      worker.terminate();
      if (tries > 1) this.#start(tries - 1);
      else this.#end(missing(`${TRIES} workers in turn did not run within ${PATIENCE / 1000} seconds`));
    }, PATIENCE);
  }

  #enqueue(request: Request, options: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      const onAbort = (): void => this.#abort(call);
      const call: Call = {
        id: ++this.#lastId,
        request,
        transfer: options.transfer ?? [],
        options,
        settled: false,
        interrupted: false,
        resolve,
        reject,
        release: () => signal?.removeEventListener('abort', onAbort),
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const forget = options.interrupt?.(() => {
        call.interrupted = true;
        if (call === this.#current) this.#interrupt(call);
      });
      if (forget) {
        const { release } = call;
        call.release = () => {
          forget();
          release();
        };
      }
      this.#queue.push(call);
      this.#next();
    });
  }

  /** Sends the first waiting call to the worker, if no call is running. */
  #next(): void {
    if (this.#current || !this.#worker || (this.#unsure && !this.#alive)) return;
    const call = this.#queue.shift();
    if (!call) return;
    this.#current = call;
    try {
      this.#worker.postMessage({ type: 'request', id: call.id, request: call.request } satisfies ToWorker, call.transfer);
      this.#kernelWorkers?.expect(true);
      if (call.interrupted) this.#interrupt(call);
    } catch (e) {
      this.#current = null;
      this.#kernelWorkers?.expect(false);
      settle(call, () => call.reject(new LodestoneError('invalid_argument', `engine: the request cannot be sent to the worker: ${String(e)}`)));
      this.#next();
    }
  }

  #interrupt(call: Call): void {
    this.#worker?.postMessage({ type: 'interrupt', id: call.id } satisfies ToWorker);
  }

  #abort(call: Call): void {
    settle(call, () => call.reject(abortedError(`engine: ${call.request.op}`, call.options.signal)));
    this.#stop(call);
  }

  /** Stops a call that has settled: a running call in the worker, a waiting one here. */
  #stop(call: Call): void {
    if (call === this.#current) this.#worker?.postMessage({ type: 'abort', id: call.id } satisfies ToWorker);
    else this.#queue = this.#queue.filter((c) => c !== call);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'alive':
        this.#alive = true;
        this.#next();
        return;
      case 'kernels':
        this.#kernelReport = message.report;
        if (message.report.timed) remember(message.report.name);
        return;
      case 'thread':
        this.#kernelWorkers?.receive(message.order);
        return;
      case 'threads':
        this.#threadReport = message.report;
        return;
      case 'fatal':
        this.#end(fromMessage(message.error));
        return;
    }
    const call = this.#current;
    if (!call || call.id !== message.id) return;
    switch (message.type) {
      case 'progress':
        if (!call.settled) call.options.progress?.(message.event);
        return;
      case 'tokens':
        if (!call.settled) this.#guard(call, () => call.options.tokens?.(message.tokens));
        return;
      case 'step':
        if (!call.settled) void this.#process(call, message.step);
        return;
    }
    this.#current = null;
    this.#kernelWorkers?.expect(false);
    settle(call, () => (message.type === 'result' ? call.resolve(message.value) : call.reject(fromMessage(message.error))));
    this.#next();
  }

  /** Runs a caller's callback; an exception rejects the call, which then stops. */
  #guard(call: Call, run: () => void): void {
    try {
      run();
    } catch (e) {
      this.#fail(call, e);
    }
  }

  #fail(call: Call, e: unknown): void {
    settle(call, () => call.reject(e));
    this.#stop(call);
  }

  async #process(call: Call, step: Step): Promise<void> {
    try {
      const logits = (await call.options.process?.(step)) ?? step.logits;
      if (call === this.#current && !call.settled) {
        this.#worker?.postMessage({ type: 'logits', id: call.id, logits } satisfies ToWorker, [logits.buffer]);
      }
    } catch (e) {
      this.#fail(call, e);
    }
  }

  /** Ends the worker and rejects all open calls. */
  #end(why: LodestoneError): void {
    this.#worker?.terminate();
    this.#kernelWorkers?.end();
    this.#worker = null;
    this.#kernelWorkers = null;
    this.#threadReport = null;
    const open = this.#current ? [this.#current, ...this.#queue] : this.#queue;
    this.#current = null;
    this.#queue = [];
    for (const call of open) settle(call, () => call.reject(why));
  }
}

/** Settles a call once; later results, as of a call that was aborted, are dropped. */
function settle(call: Call, how: () => void): void {
  if (call.settled) return;
  call.settled = true;
  call.release();
  how();
}

/** Why there is no Worker here. */
function noWorkers(): string {
  const name = (globalThis.constructor as { name?: string } | undefined)?.name ?? '';
  const kind = { ServiceWorkerGlobalScope: 'a service worker', SharedWorkerGlobalScope: 'a shared worker' }[name];
  return kind
    ? `${kind} cannot start workers; load the model in a page or a dedicated worker, and send it messages`
    : 'this runtime has no web workers; models load in a page, not while a server renders it';
}

function missing(why: string): LodestoneError {
  const url = assetURL('worker.js').href;
  return new LodestoneError('engine_missing', `engine: ${workerProblem(url, 'did not start', why)}`, { url });
}
