// The page's end of the worker of an index of vectors.
import { build, otherBuild } from '../protocol/build.js';
import { abortedError, fromMessage, LodestoneError } from '../protocol/error.js';
import type { FromVectorsWorker, ToVectorsWorker, VectorsReply, VectorsRequest } from '../protocol/vectors.js';
import { assetURL, env } from './env.js';
import { keepRunning, requireWorkers, startWorker } from './host.js';
import { findReason, workerProblem } from './worker-problem.js';

export interface VectorCallOptions {
  signal?: AbortSignal | undefined;
  progress?: ((done: number, total: number) => void) | undefined;
  transfer?: ArrayBufferLike[];
}

interface Call extends VectorCallOptions {
  resolve(value: unknown): void;
  reject(e: unknown): void;
}

/** One worker with one index. When it fails, the vectors in it are gone: every call rejects. */
export class VectorWorker {
  readonly #worker: Worker;
  readonly #calls = new Map<number, Call>();
  #last = 0;
  #ended: LodestoneError | null = null;

  constructor() {
    requireWorkers();
    const url = assetURL('vectors.js');
    this.#worker = startWorker(url, 'lodestone-vectors', env.trustedTypesPolicy);
    this.#worker.onmessage = (e: MessageEvent<FromVectorsWorker>) => this.#receive(e.data);
    this.#worker.onerror = (e) => {
      e.preventDefault();
      void findReason(url.href, e.message ?? '').then((why) => this.#end(new LodestoneError('engine_missing', `engine: ${workerProblem(url.href, 'did not start or failed', why)}`, { url: url.href })));
    };
    this.#send({ type: 'start', kernels: assetURL('kernels.wasm').href });
  }

  call<const R extends VectorsRequest>(request: R, options: VectorCallOptions = {}): Promise<VectorsReply<R>> {
    const what = `VectorIndex.${request.op}`;
    const { signal } = options;
    if (this.#ended) return Promise.reject(this.#ended);
    if (signal?.aborted) return Promise.reject(abortedError(what, signal));
    const id = ++this.#last;
    return new Promise<VectorsReply<R>>((resolve, reject) => {
      const onAbort = (): void => this.#send({ type: 'abort', id });
      signal?.addEventListener('abort', onAbort, { once: true });
      const settled = (): void => {
        signal?.removeEventListener('abort', onAbort);
        this.#calls.delete(id);
        if (this.#calls.size === 0) keepRunning(this.#worker, false);
      };
      this.#calls.set(id, {
        ...options,
        resolve: (value) => (settled(), resolve(value as VectorsReply<R>)),
        reject: (e) => (settled(), reject(signal?.aborted ? abortedError(what, signal) : e)),
      });
      keepRunning(this.#worker, true);
      this.#send({ type: 'request', id, request }, options.transfer);
    });
  }

  /** Ends the worker and frees its memory. */
  dispose(): void {
    this.#end(new LodestoneError('disposed', 'VectorIndex: it was disposed of; make or load another'));
  }

  #send(message: ToVectorsWorker, transfer: ArrayBufferLike[] = []): void {
    this.#worker.postMessage(message, transfer as Transferable[]);
  }

  #receive(message: FromVectorsWorker): void {
    if (message.type === 'alive') {
      if (message.build !== build) this.#end(new LodestoneError('engine_missing', `engine: vectors.js does not fit: ${otherBuild(message.build)}`));
      return;
    }
    const call = this.#calls.get(message.id);
    if (message.type === 'progress') call?.progress?.(message.done, message.total);
    else if (message.type === 'result') call?.resolve(message.value);
    else call?.reject(fromMessage(message.error));
  }

  #end(why: LodestoneError): void {
    this.#ended ??= why;
    this.#worker.terminate();
    for (const call of [...this.#calls.values()]) call.reject(this.#ended);
  }
}
