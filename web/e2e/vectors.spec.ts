// VectorIndex in a page: search, filters, storage, clusters, cancelling, and what is refused.
// That it finds and saves what the Go package does: web/src/worker/vectors/vectors.test.mjs.
import { expect } from '@playwright/test';
import { open, test } from './harness.js';

test('the nearest vectors are found, with their metadata and by filters', async ({ page }) => {
  const requests: string[] = [];
  page.on('request', (r) => requests.push(new URL(r.url()).pathname.split('/').at(-1)!));
  const seen = await page.evaluate(async () => {
    const index = await lodestone.VectorIndex.create(3);
    const ids = await index.add([[1, 0, 0], [0, 1, 0], [0.9, 0.1, 0], [-1, 0, 0]], [{ kind: 'a' }, { kind: 'b' }, { kind: 'b' }, { kind: 'c' }]);
    const tensor = new lodestone.Tensor('float32', Float32Array.of(2, 0, 0), [1, 3]);
    const out = {
      ids,
      best: await index.search(tensor, { k: 2 }),
      object: await index.search([1, 0, 0], { filter: { kind: ['b', 'c'] } }),
      again: await index.search([1, 0, 0], { filter: { kind: ['b', 'c'] } }),
      function: await index.search(Float32Array.of(1, 0, 0), { filter: (m, id) => m['kind'] === 'b' && id < 2 }),
      none: await index.search([1, 0, 0], { filter: { kind: 'x' } }),
      deleted: await index.delete([0, 0, 99]),
      after: await index.search([1, 0, 0], { k: 1 }),
      next: await index.add(Float32Array.of(0, 0, 1)),
      size: index.size,
      dim: index.dim,
    };
    await index.dispose();
    return out;
  });
  expect(seen.ids).toEqual([0, 1, 2, 3]);
  expect(seen.best.map((h) => [h.id, h.metadata])).toEqual([[0, { kind: 'a' }], [2, { kind: 'b' }]]);
  expect(seen.best[0]!.score).toBeCloseTo(1, 5);
  expect(seen.best[1]!.score).toBeCloseTo(0.9 / Math.hypot(0.9, 0.1), 2);
  expect(seen.object.map((h) => h.id)).toEqual([2, 1, 3]);
  expect(seen.again).toEqual(seen.object);
  expect(seen.function.map((h) => h.id)).toEqual([1]);
  expect(seen.none).toEqual([]);
  expect(seen.deleted).toBe(1);
  expect(seen.after.map((h) => h.id)).toEqual([2]);
  expect(seen.next).toEqual([4]);
  expect([seen.size, seen.dim]).toEqual([4, 3]);
  // The engine is not fetched for it.
  expect(requests).toContain('vectors.js');
  expect(requests).toContain('kernels.wasm');
  expect(requests).not.toContain('engine.wasm.gz');
});

test('an index is kept in the browser and survives a reload, and is a file as well', async ({ page }) => {
  const saved = await page.evaluate(async () => {
    const index = await lodestone.VectorIndex.create(2);
    await index.add([[1, 0], [0, 1]], [{ text: 'east' }, { text: 'north' }]);
    await index.store('mine');
    await index.add([[1, 1]], [{ text: 'between' }]);
    await index.store('mine'); // in place of the first
    const bytes = await index.save();
    await index.dispose();
    return Array.from(bytes);
  });
  await open(page);
  const seen = await page.evaluate(async (saved) => {
    const opened = await lodestone.VectorIndex.open('mine');
    const loaded = await lodestone.VectorIndex.load(Uint8Array.from(saved));
    const ask = (index: typeof opened) => index.search([0.9, 1], { k: 3 });
    const out = { names: await lodestone.VectorIndex.list(), opened: await ask(opened), loaded: await ask(loaded), removed: await lodestone.VectorIndex.remove('mine'), left: await lodestone.VectorIndex.list() };
    await Promise.all([opened.dispose(), loaded.dispose()]);
    return { ...out, missing: await failure(lodestone.VectorIndex.open('mine')) };
  }, saved);
  expect(seen.names).toEqual(['mine']);
  expect(seen.opened.map((h) => h.metadata['text'])).toEqual(['between', 'north', 'east']);
  expect(seen.loaded).toEqual(seen.opened);
  expect([seen.removed, seen.left]).toEqual([true, []]);
  expect(seen.missing.code).toBe('file_missing');
});

test('a save that was cut off leaves the one before', async ({ page }) => {
  const text = await page.evaluate(async () => {
    const index = await lodestone.VectorIndex.create(2);
    await index.add([[1, 0]], [{ text: 'whole' }]);
    await index.store('half');
    const bytes = await index.save();
    await index.dispose();
    // What a tab that closed while it wrote leaves: a newer file with a part of the bytes.
    const dir = await (await navigator.storage.getDirectory()).getDirectoryHandle('lodestone-vectors');
    const file = await (await dir.getFileHandle(`half.${Date.now() + 1000}`, { create: true })).createWritable();
    await file.write(bytes.slice(0, 30) as Uint8Array<ArrayBuffer>);
    await file.close();
    const opened = await lodestone.VectorIndex.open('half');
    const [hit] = await opened.search([1, 0]);
    await opened.dispose();
    await lodestone.VectorIndex.remove('half');
    return hit!.metadata['text'];
  });
  expect(text).toBe('whole');
});

test('clusters find nearly all that an exact search finds, and training and adding can be cancelled', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const [dim, n] = [32, 6000];
    let seed = 7;
    const random = (): number => ((seed = (Math.imul(seed, 1664525) + 1013904223) | 0) >>> 8) / 2 ** 24 - 0.5;
    const centers = Float32Array.from({ length: 60 * dim }, () => 3 * random());
    const all = Float32Array.from({ length: n * dim }, (_, i) => centers[(Math.floor(i / dim) % 60) * dim + (i % dim)]! + random());
    const index = await lodestone.VectorIndex.create(dim);
    const added: number[] = [];
    await index.add(all, undefined, { progress: (done) => added.push(done) });
    const ask = async (): Promise<number[][]> => {
      const out: number[][] = [];
      for (let i = 0; i < 50; i++) out.push((await index.search(all.subarray(i * 97 * dim, (i * 97 + 1) * dim))).map((h) => h.id));
      return out;
    };
    const truth = await ask();
    const stopped = new AbortController();
    const cancelled = failure(index.train({ signal: stopped.signal, progress: () => stopped.abort() }));
    const { code } = await cancelled;
    const unchanged = index.clusters.total === 0 && JSON.stringify(await ask()) === JSON.stringify(truth);
    let last = 0;
    await index.train({ progress: (done, total) => (last = done / total) });
    const found = await ask();
    const recall = found.flatMap((ids, i) => ids.map((id) => Number(truth[i]!.includes(id)))).reduce((a, b) => a + b) / 500;
    const { total, read } = index.clusters;
    const early = new AbortController();
    early.abort();
    const refused = await failure(index.add(all, undefined, { signal: early.signal }));
    const size = index.size;
    await index.dispose();
    return { added, code, unchanged, last, recall, total, read, refused: refused.code, size };
  });
  expect(seen.added).toEqual([2000, 4000, 6000]);
  expect(seen.code).toBe('aborted');
  expect(seen.unchanged).toBe(true);
  expect(seen.last).toBe(1);
  expect(seen.total).toBe(77); // the square root of 6,000
  expect(seen.read).toBeLessThan(seen.total);
  expect(seen.recall).toBeGreaterThanOrEqual(0.97);
  expect([seen.refused, seen.size]).toEqual(['aborted', 6000]);
});

test('what cannot be indexed is refused with a sentence that names it', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const index = await lodestone.VectorIndex.create(2);
    const { VectorIndex } = lodestone;
    const failures = {
      dim: await failure(VectorIndex.create(0)),
      large: await failure(VectorIndex.create(5000)),
      length: await failure(index.add([[1, 2], [1]])),
      odd: await failure(index.add(Float32Array.of(1, 2, 3))),
      nan: await failure(index.add([[1, 2], [NaN, 1]])),
      metadata: await failure(index.add([[1, 2]], [{}, {}])),
      text: await failure(index.add([[1, 2]], ['x'] as never)),
      query: await failure(index.search([1, Infinity])),
      k: await failure(index.search([1, 2], { k: 0 })),
      filter: await failure(index.search([1, 2], { filter: 'x' as never })),
      option: await failure(index.search([1, 2], { top: 3 } as never)),
      name: await failure(index.store('')),
      bytes: await failure(VectorIndex.load(new Uint8Array(100))),
      recall: await failure(index.train({ recall: 2 })),
    };
    const size = index.size;
    await index.dispose();
    return { failures, size, disposed: await failure(index.search([1, 2])) };
  });
  expect(seen.size).toBe(0);
  for (const [name, f] of Object.entries(seen.failures)) expect([name, f.isLodestone, f.code, f.message.length > 25]).toEqual([name, true, 'invalid_argument', true]);
  expect(seen.failures.nan.message).toContain('number 0 of vector 1 is NaN');
  expect(seen.failures.option.message).toContain('"top"');
  expect(seen.disposed.code).toBe('disposed');
});
