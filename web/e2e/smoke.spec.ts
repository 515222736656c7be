// A cross-section for every browser: load, vectors, an error, an abort.
import { expect } from '@playwright/test';
import { golden } from './golden.js';
import { cosine, rows, test } from './harness.js';

const cases = golden.cases.slice(0, 9);

test('load, embed, and agree with the golden vectors', async ({ page }) => {
  const r = await page.evaluate(async (texts) => {
    const seen: string[] = [];
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, {
      dtype: 'q8',
      progress_callback: (e) => seen.push(e.status),
    });
    const t = await embed(texts, { pooling: 'prompt' });
    await embed.dispose();
    return { data: Array.from(t.data), dims: t.dims, first: seen[0], last: seen.at(-1), kernels: lodestone.capabilities().kernels };
  }, cases.map((c) => c.text));
  expect(r.dims).toEqual([cases.length, 256]);
  expect(r.kernels).toBe('simd128');
  expect([r.first, r.last]).toEqual(['initiate', 'ready']);
  const got = rows(r.data, 256);
  for (const [i, c] of cases.entries()) expect.soft(cosine(got[i]!, c.embedding), c.text).toBeGreaterThanOrEqual(0.999);
});

test('a page instead of a model is named', async ({ page }) => {
  const failed = await page.evaluate(() => failure(lodestone.pipeline('feature-extraction', '/f/html/')));
  expect(failed.code).toBe('html_instead_of_model');
  expect(failed.message).toContain('the server rewrote a 404');
});

test('a damaged file is found by its hash', async ({ page }) => {
  const failed = await page.evaluate(() => failure(lodestone.pipeline('feature-extraction', '/f/flipped-bit/')));
  expect(failed.code).toBe('integrity');
});

test('a run that is aborted stops, and the handle works afterwards', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const controller = new AbortController();
    const run = failure(embed(Array.from({ length: 4000 }, (_, i) => `Sentence number ${i} is about the weather.`), { pooling: 'prompt', signal: controller.signal }));
    await new Promise((resolve) => setTimeout(resolve, 150));
    const started = performance.now();
    controller.abort();
    const failed = await run;
    const { dims } = await embed('hello', { pooling: 'prompt' });
    const stopped = performance.now() - started;
    await embed.dispose();
    return { failed, stopped, dims };
  });
  expect(r.failed.code).toBe('aborted');
  expect(r.stopped).toBeLessThan(300);
  expect(r.dims).toEqual([1, 256]);
});

test('a load that is aborted stops', async ({ page }) => {
  const failed = await page.evaluate(async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    return failure(lodestone.pipeline('feature-extraction', '/f/slow/', { signal: controller.signal }));
  });
  expect(failed.code).toBe('aborted');
});
