// Memory while a model loads, against the budget of weights + 16 MB.
import { expect, test } from '@playwright/test';
import { open } from './harness.js';

const MiB = 1 << 20;

interface Report {
  kernelBytes: number;
  goBytes: number;
  peakBytes: number;
  usedBytes: number;
  activationBytes: number;
}

test('the two memories grow by the weights and at most 16 MB', async ({ page }) => {
  await open(page);
  const r = await page.evaluate(async () => {
    // An engine without a model, by the worker's own protocol.
    const empty = await new Promise<Report>((resolve, reject) => {
      const worker = new Worker('/worker.js', { type: 'module' });
      worker.onerror = (e) => reject(new Error(e.message));
      worker.onmessage = ({ data }) => {
        if (data.type !== 'result') return;
        worker.terminate();
        resolve(data.value);
      };
      const at = (file: string): string => new URL(file, location.origin).href;
      const kernels = { simd128: at('/kernels.wasm'), relaxed: at('/kernels-relaxed.wasm') };
      const threads = { threads: 1, auto: false, reason: 'one thread' };
      worker.postMessage({ type: 'start', assets: { engine: at('/engine.wasm.gz'), kernels, sharedKernels: kernels }, threads, kernels: 'auto', device: { device: 'wasm', reason: '', times: {} }, last: null, stallTimeout: 30_000 });
      worker.postMessage({ type: 'request', id: 1, request: { op: 'memory' } });
    });
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const loaded = await embed.memory();
    const texts = Array.from({ length: 500 }, (_, i) => `Sentence ${i} is about the weather in the north of the country.`);
    await embed(texts, { pooling: 'mean' });
    const used = await embed.memory();
    await embed.dispose();
    return { empty, loaded, used, weights: embed.weight_bytes, activations: embed.activation_bytes };
  });
  // The memories never shrink, so what they are is the most that they were.
  const sum = (m: Report): number => m.kernelBytes + m.goBytes;
  const over = sum(r.loaded) - sum(r.empty) - r.weights;
  console.log(
    `memory: empty ${mb(sum(r.empty))}, loaded ${mb(sum(r.loaded))} (kernels ${mb(r.loaded.kernelBytes)}, Go ${mb(r.loaded.goBytes)}), ` +
      `weights ${mb(r.weights)}, over ${mb(over)}; after 500 sentences ${mb(sum(r.used))}`,
  );
  expect(over).toBeLessThanOrEqual(16 * MiB); // DESIGN: peak memory while loading
  // What a batch takes was known before it ran.
  console.log(`activations: at most ${mb(r.activations)} stated, ${mb(r.used.peakBytes - r.loaded.usedBytes)} used`);
  expect(r.loaded.activationBytes).toBe(r.activations);
  expect(r.used.peakBytes - r.loaded.usedBytes).toBeLessThanOrEqual(r.activations * 1.02);
  expect(r.used.peakBytes - r.loaded.usedBytes).toBeGreaterThan(r.activations / 2);
  expect(sum(r.used) - sum(r.loaded)).toBeLessThanOrEqual(16 * MiB);
});

test('a hundred loads and disposals leave no worker behind', async ({ page }) => {
  await open(page);
  await page.evaluate(async () => {
    for (let i = 0; i < 20; i++) {
      const five = await Promise.all(Array.from({ length: 5 }, () => lodestone.AutoTokenizer.from_pretrained(lodestone.DEFAULT_MODEL)));
      await Promise.all(five.map((t) => t.dispose()));
    }
  });
  await expect.poll(() => page.workers().length).toBe(0);
});

function mb(n: number): string {
  return `${(n / MiB).toFixed(1)} MiB`;
}

