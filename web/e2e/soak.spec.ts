// Random kernel calls against the reference: a few thousand for each variant, or as many as
// KERNELS_SOAK says (make kernels-soak: a million). No result may miss its budget, and the
// memory must not grow but for a call that is larger than those before.
import { expect, test } from '@playwright/test';

interface Wrong {
  op: string;
  name: string;
  err: string;
}

const calls = Number(process.env['KERNELS_SOAK'] ?? 3000);
const seed = Number(process.env['KERNELS_SEED'] ?? 1);

for (const [variant, form] of Object.entries({ simd128: '0', relaxed: '1', fused: '2' })) {
  test(`${variant}: random calls agree with the reference, in the same memory`, async ({ page, browserName }) => {
    test.skip(browserName !== 'chromium' && form !== '0', 'relaxed SIMD runs in Chromium');
    const limit = 120_000 + 20 * calls;
    test.setTimeout(limit + 30_000);
    await page.addInitScript((random) => Object.assign(globalThis, { __kerneltestRandom: random }), { seed, calls });
    await page.goto(`/e2e/kernels.html?form=${form}`);
    await page.waitForFunction(() => globalThis.__kerneltestEnded, undefined, { timeout: limit, polling: 1000 });
    const r = await page.evaluate(() => ({ table: globalThis.__kerneltest as { grown?: number } & NonNullable<typeof globalThis.__kerneltest>, failed: globalThis.__kerneltestFailed }));
    expect(r.failed).toBeUndefined();
    expect(r.table.error).toBeUndefined();
    expect(r.table.backend).toBe(variant);
    expect(r.table.cases).toBe(Math.max(1000, Math.floor(calls / 1000) * 1000));
    const wrong = JSON.parse(r.table.results) as Wrong[];
    console.log(`${variant}: ${r.table.cases} calls from seed ${seed}, ${wrong.length} wrong, memory grew by ${r.table.grown} bytes after the first tenth`);
    expect(wrong.slice(0, 20).map((x) => `${x.op} ${x.name}: ${x.err}`)).toEqual([]);
    expect(r.table.grown).toBeLessThan(1 << 20); // one call takes less
  });
}
