// The page of bench.mjs: makes the data, asks every index the same questions, and compares
// what each finds with the true nearest vectors.
import * as engines from './engines.mjs';

const K = 10;

/** Unit vectors near some directions, as sentences are near topics, and queries near them too. */
function data(rows, queries, dim) {
  let seed = 1;
  const random = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => random() + random() + random() + random() - 2; // near enough
  const topics = Math.max(20, Math.floor(rows / 100));
  const centers = Float32Array.from({ length: topics * dim }, normal);
  const all = new Float32Array((rows + queries) * dim);
  for (let i = 0; i < rows + queries; i++) {
    const c = Math.floor(random() * topics) * dim;
    let sum = 0;
    for (let j = 0; j < dim; j++) {
      const x = centers[c + j] + normal();
      all[i * dim + j] = x;
      sum += x * x;
    }
    for (let j = 0; j < dim; j++) all[i * dim + j] /= Math.sqrt(sum);
  }
  return { vectors: all.subarray(0, rows * dim), queries: Array.from({ length: queries }, (_, i) => all.subarray((rows + i) * dim, (rows + i + 1) * dim)) };
}

/** The numbers of the k nearest vectors by the cosine in float64. */
function nearest(vectors, query) {
  const dim = query.length;
  const best = [];
  for (let i = 0; i * dim < vectors.length; i++) {
    let score = 0;
    for (let j = 0; j < dim; j++) score += vectors[i * dim + j] * query[j];
    if (best.length === K && score <= best[K - 1].score) continue;
    let at = best.length;
    while (at > 0 && best[at - 1].score < score) at--;
    best.splice(at, 0, { i, score });
    best.length = Math.min(best.length, K);
  }
  return best.map((b) => b.i);
}

let made = null;
let asked = null;

/** One index: how long it takes to build, to answer, and what share of the true ten nearest it finds. */
globalThis.measure = async ({ engine, options, rows, queries, dim, checked }) => {
  const key = `${rows} ${queries} ${dim}`;
  if (made !== key) {
    asked = data(rows, queries, dim);
    asked.truth = asked.queries.slice(0, checked).map((q) => nearest(asked.vectors, q));
    made = key;
  }
  let t = performance.now();
  const index = await engines[engine](asked.vectors, dim, options);
  const build = performance.now() - t;
  let found = 0;
  for (const [i, truth] of asked.truth.entries()) {
    const got = new Set(await index.search(asked.queries[i], K));
    found += truth.filter((n) => got.has(n)).length;
  }
  const times = [];
  for (const q of asked.queries) {
    t = performance.now();
    await index.search(q, K);
    times.push(performance.now() - t);
  }
  times.sort((a, b) => a - b);
  return { build, median: times[times.length >> 1], p95: times[Math.floor(times.length * 0.95)], recall: found / (K * asked.truth.length), bytes: index.bytes?.() ?? 0, note: index.note };
};
