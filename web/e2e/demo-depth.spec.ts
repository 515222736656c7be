// The demo's view "Depth": stacks of 1 and 1,000 layers, the slider, stopping, the trained curves, a phone, axe-core.
import { expect, type Page, test as base } from '@playwright/test';
import { expectAccessible } from './axe.js';
import { faults, quiet } from './demo-checks.js';

const test = base.extend<{ quiet: void }>({ quiet: [quiet, { auto: true }] });

const run = (page: Page) => page.locator('#depth-run');
const number = (page: Page) => page.locator('#depth-number');
const rows = (page: Page) => page.locator('#depth-result tbody tr');

test('four stacks are run and drawn, at 1 layer and at 1,000', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (r) => asked.push(new URL(r.url()).pathname));
  await page.goto('/#/depth');
  await expect(page).toHaveTitle('A thousand layers deep · Lodestone');
  await expect(page.locator('.trained svg')).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('.trained tbody tr')).toHaveCount(2);
  await number(page).fill('1');
  await run(page).click();
  await expect(rows(page)).toHaveCount(4, { timeout: 120_000 });
  expect(asked.filter((p) => p.includes('safetensors'))).toEqual([]);
  await number(page).fill('1000');
  await expect(page.locator('#depth-status')).toContainText('1,000 layers of width 32', { timeout: 120_000 });
  await expect(run(page)).toHaveText('Run again', { timeout: 120_000 });
  const table = await rows(page).evaluateAll((list) => list.map((r) => [...r.children].map((c) => c.textContent ?? '')));
  const moved = Object.fromEntries(table.map((r) => [r[0], Number(r[5])]));
  expect(Object.keys(moved)).toEqual(['Post-LN', 'Pre-LN', 'Sub-LN', 'DeepNorm']);
  expect(moved['DeepNorm']).toBeLessThan(moved['Post-LN']! / 2);
  expect(table[3]![6]).toMatch(/^0\.4/); // 2·1000·√2·0.01·β/α = √2000/100
  await expect(page.locator('#depth-result svg')).toHaveCount(2);
});

test('the slider runs at once after the first run; a run is stopped', async ({ page }) => {
  await page.goto('/#/depth');
  await number(page).fill('3', { timeout: 60_000 });
  await run(page).click();
  await expect(run(page)).toHaveText('Run again', { timeout: 120_000 });
  await page.locator('#depth-layers').focus();
  await page.keyboard.press('End');
  await expect(number(page)).toHaveValue('1000');
  await expect(run(page)).toHaveText('Stop');
  await run(page).click();
  await expect(page.locator('#live')).toHaveText('Stopped.');
  await expect(run(page)).not.toHaveText('Stop');
  await page.keyboard.press('Shift+Tab');
});

test('on a phone, in light and dark, accessible', async ({ page }, info) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto('/#/depth');
  await expect(run(page)).toBeVisible({ timeout: 60_000 });
  await run(page).focus();
  await page.keyboard.press('Enter');
  await expect(rows(page)).toHaveCount(4, { timeout: 120_000 });
  expect(await faults(page)).toEqual([]);
  const [content, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
  expect(content).toBeLessThanOrEqual(inner);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
    await info.attach(`depth-phone-${colorScheme}.png`, { body: await page.screenshot({ fullPage: true }), contentType: 'image/png' });
  }
});
