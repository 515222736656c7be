// The script of the worker of an index of vectors, vectors.js. It starts the kernels and serves
// one request at a time, in order.
import { build } from '../../protocol/build.js';
import { abortedError, LodestoneError, toMessage } from '../../protocol/error.js';
import type { FromVectorsWorker, StartVectors, ToVectorsWorker, VectorsRequest, VectorsState } from '../../protocol/vectors.js';
import { readVectors, writeVectors } from '../../storage/vector-files.js';
import { compile } from '../compile.js';
import { load, save, savedBytes } from './format.js';
import type { ScanKernels } from './memory.js';
import { train } from './training.js';
import { checkFinite, Vectors, wrong } from './vectors.js';

interface WorkerScope {
  postMessage(message: FromVectorsWorker, transfer?: Transferable[]): void;
  onmessage: ((e: MessageEvent<ToVectorsWorker>) => void) | null;
}

/** How long a request computes before other messages get their turn, in milliseconds. */
const TURN = 40;
/** Vectors that are added between two turns at most. */
const BATCH = 2000;
/** How long the file of the kernels may take, in milliseconds. */
const STALL_TIMEOUT = 60_000;

const scope = self as unknown as WorkerScope;
const aborted = new Set<number>();
let kernels: Promise<ScanKernels>;
let vectors: Vectors | null = null;
let last: Promise<void> = Promise.resolve();

scope.onmessage = ({ data }) => {
  if (data.type === 'start') {
    scope.postMessage({ type: 'alive', build });
    kernels = start(data);
    kernels.catch(() => {}); // each request reports it
  } else if (data.type === 'abort') {
    aborted.add(data.id);
  } else {
    last = last.then(() => serve(data.id, data.request));
  }
};

async function start({ kernels: url }: StartVectors): Promise<ScanKernels> {
  const { exports } = await WebAssembly.instantiate(await compile(url, STALL_TIMEOUT), {});
  const failed = (exports['selftest'] as () => number)();
  if (failed !== 0) throw new LodestoneError('unsupported_browser', `kernels: this browser's WebAssembly SIMD computes wrongly (self-test ${failed})`);
  return exports as unknown as ScanKernels;
}

async function serve(id: number, request: VectorsRequest): Promise<void> {
  try {
    if (aborted.has(id)) throw abortedError(`VectorIndex.${request.op}`);
    const value = await perform(id, request, await kernels);
    const transfer = Object.values(value).flatMap((v) => (ArrayBuffer.isView(v) ? [v.buffer as ArrayBuffer] : []));
    scope.postMessage({ type: 'result', id, value }, transfer);
  } catch (e) {
    scope.postMessage({ type: 'error', id, error: toMessage(e) });
  } finally {
    aborted.delete(id);
  }
}

function state(x: Vectors): VectorsState {
  return { count: x.count, next: x.next, dim: x.dim, clusters: x.centroids?.count ?? 0, probes: x.probes, bytes: x.memory.size };
}

async function perform(id: number, request: VectorsRequest, k: ScanKernels): Promise<object> {
  switch (request.op) {
    case 'new':
      vectors = new Vectors(k, request.dim);
      return state(vectors);
    case 'load': {
      const { saved } = request;
      let at = 0;
      return loaded(load(k, (n) => saved.subarray(at, (at = Math.min(saved.length, at + n)))));
    }
    case 'open': {
      const found = await readVectors(request.name, (take) => load(k, take));
      if (!found) throw new LodestoneError('file_missing', `VectorIndex.open: this browser stores no index named ${JSON.stringify(request.name)}; make one and call store()`, { name: request.name });
      return loaded(found);
    }
  }
  const x = vectors;
  if (!x) throw wrong(`${request.op} before an index was made`);
  const what = `VectorIndex.${request.op}`;
  let since = performance.now();
  const pause = async (): Promise<void> => {
    if (performance.now() - since < TURN) return;
    await new Promise((turn) => setTimeout(turn));
    since = performance.now();
    if (aborted.has(id)) throw abortedError(what);
  };
  const progress = (done: number, total: number): void => scope.postMessage({ type: 'progress', id, done, total });
  switch (request.op) {
    case 'add':
      checkFinite(request.vectors, x.dim);
      await add(x, request.vectors, progress, pause);
      return state(x);
    case 'delete':
      for (const one of request.ids) x.delete(one);
      return state(x);
    case 'train':
      await train(x, { ...request, progress, pause });
      return state(x);
    case 'search': {
      checkFinite(request.query, x.dim);
      const hits = x.search(request.query, request.k, request.filter);
      return { ids: Int32Array.from(hits, (h) => h.id), scores: Float32Array.from(hits, (h) => h.score) };
    }
    case 'save': {
      const saved = new Uint8Array(savedBytes(x, request.metadata.length));
      let at = 0;
      save(x, request.metadata, (part) => {
        saved.set(part, at);
        at += part.length;
      });
      return { saved };
    }
    case 'store':
      if (!(await writeVectors(request.name, (emit) => save(x, request.metadata, emit)))) {
        throw new LodestoneError('unsupported_browser', 'VectorIndex.store: this browser keeps no files for this page (it needs https and the origin private file system); use save()');
      }
      return state(x);
  }
}

function loaded(found: { vectors: Vectors; metadata: Uint8Array }): object {
  vectors = found.vectors;
  return { ...state(vectors), metadata: found.metadata };
}

/** Adds all vectors, or none. */
async function add(x: Vectors, all: Float32Array, progress: (done: number, total: number) => void, pause: () => Promise<void>): Promise<void> {
  const first = x.next;
  const n = all.length / x.dim;
  try {
    for (let i = 0; i < n; i++) {
      x.add(all.subarray(i * x.dim, (i + 1) * x.dim));
      if (i % BATCH === BATCH - 1) {
        progress(i + 1, n);
        await pause();
      }
    }
  } catch (e) {
    for (let id = x.next - 1; id >= first; id--) x.delete(id);
    x.next = first;
    throw e;
  }
}
