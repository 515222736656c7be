// The indexes that bench.mjs compares, each behind the same three functions: build(vectors),
// search(query, k) with the numbers of the vectors found, and bytes() where it is known.
import { create, insertMultiple, searchVector } from '@orama/orama';
import initEdgeVec, { EdgeVec, EdgeVecConfig } from 'edgevec/edgevec.js';
import { loadHnswlib } from 'hnswlib-wasm';
import * as voy from 'voy-search/voy_search_bg.js';
import { train } from '../../src/worker/vectors/training.ts';
import { Vectors } from '../../src/worker/vectors/vectors.ts';

const rowsOf = (vectors, dim) => Array.from({ length: vectors.length / dim }, (_, i) => vectors.subarray(i * dim, (i + 1) * dim));

/** Lodestone's index; `probes` undefined compares all vectors. */
export async function lodestone(vectors, dim, { clusters = false } = {}) {
  const { instance } = await WebAssembly.instantiateStreaming(fetch('kernels.wasm'), {});
  const index = new Vectors(instance.exports, dim);
  for (const row of rowsOf(vectors, dim)) index.add(row);
  if (clusters) await train(index, { clusters: 0, probes: 0, recall: 0.995, progress() {}, pause: async () => {} });
  return {
    search: (query, k) => index.search(query, k).map((h) => h.id),
    bytes: () => index.memory.size,
    note: clusters ? `${index.probes} of ${index.centroids.count} clusters` : 'exact',
  };
}

export async function orama(vectors, dim) {
  const db = create({ schema: { v: `vector[${dim}]` } });
  await insertMultiple(db, rowsOf(vectors, dim).map((row, i) => ({ id: String(i), v: Array.from(row) })), 1000);
  return {
    search: async (query, k) => (await searchVector(db, { mode: 'vector', vector: { value: Array.from(query), property: 'v' }, similarity: -1, limit: k })).hits.map((h) => Number(h.id)),
    note: 'exact, in JavaScript',
  };
}

export async function edgevec(vectors, dim) {
  await initEdgeVec({ module_or_path: 'edgevec.wasm' });
  const config = new EdgeVecConfig(dim);
  config.metric = 'l2'; // of unit vectors, so the order is that of the cosine; its 'cosine' ranks the least similar first
  const index = new EdgeVec(config);
  const place = new Map();
  rowsOf(vectors, dim).forEach((row, i) => place.set(index.insert(row), i));
  return { search: (query, k) => index.search(query, k).map((h) => place.get(h.id)), note: 'HNSW, its defaults' };
}

export async function hnswlib(vectors, dim, { ef }) {
  const lib = await loadHnswlib();
  const index = new lib.HierarchicalNSW('cosine', dim, '');
  index.initIndex(vectors.length / dim, 16, 200, 100);
  rowsOf(vectors, dim).forEach((row, i) => index.addPoint(row, i, false));
  index.setEfSearch(ef);
  return { search: (query, k) => index.searchKnn(query, k, undefined).neighbors, note: `HNSW, M 16, efConstruction 200, ef ${ef}` };
}

export async function voySearch(vectors, dim) {
  const { instance } = await WebAssembly.instantiateStreaming(fetch('voy.wasm'), { './voy_search_bg.js': voy });
  voy.__wbg_set_wasm(instance.exports);
  const index = new voy.Voy({ embeddings: rowsOf(vectors, dim).map((row, i) => ({ id: String(i), title: '', url: '', embeddings: Array.from(row) })) });
  return { search: (query, k) => index.search(query, k).neighbors.map((n) => Number(n.id)), note: 'k-d tree' };
}
