// node --test web/src/worker/vectors/vectors.test.mjs
//
// The index of vectors of the page finds and saves what package vectorsearch does, to the bit
// (testdata/, made by testdata/main.go), and what is not a saved index is refused.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load as compile } from '../../../elements/search/compile.mjs';

const { Vectors, checkFinite, load, round, save, savedBytes, train } = await compile(...['vectors', 'format', 'training'].map((name) => `../../src/worker/vectors/${name}.ts`));
const file = (name) => readFileSync(new URL(`testdata/${name}`, import.meta.url));
const expected = JSON.parse(file('found.json'));
const module = new WebAssembly.Module(readFileSync(new URL('../../../../kernels/simd/simd128.wasm', import.meta.url)));
const kernels = () => new WebAssembly.Instance(module, {}).exports;
const none = new Uint8Array(0);

const taking = (bytes) => {
  let at = 0;
  return (n) => bytes.subarray(at, (at = Math.min(bytes.length, at + n)));
};
const open = (bytes) => load(kernels(), taking(bytes));
const bytesOf = (x, metadata = none) => {
  const parts = [];
  save(x, metadata, (part) => parts.push(part.slice()));
  return Buffer.concat(parts);
};
const everyThird = (x) => {
  const bits = new Uint8Array((x.next + 7) >> 3);
  for (let id = 0; id < x.next; id += 3) bits[id >> 3] |= 1 << (id & 7);
  return bits;
};
const quiet = { progress() {}, pause: async () => {} };

function filled() {
  const x = new Vectors(kernels(), 20);
  const all = Float32Array.from(expected.vectors);
  for (let i = 0; i < all.length; i += 20) x.add(all.subarray(i, i + 20));
  for (const id of expected.deleted) assert.equal(x.delete(id), true);
  return x;
}

function sameHits(x, rows) {
  for (const { query, filter, ids, scores } of rows) {
    const hits = x.search(Float32Array.from(query), 10, filter ? everyThird(x) : null);
    assert.deepEqual(hits.map((h) => h.id), ids ?? []);
    assert.deepEqual(hits.map((h) => h.score), Array.from(Float32Array.from(scores ?? [])));
  }
}

test('an index of the page finds and saves what the Go package does', () => {
  const x = filled();
  sameHits(x, expected.exact);
  assert.deepEqual(bytesOf(x).subarray(0, -8), file('exact.lsvi'));
});

test('training gives the same clusters, and vectors that are added go to the same ones', async () => {
  const x = filled();
  await train(x, { clusters: 0, probes: 0, recall: 0.99, ...quiet });
  for (const vector of expected.added) x.add(Float32Array.from(vector));
  assert.deepEqual(bytesOf(x).subarray(0, -8), file('trained.lsvi'));
  sameHits(x, expected.trained);
});

test('what the Go package saved can be searched, changed and saved again', () => {
  for (const name of ['exact', 'trained']) {
    const { vectors, metadata } = open(file(`${name}.lsvi`));
    assert.equal(metadata.length, 0);
    sameHits(vectors, expected[name]);
    assert.equal(vectors.delete(8), true);
    assert.equal(vectors.delete(8), false);
    const note = new TextEncoder().encode('[[1,{"a":2}]]');
    const saved = bytesOf(vectors, note);
    assert.equal(saved.length, savedBytes(vectors, note.length));
    const again = open(saved);
    assert.deepEqual([again.vectors.count, again.vectors.next, again.vectors.has(8)], [vectors.count, vectors.next, false]);
    assert.deepEqual(Buffer.from(again.metadata), Buffer.from(note));
  }
});

test('training that is interrupted leaves the index as it was', async () => {
  const x = filled();
  await assert.rejects(train(x, { clusters: 0, probes: 0, recall: 0.99, progress() {}, pause: () => Promise.reject(new Error('stop')) }), /stop/);
  sameHits(x, expected.exact);
  assert.equal(x.centroids, null);
});

test('the place of removed vectors is used again', () => {
  const x = filled();
  const before = x.memory.size;
  for (let id = 0; id < x.next; id++) x.delete(id);
  assert.deepEqual(x.search(new Float32Array(20).fill(1), 3), []);
  for (let i = 0; i < 1000; i++) x.add(new Float32Array(20).fill(i + 1));
  assert.equal(x.memory.size, before);
  assert.deepEqual(x.search(new Float32Array(20).fill(1), 2).map((h) => h.id), [1300, 1301]); // equal scores by their ids
});

test('numbers that are not finite are refused, and zeros have no direction', () => {
  assert.throws(() => checkFinite(Float32Array.of(1, NaN), 2), /number 1 of vector 0 is NaN/);
  assert.throws(() => checkFinite(Float32Array.of(1, 2, Infinity, 0), 2), /vector 1/);
  assert.throws(() => new Vectors(kernels(), 0), /0 numbers/);
  assert.throws(() => new Vectors(kernels(), 5000), /4096/);
  const row = new Int8Array(4);
  assert.equal(round(row, new Float32Array(4)), 0);
  round(row, Float32Array.of(2, 1, 3, -2)); // 84.67, 42.33, 127, −84.67
  assert.deepEqual([...row], [85, 42, 127, -85]);
});

// A damaged file ends in a sentence, whatever its bytes: each prefix, each byte of the head
// with other bits, and files of random bytes.
test('what is not a saved index is refused with a sentence', () => {
  const refused = (e) => e.name === 'LodestoneError' && e.code === 'invalid_argument' && e.message.length > 30;
  const attempt = (bytes) => {
    try {
      open(bytes);
    } catch (e) {
      assert.ok(refused(e), `${e.stack}`);
    }
  };
  const whole = bytesOf(open(file('trained.lsvi')).vectors);
  for (const n of [0, 3, 23, 24, 100, 1000, whole.length - 9, whole.length - 7]) assert.throws(() => open(whole.subarray(0, n)), refused, `${n} bytes`);
  let seed = 1;
  const next = (n) => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8) % n;
  for (let i = 0; i < 300; i++) {
    const changed = Buffer.from(whole);
    const at = i < 24 * 8 ? i >> 3 : next(changed.length);
    changed[at] ^= 1 << (i < 24 * 8 ? i & 7 : next(8));
    attempt(changed);
    attempt(Buffer.concat([whole.subarray(0, 24), Buffer.from(Array.from({ length: next(200) }, () => next(256)))]));
  }
});
