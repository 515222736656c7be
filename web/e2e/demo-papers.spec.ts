// The demo's overview of papers: what each view shows, with citation and figures.
import { expect, test as base } from '@playwright/test';
import { expectAccessible } from './axe.js';
import { faults, quiet } from './demo-checks.js';

const test = base.extend<{ quiet: void }>({ quiet: [quiet, { auto: true }] });

test('ten papers, each with its citation, two figures and its view', async ({ page }, info) => {
  await page.goto('/#/papers');
  const cards = page.locator('.paper-card');
  await expect(cards).toHaveCount(10, { timeout: 60_000 });
  for (const card of await cards.all()) {
    await expect(card.locator('a[href^="https://arxiv.org/abs/"]')).toHaveText(/^arXiv \d{4}\.\d{5}$/);
    await expect(card.locator('dd')).toHaveText([/\S/, /\S/]);
  }
  expect(await faults(page)).toEqual([]);
  const links = await page.locator('.paper-view a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  for (const link of new Set(links)) {
    await page.goto(`/${link}`);
    await expect(page.locator(`nav a[href="${link}"]`)).toHaveAttribute('aria-current', 'page');
  }
  await page.goto('/#/papers');
  await expect(cards).toHaveCount(10);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  const [content, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
  expect(content).toBeLessThanOrEqual(inner);
  await info.attach('papers-phone.png', { body: await page.screenshot({ fullPage: true }), contentType: 'image/png' });
});

test('the navigation is one line at 1,280 pixels, and the views of papers are below it', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto('/#/papers');
  const below = page.getByRole('navigation', { name: 'Views of papers' });
  await expect(below.getByRole('link')).toHaveText(['Notes', 'Depth', 'Private']);
  const main = page.getByRole('navigation', { name: 'Views', exact: true });
  const tops = await main.getByRole('link').evaluateAll((all) => all.map((a) => a.getBoundingClientRect().top));
  expect(new Set(tops).size).toBe(1);
  await below.getByRole('link', { name: 'Depth' }).click();
  await expect(below.getByRole('link', { name: 'Depth' })).toHaveAttribute('aria-current', 'page');
  await expect(main.getByRole('link', { name: 'Papers' })).toHaveAttribute('aria-current', 'true');
  await main.getByRole('link', { name: 'Search' }).click();
  await expect(below).toBeHidden();
  await expect(main.getByRole('link', { name: 'Papers' })).not.toHaveAttribute('aria-current', /./);
});
