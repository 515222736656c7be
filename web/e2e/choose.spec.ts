// Which kernels run is decided once for each version of a browser.
import { expect, type Page } from '@playwright/test';
import { test } from './harness.js';
import { lacks, mayLack } from './variants.js';

const KEY = 'lodestone-kernels';

/** Loads a tokenizer, whose engine chooses kernels like any; what runs, and why. */
async function choice(page: Page): Promise<{ kernels: string; reason: string; kept: { name: string; at: number; browser: string; kernels: string } | null }> {
  return page.evaluate(async (key) => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads: 1 });
    await embed('a text', { pooling: 'prompt' });
    const { kernels, reasons } = embed.capabilities();
    await embed.dispose();
    return { kernels, reason: reasons.kernels, kept: JSON.parse(localStorage.getItem(key) ?? 'null') };
  }, KEY);
}

test('the second visit takes what the first found', async ({ page, browserName }) => {
  const first = await choice(page);
  expect(first.reason).not.toContain('remembered');
  const timed = first.reason === 'chosen by its speed here';
  if (browserName === 'chromium') expect(timed).toBe(true);
  if (!timed) {
    expect(first.kept).toBeNull(); // there was nothing to choose between
    return;
  }
  expect(first.kept).toMatchObject({ name: first.kernels, browser: await page.evaluate(() => navigator.userAgent) });
  await page.reload();
  const second = await choice(page);
  expect(second).toMatchObject({ kernels: first.kernels, reason: 'remembered from an earlier visit', kept: first.kept });
});

test('another form that was remembered runs, since what is remembered is not timed again', async ({ page, browserName }) => {
  test.skip(browserName !== 'chromium', 'Chromium has a choice');
  const { kept } = await choice(page);
  for (const name of ['relaxed', 'fused', ...(mayLack('fused8', browserName) ? [] : ['fused8'])]) {
    await page.evaluate(([key, m]) => localStorage.setItem(key!, m!), [KEY, JSON.stringify({ ...kept, name })]);
    expect(await choice(page)).toMatchObject({ kernels: name, reason: 'remembered from an earlier visit' });
  }
});

test('what is remembered of another browser, other kernels, long ago or by somebody else is not believed', async ({ page, browserName }) => {
  test.skip(browserName !== 'chromium', 'Chromium has a choice');
  const { kept } = await choice(page);
  const now = Date.now();
  for (const wrong of [
    JSON.stringify({ ...kept, browser: 'Chrome/1' }),
    JSON.stringify({ ...kept, kernels: '00' }),
    JSON.stringify({ ...kept, at: now - 31 * 86_400_000 }),
    JSON.stringify({ ...kept, at: now + 86_400_000 }),
    JSON.stringify({ ...kept, at: 'x' }),
    JSON.stringify({ ...kept, name: 'simd129' }),
    JSON.stringify({ ...kept, name: 7 }),
    'null',
    '[]',
    '{',
  ]) {
    await page.evaluate(([key, m]) => localStorage.setItem(key!, m!), [KEY, wrong]);
    const { reason, kept: after } = await choice(page);
    expect(reason, wrong).not.toContain('remembered');
    expect(after, wrong).toMatchObject({ browser: kept!.browser, kernels: kept!.kernels }); // and replaced
  }
});

test('a browser that denies storage chooses each time', async ({ page }) => {
  await page.evaluate(() => {
    const deny = (): never => {
      throw new DOMException('denied', 'SecurityError');
    };
    Object.defineProperty(globalThis, 'localStorage', { get: deny, configurable: true });
  });
  const r = await page.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads: 1 });
    const { kernels, reasons } = embed.capabilities();
    await embed.dispose();
    return { kernels, reason: reasons.kernels };
  });
  expect(r.kernels).not.toBe('none');
  expect(r.reason).not.toContain('remembered');
});

test('each form that can be asked for runs, whatever is remembered', async ({ page, browserName }) => {
  await choice(page);
  const r = await page.evaluate(async () => {
    const out: Record<string, string> = {};
    for (const kernels of ['simd128', 'relaxed', 'fused', 'fused8'] as const) {
      try {
        const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads: 1, kernels });
        out[kernels] = `${embed.capabilities().kernels}: ${embed.capabilities().reasons.kernels}`;
        await embed.dispose();
      } catch (e) {
        out[kernels] = `${(e as Error & { code: string }).code}: ${(e as Error).message}`;
      }
    }
    return out;
  });
  expect(r['simd128']).toBe('simd128: simd128 was asked for');
  for (const name of ['relaxed', 'fused']) {
    if (browserName === 'chromium') expect(r[name]).toBe(`${name}: ${name} was asked for`);
    else if (r[name] !== `${name}: ${name} was asked for`) expect(r[name]).toMatch(/^unsupported_browser: /);
  }
  if (r['fused8'] !== 'fused8: fused8 was asked for') expect(lacks('fused8', browserName, r['fused8']!), r['fused8']).toBe(true);
});
