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
