// The kernels' table of cases, which is run natively by go test, in this browser.
import { expect, test } from '@playwright/test';
import { lacks, sevenBits, variants } from './variants.js';

interface Result {
  op: string;
  name: string;
  err: string;
}

declare global {
  /** See wasm/kerneltest. */
  var __kerneltest: { backend: string; cases: number; failed: number; results: string; error?: string } | undefined;
  var __kerneltestFailed: string | undefined;
  var __kerneltestEnded: boolean | undefined;
}

for (const [variant, form] of Object.entries(variants)) {
  test(`${variant}: every case of every operation agrees with the reference`, async ({ page, browserName }) => {
    test.setTimeout(180_000);
    await page.goto(`/e2e/kernels.html?form=${form}`);
    await page.waitForFunction(() => globalThis.__kerneltestEnded, undefined, { timeout: 170_000 });
    const r = await page.evaluate(() => ({ table: globalThis.__kerneltest, failed: globalThis.__kerneltestFailed }));
    test.skip(lacks(variant, browserName, r.failed ?? ''), sevenBits);
    expect(r.failed).toBeUndefined();
    expect(r.table?.error).toBeUndefined();
    expect(r.table!.backend).toBe(variant);
    const results = JSON.parse(r.table!.results) as Result[];
    expect(results.length).toBe(r.table!.cases);
    expect(results.length).toBeGreaterThan(1000); // a table that is empty proves nothing
    const wrong = results.filter((x) => x.err !== '');
    expect(r.table!.failed).toBe(wrong.length);
    expect(wrong.slice(0, 20).map((x) => `${x.op} ${x.name}: ${x.err}`)).toEqual([]);
  });
}
