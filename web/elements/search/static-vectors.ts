// Meaning without the engine: a query's vector is the sum of the rows of its pieces, and the
// passages lie in inverted lists with product quantisation (Jégou et al. 2011, IVFADC).
// FORMAT.md of models/siteindex says what is in each chunk.
import { pieces, vocabulary } from './pieces.js';
import type { SiteSource } from './site.js';
import { Cursor } from './wire.js';

export interface Similar {
  passage: number;
  /** An estimate of the cosine. */
  similarity: number;
}

export type StaticResult = { known: false } | { known: true; passages: Similar[] };

interface Clusters {
  probes: number;
  centroids: Float32Array;
  codebook: Float32Array;
  refs: string[];
}

/** The passages closest to a text, the closest first; `known` is false for scripts that the model does not know. */
export async function similar(site: SiteSource, text: string): Promise<StaticResult | null> {
  const query = await queryVector(site, text);
  if (query === null || query === 'unknown') return query && { known: false };
  const { store, manifest } = site;
  const { dim } = manifest.static!;
  const table = await store.chunk(manifest.tables['vectors']!.file, (c) => clusterTable(c, dim), manifest.tables['vectors']);
  const products = table.refs.map((ref, i) => ({ ref, product: dot(query, table.centroids, i * dim) })).filter(({ ref }) => ref);
  products.sort((a, b) => b.product - a.product);
  const lookup = lookupTable(query, table.codebook);
  const found: Similar[] = [];
  await Promise.all(
    products.slice(0, table.probes).map(async ({ ref, product }) => {
      const list = await store.chunk(ref, (c) => cluster(c, dim, site.passages));
      const width = dim / 4;
      for (let i = 0; i < list.passages.length; i++) {
        let similarity = product;
        for (let j = 0; j < width; j++) {
          const code = list.codes[i * width + j]!;
          similarity += lookup[32 * j + (code & 15)]! + lookup[32 * j + 16 + (code >> 4)]!;
        }
        found.push({ passage: list.passages[i]!, similarity });
      }
    }),
  );
  found.sort((a, b) => b.similarity - a.similarity || a.passage - b.passage);
  return { known: true, passages: found };
}

/** The vector of a query; null if it has no piece with a row. */
async function queryVector(site: SiteSource, text: string): Promise<Float32Array | 'unknown' | null> {
  const { store, manifest } = site;
  const { dim, rowsPerChunk } = manifest.static!;
  const v = await store.chunk(manifest.tables['pieces']!.file, vocabulary, manifest.tables['pieces']);
  const { rows, unknown, points } = pieces(text, v);
  if (unknown * 2 > points) return 'unknown';
  if (rows.length === 0) return null;
  const table = await store.chunk(manifest.tables['rows']!.file, rowTable, manifest.tables['rows']);
  if (table.perChunk !== rowsPerChunk) throw new Cursor(EMPTY_ROWS, 'LSRD').damaged(`has ${table.perChunk} rows in a chunk, the manifest ${rowsPerChunk}`);
  const chunks = new Map<number, Promise<Float32Array>>();
  for (const row of rows) {
    if (row >= table.rows) throw new Cursor(EMPTY_ROWS, 'LSRD').damaged(`has no row ${row}`);
    const i = Math.floor(row / rowsPerChunk);
    if (!chunks.has(i)) chunks.set(i, store.chunk(table.refs[i]!, (c) => rowChunk(c, dim, Math.min(rowsPerChunk, table.rows - i * rowsPerChunk))));
  }
  const loaded = new Map<number, Float32Array>();
  await Promise.all([...chunks].map(async ([i, chunk]) => loaded.set(i, await chunk)));
  const sum = new Float32Array(dim);
  for (const row of rows) {
    const values = loaded.get(Math.floor(row / rowsPerChunk))!;
    const at = (row % rowsPerChunk) * dim;
    for (let j = 0; j < dim; j++) sum[j]! += values[at + j]!;
  }
  const length = Math.sqrt(dot(sum, sum, 0));
  return length > 0 ? sum.map((x) => x / length) : null;
}

const EMPTY_ROWS = new Uint8Array([76, 83, 82, 68, 2]); // for its name in errors

function dot(a: Float32Array, b: Float32Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[at + i]!;
  return sum;
}

/** For each pair of dimensions, the query's product with each of its 16 centroids. */
function lookupTable(query: Float32Array, codebook: Float32Array): Float32Array {
  const out = new Float32Array(codebook.length / 2);
  for (let i = 0; i < out.length; i++) {
    const m = i >> 4;
    out[i] = query[2 * m]! * codebook[2 * i]! + query[2 * m + 1]! * codebook[2 * i + 1]!;
  }
  return out;
}

function rowTable(content: Uint8Array): { perChunk: number; rows: number; refs: string[] } {
  const c = new Cursor(content, 'LSRD');
  const perChunk = c.uv();
  const rows = c.uv();
  if (perChunk === 0 || rows >= 65535) throw c.damaged(`has ${rows} rows, ${perChunk} in a chunk`);
  const refs = Array.from({ length: Math.ceil(rows / perChunk) }, () => c.ref());
  c.end();
  return { perChunk, rows, refs };
}

function rowChunk(content: Uint8Array, dim: number, n: number): Float32Array {
  const c = new Cursor(content, 'LSRC');
  const out = new Float32Array(n * dim);
  for (let i = 0; i < n; i++) scaled(c, dim, out, i * dim);
  c.end();
  return out;
}

/** Reads a scale and numbers, and writes their products. */
function scaled(c: Cursor, dim: number, out: Float32Array, at: number): void {
  const scale = c.f32();
  const values = c.i8s(dim);
  for (let j = 0; j < dim; j++) out[at + j] = scale * values[j]!;
}

function clusterTable(content: Uint8Array, dim: number): Clusters {
  const c = new Cursor(content, 'LSVD');
  const found = c.uv();
  if (found !== dim) throw c.damaged(`has ${found} dimensions, the manifest ${dim}`);
  const n = c.count(dim + 4);
  const centroids = new Float32Array(n * dim);
  for (let i = 0; i < n; i++) scaled(c, dim, centroids, i * dim);
  const codebook = new Float32Array(dim * 16);
  scaled(c, dim * 16, codebook, 0);
  const refs = Array.from({ length: n }, () => {
    const passages = c.uv();
    const ref = c.ref();
    return passages > 0 ? ref : '';
  });
  const probes = c.uv();
  c.end();
  return { probes, centroids, codebook, refs };
}

function cluster(content: Uint8Array, dim: number, passages: number): { passages: Uint32Array; codes: Uint8Array } {
  const c = new Cursor(content, 'LSVC');
  const n = c.count(1 + dim / 4);
  const out = new Uint32Array(n);
  let passage = 0;
  for (let i = 0; i < n; i++) {
    passage += c.uv();
    if (passage >= passages) throw c.damaged(`names passage ${passage} of ${passages}`);
    out[i] = passage;
  }
  const codes = c.take((n * dim) / 4);
  c.end();
  return { passages: out, codes };
}
