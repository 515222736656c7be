// The reader's own text stays on this device only if the reader agrees.
import { expect, type Page, test as base } from '@playwright/test';
import { quiet } from './demo-checks.js';

const test = base.extend<{ quiet: void }>({ quiet: [quiet, { auto: true }] });
const own = 'The blue boat sails tomorrow.';

const query = (page: Page) => page.getByRole('searchbox', { name: 'Search the sentences' });

async function open(page: Page): Promise<void> {
  await page.goto('/');
  await expect(page.locator('#facts')).toContainText(/24\d sentences embedded/);
}

async function addOwn(page: Page): Promise<void> {
  await page.getByLabel('Your text').fill(own);
  await page.getByRole('button', { name: 'Add text' }).click();
  await expect(page.locator('#facts')).toContainText('241 sentences embedded');
}

/** Everything that the page has stored that contains the text. */
const stored = (page: Page) => page.evaluate((own) => Object.entries(localStorage).filter(([, value]) => String(value).includes(own)).map(([name]) => name), own);

test('own text is gone after a reload, unless the reader keeps it, and then until it is cleared', async ({ page }) => {
  await open(page);
  await addOwn(page);
  expect(await stored(page)).toEqual([]);
  await page.reload();
  await expect(page.locator('#facts')).toContainText('240 sentences embedded');
  await expect(page.locator('#sources')).not.toContainText('1 sentence');

  await addOwn(page);
  const keep = page.locator('#keep-text');
  await expect(keep).toHaveAttribute('aria-pressed', 'false');
  await keep.click();
  await expect(keep).toHaveAttribute('aria-pressed', 'true');
  expect(await stored(page)).toHaveLength(1);
  await page.reload();
  await expect(page.locator('#facts')).toContainText('241 sentences embedded');
  await query(page).fill('le bateau bleu part demain');
  await expect(page.locator('#hits li').first()).toContainText(own);
  await expect(page).toHaveURL(/\/$/); // nothing of it is in the address

  await page.locator('#clear-text').click();
  expect(await stored(page)).toEqual([]);
  await page.reload();
  await expect(page.locator('#facts')).toContainText('240 sentences embedded');
});
