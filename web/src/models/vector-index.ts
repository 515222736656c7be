// An index of vectors: the nearest ones to a query, in a worker without the engine.
import type { VectorsState } from '../protocol/vectors.js';
import { listVectors, removeVectors } from '../storage/vector-files.js';
import { Tensor } from '../page/tensor.js';
import * as check from '../page/validate.js';
import { VectorWorker } from '../page/vector-worker.js';

/** What is known of a vector: what JSON can hold. */
export type VectorMetadata = Readonly<Record<string, unknown>>;

type Value = string | number | boolean | null;

/**
 * Which vectors may be found: members of the metadata, each with a value or an array of values of
 * which it has to be one; or a function, which is called for every vector.
 */
export type VectorFilter = Readonly<Record<string, Value | readonly Value[]>> | ((metadata: VectorMetadata, id: number) => boolean);

export interface VectorHit {
  id: number;
  /** The cosine of the vector and the query. */
  score: number;
  metadata: VectorMetadata;
}

/** Vectors: a tensor [n, dim], n × dim numbers, or an array of arrays. */
export type Vectors = Tensor<'float32'> | Float32Array | readonly (Float32Array | readonly number[])[];

export interface VectorTraining {
  /** The number of clusters; the square root of the number of vectors if it is left out. */
  clusters?: number;
  /** The clusters that a search reads; measured if it is left out. */
  probes?: number;
  /** The share of the true ten nearest vectors that searches should find, where probes is measured: 0.99. */
  recall?: number;
  progress?: (done: number, total: number) => void;
  signal?: AbortSignal | null;
}

const NONE: VectorMetadata = Object.freeze({});

/**
 * Finds the vectors that are most similar to a query. Vectors are kept as int8 numbers in the
 * memory of a worker; similarity is the cosine. A search compares all vectors, which takes a few
 * milliseconds for 100,000 vectors of 256 numbers; for more, `train` puts them into clusters, of
 * which a search reads the nearest.
 *
 * ```js
 * const embed = await pipeline('feature-extraction');
 * const texts = ['The cat sleeps.', 'Shares fell on Monday.'];
 * const index = await VectorIndex.create(256);
 * await index.add(await embed(texts), texts.map((text) => ({ text })));
 * const [best] = await index.search(await embed('A kitten takes a nap.'), { k: 1 });
 * ```
 *
 * Files of `save` and `store` have the form that the Go package `models/vectorsearch` reads and writes.
 */
export class VectorIndex {
  readonly #worker: VectorWorker;
  #state: VectorsState;
  #metadata = new Map<number, VectorMetadata>();
  /** The bits of the last filter that was an object, while the vectors stay the same. */
  #filtered: { key: string; bits: Uint8Array } | null = null;

  private constructor(worker: VectorWorker, state: VectorsState) {
    this.#worker = worker;
    this.#state = state;
  }

  /** Makes an empty index of vectors of `dim` numbers, at most 4,096. */
  static async create(dim: number, options: { signal?: AbortSignal | null } = {}): Promise<VectorIndex> {
    const what = 'VectorIndex.create';
    const n = check.count(`${what}: dim`, dim);
    if (n === undefined) throw check.invalid(`${what}: dim is missing; give how many numbers a vector has`);
    const signal = check.onlySignal(what, options);
    return VectorIndex.#begin((worker) => worker.call({ op: 'new', dim: n }, { signal }), () => new Map());
  }

  /** Loads what `save` returned, or what the Go package saved. */
  static async load(saved: ArrayBuffer | Uint8Array, options: { signal?: AbortSignal | null } = {}): Promise<VectorIndex> {
    const what = 'VectorIndex.load';
    const signal = check.onlySignal(what, options);
    if (!(saved instanceof ArrayBuffer) && !(saved instanceof Uint8Array)) throw check.invalid(`${what}: expected an ArrayBuffer or a Uint8Array`);
    const bytes = saved instanceof Uint8Array ? saved : new Uint8Array(saved);
    return VectorIndex.#begin((worker) => worker.call({ op: 'load', saved: bytes }, { signal }), ({ metadata }) => parse(what, metadata));
  }

  /** Opens an index that `store` keeps in this browser. Rejects with `file_missing` if there is none of this name. */
  static async open(name: string, options: { signal?: AbortSignal | null } = {}): Promise<VectorIndex> {
    const what = 'VectorIndex.open';
    const key = nameOf(what, name);
    const signal = check.onlySignal(what, options);
    return VectorIndex.#begin((worker) => worker.call({ op: 'open', name: key }, { signal }), ({ metadata }) => parse(what, metadata));
  }

  /** The names of the indexes that this browser keeps for this site. */
  static list(): Promise<string[]> {
    return listVectors();
  }

  /** Removes an index that this browser keeps, and returns whether there was one. */
  static async remove(name: string): Promise<boolean> {
    return removeVectors(nameOf('VectorIndex.remove', name));
  }

  /** The number of vectors. */
  get size(): number {
    return this.#state.count;
  }

  /** The number of numbers in a vector. */
  get dim(): number {
    return this.#state.dim;
  }

  /** How many clusters there are, 0 before `train`, and how many of them a search reads. */
  get clusters(): { total: number; read: number } {
    return { total: this.#state.clusters, read: this.#state.probes };
  }

  /** The bytes of memory that hold the vectors. */
  get bytes(): number {
    return this.#state.bytes;
  }

  /** The metadata of a vector, or undefined if there is no such vector or nothing is known of it. */
  metadata(id: number): VectorMetadata | undefined {
    return this.#metadata.get(id);
  }

  /**
   * Adds vectors, with the metadata of each if there are any, and resolves to their ids. Ids
   * rise from 0 and are never used again. If a number is not finite, or the signal aborts,
   * nothing is added.
   */
  async add(vectors: Vectors, metadata?: readonly VectorMetadata[], options: { progress?: (done: number, total: number) => void; signal?: AbortSignal | null } = {}): Promise<number[]> {
    const what = 'VectorIndex.add';
    const o = check.knownOptions(what, options, ['progress', 'signal']);
    const data = flat(what, vectors, this.dim);
    const n = data.length / this.dim;
    const known = metadata === undefined ? [] : check.array(`${what}: metadata`, metadata);
    if (metadata !== undefined && known.length !== n) throw check.invalid(`${what}: ${known.length} metadata for ${n} vectors; one for each was expected`);
    known.forEach((m, i) => {
      if (typeof m !== 'object' || m === null || Array.isArray(m)) throw check.invalid(`${what}: metadata ${i} is ${m === null ? 'null' : typeof m}; an object was expected`);
    });
    const progress = check.callback(`${what}: progress`, o.progress);
    const signal = check.abortSignal(`${what}: signal`, o.signal);
    this.#state = await this.#worker.call({ op: 'add', vectors: data }, { signal, progress, transfer: [data.buffer] });
    this.#filtered = null;
    const first = this.#state.next - n;
    known.forEach((m, i) => this.#metadata.set(first + i, m as VectorMetadata));
    return Array.from({ length: n }, (_, i) => first + i);
  }

  /** Removes vectors, and resolves to how many were there. */
  async delete(ids: number | readonly number[]): Promise<number> {
    const what = 'VectorIndex.delete';
    const list = (typeof ids === 'number' ? [ids] : check.array(what, ids)).map((id) => check.whole(`${what}: id`, id, 0x7fffffff));
    const before = this.#state.count;
    const known = list.filter((id) => id !== undefined);
    this.#state = await this.#worker.call({ op: 'delete', ids: Int32Array.from(known) });
    for (const id of known) this.#metadata.delete(id);
    this.#filtered = null;
    return before - this.#state.count;
  }

  /** Finds the `k` vectors (10) that are most similar to a query, the best first. A filter applies during the search, so it does not make hits fewer. */
  async search(query: Tensor<'float32'> | Float32Array | readonly number[], options: { k?: number; filter?: VectorFilter | null; signal?: AbortSignal | null } = {}): Promise<VectorHit[]> {
    const what = 'VectorIndex.search';
    const o = check.knownOptions(what, options, ['k', 'filter', 'signal']);
    const k = check.count(`${what}: k`, o.k) ?? 10;
    const signal = check.abortSignal(`${what}: signal`, o.signal);
    const vector = flat(what, Array.isArray(query) ? [query as readonly number[]] : (query as Tensor<'float32'> | Float32Array), this.dim);
    if (vector.length !== this.dim) throw check.invalid(`${what}: ${vector.length / this.dim} queries; one was expected`);
    const filter = o.filter === undefined || o.filter === null ? null : this.#bits(what, o.filter);
    const { ids, scores } = await this.#worker.call({ op: 'search', query: vector, k, filter }, { signal });
    return Array.from(ids, (id, i) => ({ id, score: scores[i]!, metadata: this.#metadata.get(id) ?? NONE }));
  }

  /** Puts the vectors into clusters, so that searches of many vectors are fast and find nearly all that exact ones find. Fewer than 1,000 vectors stay as they are. */
  async train(options: VectorTraining = {}): Promise<void> {
    const what = 'VectorIndex.train';
    const o = check.knownOptions(what, options, ['clusters', 'probes', 'recall', 'progress', 'signal']);
    const recall = o.recall === undefined ? 0.99 : check.number(`${what}: recall`, o.recall);
    if (!(recall > 0 && recall <= 1)) throw check.invalid(`${what}: recall: ${recall}, expected a number above 0, up to 1`);
    this.#state = await this.#worker.call(
      { op: 'train', clusters: check.count(`${what}: clusters`, o.clusters) ?? 0, probes: check.count(`${what}: probes`, o.probes) ?? 0, recall },
      { signal: check.abortSignal(`${what}: signal`, o.signal), progress: check.callback(`${what}: progress`, o.progress) },
    );
  }

  /** The index as bytes, metadata included. */
  async save(): Promise<Uint8Array> {
    const { saved } = await this.#worker.call({ op: 'save', metadata: this.#packed('VectorIndex.save') });
    return saved;
  }

  /** Keeps the index in this browser under a name, in the origin private file system, in place of what was kept under it. */
  async store(name: string): Promise<void> {
    const what = 'VectorIndex.store';
    await this.#worker.call({ op: 'store', name: nameOf(what, name), metadata: this.#packed(what) });
  }

  /** Ends the worker and frees its memory. */
  async dispose(): Promise<void> {
    this.#worker.dispose();
  }

  /** A bit for each id that a filter lets pass. */
  #bits(what: string, filter: VectorFilter): Uint8Array {
    const passes = typeof filter === 'function' ? filter : matching(what, filter);
    const key = typeof filter === 'function' ? null : JSON.stringify(filter);
    if (key !== null && this.#filtered?.key === key) return this.#filtered.bits;
    const bits = new Uint8Array((this.#state.next + 7) >> 3);
    if (typeof filter === 'function') {
      for (let id = 0; id < this.#state.next; id++) if (filter(this.#metadata.get(id) ?? NONE, id)) bits[id >> 3]! |= 1 << (id & 7);
    } else {
      for (const [id, metadata] of this.#metadata) if (passes(metadata, id)) bits[id >> 3]! |= 1 << (id & 7);
    }
    if (key !== null) this.#filtered = { key, bits };
    return bits;
  }

  #packed(what: string): Uint8Array {
    try {
      return new TextEncoder().encode(JSON.stringify([...this.#metadata]));
    } catch (e) {
      throw check.invalid(`${what}: a metadata cannot be saved as JSON: ${e instanceof Error ? e.message : String(e)}`);
    }
  }

  /** Starts a worker and makes its index. */
  static async #begin<S extends VectorsState>(make: (worker: VectorWorker) => Promise<S>, metadata: (state: S) => Map<number, VectorMetadata>): Promise<VectorIndex> {
    const worker = new VectorWorker();
    try {
      const state = await make(worker);
      const index = new VectorIndex(worker, state);
      index.#metadata = metadata(state);
      return index;
    } catch (e) {
      worker.dispose();
      throw e;
    }
  }
}

function nameOf(what: string, name: unknown): string {
  if (typeof name === 'string' && name !== '' && name.length <= 60) return name;
  throw check.invalid(`${what}: name: expected a text of 1 to 60 characters`);
}

/** Whether the members of a metadata have the values of a filter. */
function matching(what: string, filter: Exclude<VectorFilter, Function>): (metadata: VectorMetadata, id: number) => boolean {
  if (typeof filter !== 'object') throw check.invalid(`${what}: filter: ${typeof filter}, expected an object or a function`);
  const wanted = Object.entries(filter).map(([name, value]) => [name, new Set<unknown>(Array.isArray(value) ? value : [value])] as const);
  return (metadata) => wanted.every(([name, values]) => values.has(metadata[name]));
}

/** The numbers of vectors, in an array of their own. */
function flat(what: string, vectors: Vectors, dim: number): Float32Array<ArrayBuffer> {
  const data = vectors instanceof Tensor ? vectors.data : vectors;
  if (data instanceof Float32Array) {
    if (data.length === 0 || data.length % dim !== 0) throw check.invalid(`${what}: ${data.length} numbers; a multiple of ${dim}, the numbers of a vector, was expected`);
    return new Float32Array(data);
  }
  const rows = check.array(what, data) as readonly (Float32Array | readonly number[])[];
  const out = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    const n = Array.isArray(row) || row instanceof Float32Array ? row.length : 0;
    if (n !== dim) throw check.invalid(`${what}: vector ${i} has ${n} numbers; ${dim} were expected`);
    out.set(row, i * dim);
  });
  return out;
}

/** The metadata that a saved index has. */
function parse(what: string, bytes: Uint8Array): Map<number, VectorMetadata> {
  if (bytes.length === 0) return new Map();
  try {
    const pairs = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as [number, VectorMetadata][];
    if (pairs.every(([id, m]) => Number.isSafeInteger(id) && id >= 0 && typeof m === 'object' && m !== null)) return new Map(pairs);
  } catch {
    // not JSON, or not pairs
  }
  throw check.invalid(`${what}: this is not a saved index: its metadata are not pairs of an id and an object; save it again`);
}
