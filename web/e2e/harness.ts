// What the specs have in common.
import { type Page, test as base } from '@playwright/test';
import type * as Lodestone from '../src/index.js';

export interface Failure {
  name: string;
  code: string;
  message: string;
  details: Record<string, string | number | boolean>;
  isLodestone: boolean;
}

declare global {
  /** The module, as page/harness.js puts it into the page. */
  var lodestone: typeof Lodestone;
  var violations: string[];
  function failure(promise: Promise<unknown>): Promise<Failure>;
}

/** A test on an empty page with the module, in which nothing may violate the page's policy. */
export const test = base.extend({
  page: async ({ page }, use) => {
    await open(page);
    await use(page);
    const bad = await page.evaluate(() => globalThis.violations ?? []);
    if (bad.length > 0) throw new Error(`content security policy: ${bad.join('; ')}`);
  },
});

export async function open(page: Page): Promise<void> {
  await page.goto('/e2e/');
  await page.waitForFunction(() => 'lodestone' in globalThis);
}

/** The cosine of the angle between two vectors. */
export function cosine(a: readonly number[], b: readonly number[]): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return dot / Math.sqrt(aa * bb);
}

/** The vectors of a flat result. */
export function rows(data: readonly number[], dim: number): number[][] {
  return Array.from({ length: data.length / dim }, (_, i) => data.slice(i * dim, (i + 1) * dim));
}
