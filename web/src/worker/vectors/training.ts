// Puts the vectors of an index into clusters, as models/vectorsearch/train.go does.
import { type Centroids, PAGE_ROWS, round, type Vectors } from './vectors.js';

const ROUNDS = 6;
/** Vectors of the sample for each cluster, and altogether. */
const SAMPLE = 40;
const MOST_SAMPLE = 40000;
const PROBE_QUERIES = 64;
/** Fewer vectors stay in one list. */
const LEAST = 1000;
const MOST_CLUSTERS = 1 << 16;

export interface TrainOptions {
  /** 0 is the square root of the number of vectors. */
  clusters: number;
  /** 0 is measured. */
  probes: number;
  /** The share of the true ten nearest vectors that searches should find. */
  recall: number;
  progress(done: number, total: number): void;
  /** Lets other messages in now and then; rejects to end the training. Until the vectors are moved the index is as before. */
  pause(): Promise<void>;
}

/** Clusters the vectors. Vectors that are added later go to the nearest cluster. */
export async function train(x: Vectors, o: TrainOptions): Promise<void> {
  if (x.count < LEAST) return;
  const wanted = o.clusters > 0 ? o.clusters : Math.floor(Math.sqrt(x.count));
  const k = Math.min(Math.max(wanted, 2), Math.floor(x.count / 4), MOST_CLUSTERS);
  const table = x.newCentroids(k);
  const ids = sample(x, Math.min(MOST_SAMPLE, SAMPLE * k));
  const total = ROUNDS * ids.length + x.count;
  await cluster(x, table, ids, (done) => o.progress(done, total), o.pause);
  const queries: Float32Array[] = [];
  const truth: Set<number>[] = [];
  const asked = Math.min(PROBE_QUERIES, ids.length);
  for (let i = 0; i < asked; i++) {
    const q = new Float32Array(x.padded);
    vector(x, ids[Math.floor((i * ids.length) / asked)]!, q);
    queries.push(q.subarray(0, x.dim));
    truth.push(new Set(x.exact(queries[i]!, 10).map(({ id }) => id)));
    await o.pause();
  }
  await move(x, table, (done) => o.progress(ROUNDS * ids.length + done, total), o.pause);
  x.probes = Math.min(o.probes, k);
  if (o.probes <= 0) measure(x, truth, queries, o.recall);
}

/** n ids, spread over the index. */
function sample(x: Vectors, n: number): number[] {
  const ids: number[] = [];
  let seen = 0;
  for (let id = 0; id < x.next; id++) {
    if (!x.has(id)) continue;
    if (Math.floor((seen * n) / x.count) >= ids.length) ids.push(id);
    seen++;
  }
  return ids;
}

/** Spherical k-means on a sample. */
async function cluster(x: Vectors, table: Centroids, ids: number[], progress: (done: number) => void, pause: () => Promise<void>): Promise<void> {
  const { padded } = x;
  const k = table.count;
  const centroids = new Float32Array(k * padded);
  for (let c = 0; c < k; c++) vector(x, ids[Math.floor((c * ids.length) / k)]!, centroids.subarray(c * padded, (c + 1) * padded));
  const v = new Float32Array(padded);
  for (let r = 0; r < ROUNDS; r++) {
    write(x, table, centroids);
    centroids.fill(0);
    const counts = new Uint32Array(k);
    for (const [i, id] of ids.entries()) {
      if (i % 256 === 0) {
        progress(r * ids.length + i);
        await pause();
      }
      const c = x.nearest(table, x.row(id).row);
      counts[c]!++;
      vector(x, id, v);
      for (let j = 0; j < padded; j++) centroids[c * padded + j]! += v[j]!;
    }
    // A cluster that lost all its vectors begins again at one of the sample.
    for (let c = 0; c < k; c++) if (counts[c] === 0) vector(x, ids[(c * 7919 + r) % ids.length]!, centroids.subarray(c * padded, (c + 1) * padded));
  }
  write(x, table, centroids);
}

/** Reads a vector. */
function vector(x: Vectors, id: number, v: Float32Array): void {
  const { row, scale } = x.row(id);
  for (let j = 0; j < v.length; j++) v[j] = scale * row[j]!;
}

/** Rounds centroids and writes them. */
function write(x: Vectors, table: Centroids, centroids: Float32Array): void {
  for (let c = 0; c < table.count; c++) {
    const scale = round(x.memory.i8(table.rows + c * x.padded, x.padded), centroids.subarray(c * x.padded, (c + 1) * x.padded));
    x.memory.f32(table.scales + 4 * c, 1)[0] = scale;
  }
}

/** Puts every row into the list of its cluster. A page is free as soon as its rows are moved, so the memory does not double. */
async function move(x: Vectors, table: Centroids, progress: (done: number) => void, pause: () => Promise<void>): Promise<void> {
  const old = x.lists;
  x.lists = Array.from({ length: table.count }, () => ({ pages: [], ids: [] }));
  x.centroids = table;
  let done = 0;
  for (const list of old) {
    for (const [p, page] of list.pages.entries()) {
      const ids = list.ids.slice(p * PAGE_ROWS, (p + 1) * PAGE_ROWS);
      const rows = ids.map((_, n) => {
        const { row, scale } = x.rowAt(list, p * PAGE_ROWS + n);
        return { row: row.slice(), scale };
      });
      x.release(page);
      for (const [n, id] of ids.entries()) x.append(x.nearest(table, rows[n]!.row), id, rows[n]!.row, rows[n]!.scale);
      done += ids.length;
      progress(done);
      await pause().catch(() => {}); // half of the vectors would be gone: a move ends
    }
  }
}

/**
 * Finds the smallest number of clusters with which the searches of truth find the share recall
 * of it, and a quarter more: other queries are less well placed.
 */
function measure(x: Vectors, truth: readonly Set<number>[], queries: readonly Float32Array[], recall: number): void {
  const found = (probes: number): number => {
    x.probes = probes;
    let [hit, all] = [0, 0];
    for (const [i, q] of queries.entries()) {
      all += truth[i]!.size;
      for (const { id } of x.search(q, truth[i]!.size)) if (truth[i]!.has(id)) hit++;
    }
    return hit / Math.max(all, 1);
  };
  let [low, high] = [1, x.lists.length];
  while (low < high) {
    const mid = (low + high) >> 1;
    if (found(mid) >= recall) high = mid;
    else low = mid + 1;
  }
  x.probes = Math.min(x.lists.length, low + ((low + 3) >> 2));
}
