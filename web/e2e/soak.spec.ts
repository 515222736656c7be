// Random kernel calls of every operation against the reference, on each variant and on one
// thread and two: a few thousand in all, or as many as KERNELS_SOAK says (make kernels-soak:
// a million). No result may miss its budget, and the memory must not grow but for a call that
// is larger than those before.
import { expect, type Page, test } from '@playwright/test';
import { lacks, sevenBits, variants } from './variants.js';

interface Wrong {
  op: string;
  name: string;
  err: string;
}

interface Soak {
  error?: string;
  backend: string;
  cases: number;
  results: string;
  grown: number;
  shared?: number;
}

const total = Number(process.env['KERNELS_SOAK'] ?? 8000);
const seed = Number(process.env['KERNELS_SEED'] ?? 1);
// They run in whole thousands.
const calls = 1000 * Math.max(1, Math.round(total / 2 / Object.keys(variants).length / 1000));

/** On the page's thread; failed says why the kernels did not start. */
async function onPage(page: Page, form: string, limit: number): Promise<{ soak?: Soak | undefined; failed?: string | undefined }> {
  await page.addInitScript((random) => Object.assign(globalThis, { __kerneltestRandom: random }), { seed, calls });
  await page.goto(`/e2e/kernels.html?form=${form}`);
  await page.waitForFunction(() => globalThis.__kerneltestEnded, undefined, { timeout: limit, polling: 1000 });
  return page.evaluate(() => ({ soak: globalThis.__kerneltest as unknown as Soak, failed: globalThis.__kerneltestFailed }));
}

/** In a worker, with one more thread. */
async function onTwoThreads(page: Page, variant: string): Promise<{ soak?: Soak | undefined; failed?: string | undefined }> {
  await page.goto('/e2e/threads.html');
  await page.waitForFunction(() => 'inWorker' in globalThis);
  return page.evaluate(
    (task) =>
      globalThis.inWorker(task).then(
        (soak) => ({ soak: soak as Soak }),
        (e) => ({ failed: String(e) }),
      ),
    { task: 'table', variant, threads: 2, random: { seed: seed + 1, calls } },
  );
}

for (const [variant, form] of Object.entries(variants)) {
  for (const threads of [1, 2]) {
    test(`${variant}: random calls agree with the reference, in the same memory, on ${threads} threads`, async ({ page, browserName }) => {
      test.skip(browserName !== 'chromium' && (form !== '0' || threads > 1), 'relaxed SIMD and workers of workers run in Chromium');
      const limit = 120_000 + 20 * calls;
      test.setTimeout(limit + 30_000);
      const { soak, failed } = threads === 1 ? await onPage(page, form, limit) : await onTwoThreads(page, variant);
      test.skip(lacks(variant, browserName, failed ?? ''), sevenBits);
      expect(failed).toBeUndefined();
      expect(soak!.error).toBeUndefined();
      expect(soak!.backend).toBe(variant);
      expect(soak!.cases).toBe(calls);
      if (threads > 1) expect(soak!.shared).toBeGreaterThan(100); // or one thread did it all
      const wrong = JSON.parse(soak!.results) as Wrong[];
      console.log(`${variant} on ${threads} threads: ${soak!.cases} calls, ${wrong.length} wrong, memory grew by ${soak!.grown} bytes after the first tenth`);
      expect(wrong.slice(0, 20).map((x) => `${x.op} ${x.name}: ${x.err}`)).toEqual([]);
      expect(soak!.grown).toBeLessThan(1 << 20); // one call takes less
    });
  }
}
