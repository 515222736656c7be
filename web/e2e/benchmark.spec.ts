// benchmark(): the numbers themselves are the machine's business; that they are measured is ours.
import { expect, test } from '@playwright/test';
import { open } from './harness.js';

test('a benchmark measures kernels and model, and tells its steps', async ({ page }) => {
  await open(page);
  const { r, steps } = await page.evaluate(async () => {
    const steps: { step: string; done: number; total: number }[] = [];
    return { r: await lodestone.benchmark(undefined, { threads: 1, on_measure: (e) => steps.push(e) }), steps };
  });
  expect(r.model).toMatch(/prompt-magneto-en-de-fr\/$/);
  expect(r.dtype).toBe('q8');
  expect(r.load).toBeGreaterThan(0);
  expect(r.weight_bytes).toBeGreaterThan(1e6);
  expect(['simd128', 'relaxed', 'fused', 'fused8']).toContain(r.capabilities.kernels);
  expect(r.kernels.map((k) => k.dtype)).toEqual(['q8', 'q8', 'f32', 'f32', 'q4', 'q4']);
  for (const k of r.kernels) expect(k.gmacs, `${k.dtype} ${k.shape.join('×')}`).toBeGreaterThan(0.1);
  expect(r.model_rates.map((m) => m.texts)).toEqual([1, 1, 1, 8]);
  expect(r.model_rates[0]!.tokens).toBe(12); // the sentence of the bench's README
  for (const m of r.model_rates) {
    expect(m.calls).toBeGreaterThanOrEqual(3);
    expect(m.shortest).toBeGreaterThan(0);
    expect(m.median).toBeGreaterThanOrEqual(m.shortest);
  }
  expect(steps.length).toBe(11);
  expect(steps.map((s) => s.done)).toEqual(steps.map((_, i) => i));
  expect(steps.at(-1)).toEqual({ step: 'done', done: 10, total: 10 });
});

test('a benchmark ends at once when its signal says so, also within a measurement', async ({ page }) => {
  await open(page);
  const r = await page.evaluate(async () => {
    const control = new AbortController();
    let aborted = 0;
    const error = await failure(
      lodestone.benchmark(undefined, {
        signal: control.signal,
        on_measure: ({ step }) => {
          if (!step.includes('kernels') || aborted) return;
          setTimeout(() => {
            aborted = performance.now();
            control.abort();
          }, 30);
        },
      }),
    );
    return { error, after: performance.now() - aborted };
  });
  expect(r.error).toMatchObject({ code: 'aborted' });
  expect(r.after).toBeLessThan(1000);
});

test('what is no option is refused', async ({ page }) => {
  await open(page);
  const e = await page.evaluate(() => failure(lodestone.benchmark(undefined, { rounds: 3 } as never)));
  expect(e).toMatchObject({ code: 'invalid_argument' });
});
