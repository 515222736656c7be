// The view of the demo that measures the visitor's browser.
import { expect, test } from '@playwright/test';

test('a visitor measures the browser and sees kernels, model and choice as a picture', async ({ page }) => {
  const errors: string[] = [];
  page.on('pageerror', (e) => errors.push(String(e)));
  page.on('console', (m) => {
    if (m.type() === 'error') errors.push(m.text());
  });
  await page.goto('/#/bench');
  await expect(page.getByRole('heading', { name: 'How fast is your browser?' })).toBeVisible();
  await page.getByRole('button', { name: 'Measure this browser' }).press('Enter');
  await expect(page.getByRole('progressbar', { name: /^Measuring/ })).toBeVisible();
  await expect(page.locator('#measured')).toBeVisible({ timeout: 40_000 });
  await expect(page.locator('#measured')).toContainText(/simd128|relaxed|fused/);
  expect(await page.locator('#measured svg').count()).toBe(2);
  expect(await page.locator('#measured svg rect').count()).toBe(10);
  await expect(page.locator('#live')).toContainText('billion multiply-adds');
  await page.getByText('All numbers').click();
  await expect(page.getByRole('row', { name: /^1 text of 12 tokens/ })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Measure again' })).toBeVisible();
  expect(errors).toEqual([]);
});

test('a measurement can be stopped, and the search still works', async ({ page }) => {
  await page.goto('/#/bench');
  await page.getByRole('button', { name: 'Measure this browser' }).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('button', { name: 'Measure this browser' })).toBeVisible();
  await page.getByRole('link', { name: 'Search' }).click();
  await page.getByLabel('Search the sentences').fill('my tooth hurts');
  await expect(page.getByText('Closest in meaning')).toBeVisible({ timeout: 30_000 });
});
