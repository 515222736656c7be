// The page's end of one worker: it numbers requests, keeps their order, and outlives the
// worker when that fails.
import type { DeviceReport } from '../protocol/device.js';
import { build, otherBuild } from '../protocol/build.js';
import { abortedError, fromMessage, LodestoneError } from '../protocol/error.js';
import type { Step, StepReply, Tokens } from '../protocol/generation.js';
import type { KernelReport, Kernels, MemoryReport } from '../protocol/kernels.js';
import { type LoadReply, type LoadRequest, STALL_TIMEOUT } from '../protocol/load.js';
import type { FromWorker, Reply, Request, ToWorker } from '../protocol/messages.js';
import type { ProgressCallback } from '../protocol/progress.js';
import type { ThreadReport, Threads } from '../protocol/threads.js';
import { type Capabilities, capabilities } from './capabilities.js';
import { deviceTimes, keepDeviceTimes } from './device-times.js';
import { assetURL, engineAssets, env } from './env.js';
import { keepRunning, LOCKS, requireWorkers, startWorker } from './host.js';
import { KernelWorkers } from './kernel-workers.js';
import { remember, remembered } from './remember.js';
import { Supervisor } from './supervisor.js';
import { inWorker, planThreads, startsAreUnsure } from './threads.js';
import { findReason, workerProblem } from './worker-problem.js';

export interface CallOptions {
  signal?: AbortSignal | undefined;
  progress?: ProgressCallback | undefined;
  transfer?: ArrayBufferLike[];
  /** Gets tokens as they are chosen. An exception that it throws ends the call. */
  tokens?: ((tokens: Tokens) => void) | undefined;
  /** Answers a step. An exception that it throws ends the call. */
  process?: ((step: Step) => Promise<StepReply>) | undefined;
  /** Gets a function that ends a generation with what it has; returns one that ends the interest in it. */
  interrupt?: ((now: () => void) => () => void) | undefined;
}

/** How long to wait for a worker that may never run, in milliseconds, and how many to try. */
const PATIENCE = 5_000;
const TRIES = 3;

/** The pause before a worker that keeps failing is started again, in milliseconds: the first, and the longest. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/** How a message ends after the worker has failed. */
const RESTART = 'the next call starts a new one';

interface Call {
  id: number;
  request: Request;
  transfer: ArrayBufferLike[];
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
 * the next call starts a new worker and loads the model again; from the second failure in
 * turn on, after a pause that doubles each time. `dispose` ends the worker; nothing else
 * frees all of its memory.
 */
export class Client {
  readonly #load: LoadRequest | null;
  readonly #threads: Threads;
  readonly #kernels: Kernels;
  #kernelReport: KernelReport | null = null;
  #threadReport: ThreadReport | null = null;
  #deviceReport: DeviceReport | null = null;
  /** Why no GPU is tried any more; '' while it may be. */
  #processor = '';
  #losses = 0;
  #worker: Worker | null = null;
  #kernelWorkers: KernelWorkers | null = null;
  #supervisor: Supervisor | null = null;
  #failures = 0; // since the last call that ended well
  #restart: ReturnType<typeof setTimeout> | undefined; // waits before a new worker
  #alive = false;
  /** True if the worker may never run: then no request is sent before its script runs. */
  readonly #unsure = inWorker() && startsAreUnsure();
  #disposed = false;
  #lastId = 0;
  #queue: Call[] = [];
  #current: Call | null = null;

  private constructor(load: LoadRequest | null, threads: Threads, kernels: Kernels) {
    this.#load = load;
    this.#threads = threads;
    this.#kernels = kernels;
  }

  /** Starts a worker and loads a model. If that fails, the worker ends. */
  static async load(request: LoadRequest, threads: Threads, kernels: Kernels, options: CallOptions): Promise<{ client: Client; info: LoadReply }> {
    if (options.signal?.aborted) throw abortedError('load', options.signal);
    const client = new Client(request, threads, kernels);
    try {
      return { client, info: await client.#loadFirst(options) };
    } catch (e) {
      client.dispose();
      throw e;
    }
  }

  /** Loads the model, on the processor where the GPU fails. */
  async #loadFirst(options: CallOptions): Promise<LoadReply> {
    for (;;) {
      this.#start();
      try {
        return (await this.#enqueue(this.#load!, options)) as LoadReply;
      } catch (e) {
        const failed = e instanceof LodestoneError ? e : null;
        const small = failed?.code === 'out_of_memory' && this.#deviceReport?.device === 'webgpu';
        if (options.signal?.aborted || (failed?.code !== 'device_lost' && !small)) throw e;
        if (small) {
          this.#processor = `the model does not fit on the GPU: ${failed.message}`;
          this.#end(failed);
        }
      }
    }
  }

  /** Where the model runs. */
  get device(): 'wasm' | 'webgpu' {
    return this.#deviceReport?.device ?? 'wasm';
  }

  /** A client whose worker holds no model. The first call starts it. */
  static empty(): Client {
    return new Client(null, 1, 'auto');
  }

  /** Makes one call. */
  call<const R extends Request>(request: R, options: CallOptions = {}): Promise<Reply<R>> {
    if (this.#disposed) {
      return Promise.reject(new LodestoneError('disposed', `engine: ${request.op} after dispose(); load the model again`));
    }
    if (options.signal?.aborted) return Promise.reject(abortedError(`engine: ${request.op}`, options.signal));
    try {
      if (!this.#worker && this.#restart === undefined) this.#revive();
    } catch (e) {
      return Promise.reject(e);
    }
    return this.#enqueue(request, options) as Promise<Reply<R>>;
  }

  /** Starts a new worker and has it load the model, at once or after a pause. */
  #revive(): void {
    const start = (): void => {
      this.#restart = undefined;
      this.#start();
      // If loading fails now, the worker ends and the calls that wait reject.
      if (this.#load) this.#enqueue(this.#load, {}, true).catch((e: LodestoneError) => this.#end(e));
    };
    if (this.#failures < 2) return start();
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#failures - 2));
    this.#restart = setTimeout(() => {
      try {
        start();
      } catch (e) {
        this.#end(e as LodestoneError);
      }
    }, pause);
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
    const webgpu = this.#deviceReport?.reason ?? all.reasons.webgpu;
    return { ...all, kernels: kernels.name, threads, webgpu: this.device === 'webgpu', reasons: { kernels: kernels.reason, threads: reason, webgpu } };
  }

  /** Ends the worker. Open calls reject with `disposed`. */
  dispose(): void {
    this.#disposed = true;
    this.#end(new LodestoneError('disposed', 'engine: dispose() was called before this call ended'));
  }

  #start(tries = TRIES): void {
    requireWorkers();
    const start: ToWorker = {
      type: 'start',
      assets: engineAssets(),
      threads: planThreads(this.#threads, inWorker()),
      kernels: this.#kernels,
      device: { device: this.#processor === '' ? (this.#load?.device ?? 'wasm') : 'wasm', reason: this.#processor, times: deviceTimes() },
      last: remembered(),
      stallTimeout: this.#load?.stallTimeout ?? STALL_TIMEOUT,
    };
    let worker: Worker;
    try {
      worker = startWorker(assetURL('worker.js'), 'lodestone', env.trustedTypesPolicy);
    } catch (e) {
      throw e instanceof LodestoneError ? e : missing(e instanceof Error ? e.message : String(e));
    }
    this.#worker = worker;
    this.#kernelWorkers = new KernelWorkers((state) => {
      if (worker === this.#worker) worker.postMessage({ type: 'thread', state } satisfies ToWorker);
    });
    const supervisor = new Supervisor(
      () => worker.postMessage({ type: 'beat' } satisfies ToWorker),
      (why) => {
        if (worker === this.#worker) this.#end(this.#alive ? crashed(why) : missing(why));
      },
    );
    this.#supervisor = supervisor;
    this.#alive = false;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (worker === this.#worker) this.#receive(data);
    };
    worker.onerror = (e) => {
      e.preventDefault();
      if (worker !== this.#worker) return;
      const why = e.message ?? '';
      if (this.#alive) this.#end(crashed(`the worker failed (${why || 'no reason given'})`));
      else void this.#explain(worker, why);
    };
    worker.onmessageerror = () => {
      if (worker === this.#worker) this.#end(crashed('the page could not read a message from the worker'));
    };
    worker.postMessage(start);
    if (!this.#unsure) return;
    setTimeout(() => {
      if (worker !== this.#worker || this.#alive) return;
      worker.terminate();
      supervisor.end();
      if (tries > 1) this.#start(tries - 1);
      else this.#end(missing(`${TRIES} workers in turn did not run within ${PATIENCE / 1000} seconds`));
    }, PATIENCE);
  }

  /** Ends a worker that did not start, with the reason. */
  async #explain(worker: Worker, why: string): Promise<void> {
    const reason = await findReason(assetURL('worker.js').href, why);
    if (worker === this.#worker) this.#end(missing(reason));
  }

  #enqueue(request: Request, options: CallOptions, first = false): Promise<unknown> {
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
      if (first) this.#queue.unshift(call);
      else this.#queue.push(call);
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
      this.#worker.postMessage({ type: 'request', id: call.id, request: call.request } satisfies ToWorker, call.transfer as ArrayBuffer[]);
      this.#expect(true);
      if (call.interrupted) this.#interrupt(call);
    } catch (e) {
      this.#current = null;
      this.#expect(false);
      settle(call, () => call.reject(new LodestoneError('invalid_argument', `engine: the request cannot be sent to the worker: ${String(e)}`)));
      this.#next();
    }
  }

  /** Marks whether a call is under way. */
  #expect(call: boolean): void {
    if (this.#worker) keepRunning(this.#worker, call);
    this.#kernelWorkers?.expect(call);
    this.#supervisor?.expect(call);
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
    this.#supervisor?.answered();
    switch (message.type) {
      case 'beat':
        return;
      case 'guarded':
        if (LOCKS) this.#supervisor?.guard(message.lock);
        return;
      case 'alive':
        if (message.build !== build) return this.#end(missing(otherBuild(message.build)));
        this.#alive = true;
        this.#next();
        return;
      case 'kernels':
        this.#kernelReport = message.report;
        if (message.report.timed) remember(message.report.name);
        return;
      case 'device':
        this.#deviceReport = message.report;
        if (message.report.measured) keepDeviceTimes(message.report.measured);
        if (message.report.device === 'wasm' && this.#load?.device === 'webgpu') {
          console.warn(`Lodestone: the model runs on the processor, not on the GPU: ${message.report.reason}`);
        }
        return;
      case 'thread':
        this.#kernelWorkers?.receive(message.order);
        return;
      case 'threads':
        this.#threadReport = message.report;
        return;
      case 'fatal':
        this.#fatal(fromMessage(message.error));
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
    if (message.type === 'error' && message.error.code === 'device_lost') return this.#fatal(fromMessage(message.error));
    this.#current = null;
    this.#expect(false);
    if (message.type === 'result' && call.request.op !== 'load') this.#failures = 0;
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
      const reply = (await call.options.process?.(step)) ?? { logits: step.logits, ended: null };
      if (call === this.#current && !call.settled) {
        this.#worker?.postMessage({ type: 'stepped', id: call.id, reply } satisfies ToWorker, [reply.logits.buffer]);
      }
    } catch (e) {
      this.#fail(call, e);
    }
  }

  /** Ends the worker, which has failed. A GPU is asked for again once after it was lost. */
  #fatal(why: LodestoneError): void {
    if (why.code === 'device_lost' && ++this.#losses > 1) this.#processor = `the GPU was lost ${this.#losses} times`;
    this.#end(why);
  }

  /** Ends the worker and rejects all open calls. */
  #end(why: LodestoneError): void {
    if (why.code === 'engine_crashed' && this.#worker) this.#failures++;
    clearTimeout(this.#restart);
    this.#supervisor?.end();
    this.#worker?.terminate();
    this.#kernelWorkers?.end();
    this.#restart = undefined;
    this.#supervisor = null;
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

function crashed(why: string): LodestoneError {
  return new LodestoneError('engine_crashed', `engine: ${why}; ${RESTART}`);
}

function missing(why: string): LodestoneError {
  const url = assetURL('worker.js').href;
  return new LodestoneError('engine_missing', `engine: ${workerProblem(url, 'did not start', why)}`, { url });
}
