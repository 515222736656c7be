// The golden vectors of models/golden, which go test and lode verify run natively, through
// the kernels in this browser: every variant; float32, int8 and four bits. The routing of
// quantised models is reported in the annotations of the tests.
import { readdirSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { lacks, sevenBits, variants } from './variants.js';

interface Report {
  directory: string;
  dtype: string;
  backend: string;
  outputs: { name: string; worst: number | null; cosine: number | null; pass: boolean }[] | null;
  same: number;
  choices: number;
  error: string;
}

declare global {
  /** See page/golden.js. */
  var __goldenReady: Promise<void>;
  var __goldenVerify: (directories: string[], weights: string, dtypes: string[]) => Promise<Report[]>;
}

const testdata = new URL('../../models/golden/testdata/', import.meta.url);
const sets = [
  { below: './', weights: 'weights.safetensors', count: 39 },
  { below: './families/', weights: 'model.safetensors', count: 36 },
];

/** Why the cosine is less: see models/golden, TestInt8StaysCloseToTheVectors. */
const Q8_EXCEPTIONS: Record<string, number> = { dec_xmoe_top1_cap25: 0.98 };

function wrong(r: Report): string[] {
  const where = `${r.directory} ${r.dtype}`;
  if (r.error !== '') return [`${where}: ${r.error}`];
  if (!r.outputs?.length) return [`${where}: no outputs`];
  return r.outputs.flatMap(({ name, worst, cosine, pass }) =>
    pass || (r.dtype === 'q8' && (cosine ?? 0) >= (Q8_EXCEPTIONS[r.directory] ?? 1)) ? [] : [`${where} ${name}: worst error ${worst}, cosine ${cosine}`],
  );
}

for (const [variant, form] of Object.entries(variants)) {
  test(`${variant}: every architecture and family agrees with its golden vectors`, async ({ page, browserName }, info) => {
    test.setTimeout(600_000);
    await page.goto(`/e2e/golden.html?form=${form}`);
    const failed = await page.evaluate(() => globalThis.__goldenReady.then(() => '', String));
    test.skip(lacks(variant, browserName, failed), sevenBits);
    expect(failed).toBe('');
    const reports: Report[] = [];
    for (const { below, weights, count } of sets) {
      const directories = readdirSync(new URL(below, testdata), { withFileTypes: true })
        .filter((f) => f.isDirectory() && f.name !== 'families' && f.name !== 'make')
        .map((f) => below.slice(2) + f.name);
      expect(directories.length).toBe(count);
      const some = await page.evaluate(
        ([directories, weights]) => globalThis.__goldenVerify(directories, weights, ['f32', 'q8', 'q4']),
        [directories, weights] as const,
      );
      expect(some.length).toBe(3 * count);
      reports.push(...some);
    }
    expect(new Set(reports.map((r) => r.backend))).toEqual(new Set([variant]));
    expect(reports.flatMap(wrong)).toEqual([]);
    for (const dtype of ['q8', 'q4']) {
      const of = reports.filter((r) => r.dtype === dtype);
      const routed = of.filter((r) => r.choices > 0).map((r) => `${r.directory} ${r.same}/${r.choices}`);
      info.annotations.push({ type: `routing as in float32, ${dtype}`, description: routed.join(', ') });
      const [lowest] = of.flatMap((r) => r.outputs!.map((o) => ({ cosine: o.cosine ?? -1, what: `${r.directory} ${o.name}` }))).sort((a, b) => a.cosine - b.cosine);
      info.annotations.push({ type: `lowest cosine, ${dtype}`, description: `${lowest!.cosine.toFixed(5)} (${lowest!.what})` });
    }
  });
}
