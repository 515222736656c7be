// How weights are held, as a page asks for it.
import { expect } from '@playwright/test';
import { golden } from './golden.js';
import { test } from './harness.js';

const texts = golden.cases.slice(0, 8).map((c) => c.text);

test('four bits are made of eight while loading: smaller, and close to them', async ({ page }) => {
  const r = await page.evaluate(async (texts) => {
    const out = [];
    for (const dtype of ['auto', 'q4'] as const) {
      const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { dtype, threads: 1 });
      const { data } = await embed(texts, { pooling: 'prompt', normalize: true });
      out.push({ dtype: embed.dtype, bytes: embed.weight_bytes, data: Array.from(data) });
      await embed.dispose();
    }
    return out;
  }, texts);
  const [q8, q4] = [r[0]!, r[1]!];
  expect([q8.dtype, q4.dtype]).toEqual(['q8', 'q4']);
  expect(q4.bytes).toBeLessThan(0.85 * q8.bytes);
  const width = q8.data.length / texts.length;
  for (let i = 0; i < texts.length; i++) {
    let cosine = 0;
    for (let j = 0; j < width; j++) cosine += q8.data[i * width + j]! * q4.data[i * width + j]!;
    expect(cosine).toBeGreaterThan(0.99);
    expect(cosine).toBeLessThan(1);
  }
});

test('floats can be held in half the memory', async ({ page }) => {
  const r = await page.evaluate(async (texts) => {
    const out = [];
    for (const dtype of ['fp32', 'fp16'] as const) {
      const embed = await lodestone.pipeline('feature-extraction', '/f32/', { dtype, threads: 1 });
      const { data } = await embed(texts, { pooling: 'prompt', normalize: true });
      out.push({ dtype: embed.dtype, bytes: embed.weight_bytes, data: Array.from(data) });
      await embed.dispose();
    }
    return out;
  }, texts.slice(0, 2));
  expect(r.map((x) => x.dtype)).toEqual(['f32', 'f16']);
  expect(r[1]!.bytes).toBeLessThan(0.6 * r[0]!.bytes);
  const worst = Math.max(...r[0]!.data.map((x, i) => Math.abs(x - r[1]!.data[i]!)));
  expect(worst).toBeLessThan(2e-3);
  expect(worst).toBeGreaterThan(0);
});
