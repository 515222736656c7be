// The kernels' table of cases, which is run natively by go test, in this browser.
import { expect, test } from '@playwright/test';
import { lacks, sevenBits, variants } from './variants.js';

interface Result {
  op: string;
  name: string;
  err: string;
}

/** What a function is off by; see kernels/kerneltest/bounds.go. */
interface Bound {
  name: string;
  worst: number;
  limit: number;
  err: string;
}

declare global {
  /** See wasm/kerneltest. */
  var __kerneltest: { backend: string; cases: number; failed: number; results: string; bounds: string; error?: string } | undefined;
  var __kerneltestFailed: string | undefined;
  var __kerneltestEnded: boolean | undefined;
}

for (const [variant, form] of Object.entries(variants)) {
  test(`${variant}: every case of every operation agrees with the reference`, async ({ page, browserName }) => {
    test.setTimeout(900_000);
    await page.goto(`/e2e/kernels.html?form=${form}`);
    await page.waitForFunction(() => globalThis.__kerneltestEnded, undefined, { timeout: 890_000 });
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
    const bounds = JSON.parse(r.table!.bounds) as Bound[];
    console.log(`${variant}: ${bounds.map((b) => `${b.name} ${b.worst.toExponential(2)} (${b.limit})`).join(', ')}`);
    expect(bounds.map((b) => b.err).filter((e) => e !== '')).toEqual([]);
    expect(bounds.length).toBe(7); // as many as ACCURACY.md has
  });
}
