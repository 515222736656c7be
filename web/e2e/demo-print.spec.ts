// What is printed is what was found. In Chromium alone: emulateMedia had no effect in Firefox ESR,
// which Playwright drives by WebDriver BiDi.
import { expect, type Page, test as base } from '@playwright/test';
import { quiet } from './demo-checks.js';

const test = base.extend<{ quiet: void }>({ quiet: [quiet, { auto: true }] });

const query = (page: Page) => page.getByRole('searchbox', { name: 'Search the sentences' });

test('what is printed is the query and its results, dark on white, without what can only be clicked', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto('/');
  await expect(page.locator('#facts')).toContainText('240 sentences embedded');
  await query(page).fill('Ich will Geld sparen');
  await expect(page.locator('#hits')).toContainText('Ich spare Geld für ein Auto.');
  await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
  const paper = await page.evaluate(() => {
    const shown = (e: Element): boolean => e.checkVisibility();
    const gray = (e: Element, what: 'color' | 'backgroundColor'): number => getComputedStyle(e)[what].match(/\d+/g)!.slice(0, 3).reduce((a, v) => a + Number(v), 0) / 3;
    const hits = [...document.querySelectorAll('#hits li')];
    return {
      controls: [...document.querySelectorAll('button, textarea, input:not([type=search]), select, nav, canvas')].filter(shown).length,
      hits: hits.filter(shown).length,
      ink: Math.max(...hits.map((e) => gray(e, 'color'))),
      paper: gray(document.body, 'backgroundColor'),
      wide: document.documentElement.scrollWidth <= document.documentElement.clientWidth,
      kept: hits.every((e) => getComputedStyle(e).breakInside === 'avoid'),
    };
  });
  expect(paper).toEqual({ controls: 0, hits: 9, ink: expect.any(Number), paper: 255, wide: true, kept: true });
  expect(paper.ink).toBeLessThan(80);
  await expect(query(page)).toBeVisible();
  await expect(query(page)).toHaveValue('Ich will Geld sparen');
});
