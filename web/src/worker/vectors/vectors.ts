// The vectors of an index, in the kernels' memory: the same as package vectorsearch
// (models/vectorsearch), which has the sources of the methods.
import { LodestoneError } from '../../protocol/error.js';
import { Memory, type ScanKernels } from './memory.js';
import { type Hit, Top } from './top.js';

/** Rows of a page, which one call of the kernel scans. Each cluster has a page that is not full: large pages would waste memory. */
export const PAGE_ROWS = 128;
/** Numbers of a vector at most. */
export const MOST_DIM = 4096;
/** Ids of an index at most. */
export const MOST_IDS = 1 << 24;
/** Candidates for each result that are compared again after a search of clusters. */
const AGAIN = 4;

/** Where a vector is: its list, and its row in the list; list −1 is nowhere. */
export interface Places {
  list: Int32Array;
  row: Uint32Array;
}

/** The vectors of a cluster. */
export interface List {
  /** Addresses of pages: rows, then their scales. */
  pages: number[];
  ids: number[];
}

/** Centroids of clusters: rows and scales in memory. */
export interface Centroids {
  count: number;
  rows: number;
  scales: number;
}

export class Vectors {
  readonly memory: Memory;
  readonly dim: number;
  /** dim up to a multiple of 16. */
  readonly padded: number;
  lists: List[] = [{ pages: [], ids: [] }];
  centroids: Centroids | null = null;
  /** Clusters that a search reads. */
  probes = 0;
  /** The next id. Ids are never used again. */
  next = 0;
  count = 0;
  places: Places = { list: new Int32Array(0), row: new Uint32Array(0) };
  readonly #free: number[] = [];
  readonly #query: number;
  readonly #keep: number;
  #scores: number;
  #scoresFor = PAGE_ROWS;

  constructor(kernels: ScanKernels, dim: number) {
    if (!Number.isSafeInteger(dim) || dim < 1 || dim > MOST_DIM) throw wrong(`${dim} numbers in a vector; 1 to ${MOST_DIM} are supported`);
    this.memory = new Memory(kernels);
    this.dim = dim;
    this.padded = (dim + 15) & ~15;
    this.#query = this.memory.alloc(this.padded);
    this.#keep = this.memory.alloc(PAGE_ROWS);
    this.#scores = this.memory.alloc(4 * PAGE_ROWS);
  }

  has(id: number): boolean {
    return id < this.next && this.places.list[id]! >= 0;
  }

  /** The row of an id, and its scale. The view is valid until memory grows. */
  row(id: number): { row: Int8Array; scale: number } {
    return this.rowAt(this.lists[this.places.list[id]!]!, this.places.row[id]!);
  }

  rowAt(list: List, n: number): { row: Int8Array; scale: number } {
    const page = list.pages[Math.floor(n / PAGE_ROWS)]!;
    const i = n % PAGE_ROWS;
    return { row: this.memory.i8(page + i * this.padded, this.padded), scale: this.memory.f32(page + PAGE_ROWS * this.padded + 4 * i, 1)[0]! };
  }

  /** Makes room for ids below n. */
  reserve(n: number): void {
    const { list, row } = this.places;
    if (n <= list.length) return;
    const size = Math.max(n, Math.min(MOST_IDS, Math.ceil(1.25 * list.length)));
    this.places = { list: new Int32Array(size).fill(-1), row: new Uint32Array(size) };
    this.places.list.set(list);
    this.places.row.set(row);
  }

  /** Adds a vector, and returns its id. */
  add(vector: Float32Array): number {
    if (this.next >= MOST_IDS) throw wrong(`more than ${MOST_IDS} vectors in an index`);
    const row = new Int8Array(this.padded);
    const scale = round(row, vector);
    this.reserve(this.next + 1);
    this.append(this.centroids ? this.nearest(this.centroids, row) : 0, this.next, row, scale);
    this.count++;
    return this.next++;
  }

  /** Puts a row at the end of a list. */
  append(l: number, id: number, row: Int8Array, scale: number): void {
    const list = this.lists[l]!;
    const n = list.ids.length;
    if (n === list.pages.length * PAGE_ROWS) list.pages.push(this.#free.pop() ?? this.memory.alloc(PAGE_ROWS * (this.padded + 4)));
    this.#write(list, n, row, scale);
    list.ids.push(id);
    this.places.list[id] = l;
    this.places.row[id] = n;
  }

  #write(list: List, n: number, row: Int8Array, scale: number): void {
    const page = list.pages[Math.floor(n / PAGE_ROWS)]!;
    const i = n % PAGE_ROWS;
    this.memory.i8(page + i * this.padded, this.padded).set(row);
    this.memory.f32(page + PAGE_ROWS * this.padded + 4 * i, 1)[0] = scale;
  }

  /** Marks a page as unused. */
  release(page: number): void {
    this.#free.push(page);
  }

  /** Removes a vector, and returns whether it was there. */
  delete(id: number): boolean {
    if (!this.has(id)) return false;
    const l = this.places.list[id]!;
    const list = this.lists[l]!;
    const hole = this.places.row[id]!;
    const last = list.ids.length - 1;
    if (hole !== last) {
      const { row, scale } = this.rowAt(list, last);
      this.#write(list, hole, row, scale);
      const moved = list.ids[last]!;
      list.ids[hole] = moved;
      this.places.row[moved] = hole;
    }
    list.ids.pop();
    if (last % PAGE_ROWS === 0) this.release(list.pages.pop()!);
    this.places.list[id] = -1;
    this.count--;
    return true;
  }

  /** Finds the k vectors that are most similar to a query, the best first. A filter has a bit for each id that may be found. */
  search(query: Float32Array, k: number, filter: Uint8Array | null = null): Hit[] {
    k = Math.min(k, this.count);
    if (k <= 0) return [];
    const row = new Int8Array(this.padded);
    const scale = round(row, query);
    this.memory.i8(this.#query, this.padded).set(row);
    if (!this.centroids) {
      const top = new Top(k);
      this.#scan(this.lists[0]!, scale, filter, top);
      return top.sorted();
    }
    const top = new Top(Math.min(AGAIN * k, this.count));
    for (const l of this.#nearestLists(this.centroids)) this.#scan(this.lists[l]!, scale, filter, top);
    return this.#rescore(query, top.sorted()).slice(0, k);
  }

  /** The hits of a search that compares all vectors, whether there are clusters or not. */
  exact(query: Float32Array, k: number): Hit[] {
    const row = new Int8Array(this.padded);
    const scale = round(row, query);
    this.memory.i8(this.#query, this.padded).set(row);
    const top = new Top(Math.min(k, this.count));
    for (const list of this.lists) this.#scan(list, scale, null, top);
    return top.sorted();
  }

  /** Compares the query in memory with the rows of a list. */
  #scan(list: List, scale: number, filter: Uint8Array | null, top: Top): void {
    const { kernels } = this.memory;
    const keep = this.memory.i8(this.#keep, PAGE_ROWS);
    const scores = this.memory.f32(this.#scores, PAGE_ROWS);
    for (const [p, page] of list.pages.entries()) {
      const from = p * PAGE_ROWS;
      const n = Math.min(PAGE_ROWS, list.ids.length - from);
      if (n <= 0) return;
      if (filter) {
        let some = 0;
        for (let i = 0; i < n; i++) {
          const id = list.ids[from + i]!;
          some |= keep[i] = id >> 3 < filter.length ? (filter[id >> 3]! >> (id & 7)) & 1 : 0;
        }
        if (!some) continue;
      }
      kernels.scan_q8(this.#scores, this.#query, page, page + PAGE_ROWS * this.padded, filter ? this.#keep : 0, n, this.padded);
      for (let i = 0; i < n; i++) {
        const score = Math.fround(scores[i]! * scale);
        if (score >= top.least && score > -Infinity) top.add(list.ids[from + i]!, score);
      }
    }
  }

  /** Compares candidates with the query before it was rounded. */
  #rescore(query: Float32Array, hits: Hit[]): Hit[] {
    let length = 0;
    for (const y of query) length += y * y;
    if (length === 0) return hits;
    const top = new Top(hits.length);
    for (const { id } of hits) {
      const { row, scale } = this.row(id);
      let sum = 0;
      for (let j = 0; j < query.length; j++) sum += query[j]! * row[j]!;
      top.add(id, Math.fround((sum * scale) / Math.sqrt(length)));
    }
    return top.sorted();
  }

  /** Centroids of zeros. */
  newCentroids(count: number): Centroids {
    if (count > this.#scoresFor) [this.#scores, this.#scoresFor] = [this.memory.alloc(4 * count), count];
    return { count, rows: this.memory.alloc(count * this.padded), scales: this.memory.alloc(4 * count) };
  }

  /** The products of the row in memory with the centroids. */
  #compare(c: Centroids): Float32Array {
    this.memory.kernels.scan_q8(this.#scores, this.#query, c.rows, c.scales, 0, c.count, this.padded);
    return this.memory.f32(this.#scores, c.count);
  }

  /** The cluster of a row. */
  nearest(c: Centroids, row: Int8Array): number {
    this.memory.i8(this.#query, this.padded).set(row);
    const scores = this.#compare(c);
    let best = 0;
    for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i;
    return best;
  }

  /** The clusters that a search reads, the nearest first. */
  #nearestLists(c: Centroids): number[] {
    const top = new Top(Math.max(this.probes, 1));
    const scores = this.#compare(c);
    for (let i = 0; i < scores.length; i++) if (scores[i]! >= top.least) top.add(i, scores[i]!);
    return top.sorted().map(({ id }) => id);
  }
}

/**
 * Writes the int8 numbers of a vector divided by its length, and returns their scale, which is
 * that of the rounded vector: the cosine of a vector to itself is 1. Zeros stay zeros.
 */
export function round(row: Int8Array, vector: Float32Array): number {
  let most = 0;
  for (const y of vector) most = Math.max(most, Math.abs(y));
  row.fill(0);
  if (most === 0) return 0;
  let sum = 0;
  for (let i = 0; i < vector.length; i++) {
    const x = (vector[i]! / most) * 127;
    let q = Math.round(x);
    if (q - x === 0.5 && q % 2 !== 0) q--; // half to even
    row[i] = q;
    sum += q * q;
  }
  return Math.fround(1 / Math.sqrt(sum));
}

/** Throws if a number of some vectors is NaN or infinite. */
export function checkFinite(vectors: Float32Array, dim: number): void {
  for (let i = 0; i < vectors.length; i++) {
    if (!Number.isFinite(vectors[i])) throw wrong(`number ${i % dim} of vector ${Math.floor(i / dim)} is ${vectors[i]}; finite numbers were expected`);
  }
}

export function wrong(why: string): LodestoneError {
  return new LodestoneError('invalid_argument', `VectorIndex: ${why}`);
}
