// How CROP tags German via English, at the end of the demo's view "Entities", with the models that ship.
import { expect, test as base } from '@playwright/test';
import { faults, quiet } from './demo-checks.js';

const test = base.extend<{ quiet: void }>({ quiet: [quiet, { auto: true }] });

test('the steps of CROP show how a German sentence is tagged via English', async ({ page }) => {
  await page.goto('/#/entities');
  await page.getByRole('textbox', { name: 'Your text, with the names marked' }).fill('Robert Schumann lebte in Düsseldorf und nicht in Paris. The cat sat on the mat and slept.', { timeout: 120_000 });
  const sentences = page.getByRole('group', { name: 'German sentences to show' }).getByRole('button');
  await expect(sentences).toHaveCount(1, { timeout: 120_000 });
  await sentences.click();
  const panel = page.getByRole('region', { name: 'How CROP tags German via English' });
  await panel.getByRole('button', { name: /^Load the tagger, [\d.]+ MB$/ }).click();
  await panel.getByRole('button', { name: /^Load the translator, [\d.]+ MB$/ }).click();
  const steps = panel.getByRole('list', { name: 'The steps: German on the left, English on the right' }).getByRole('listitem');
  await expect(page.locator('#crop-outcome')).toHaveText(/found again in the German sentence|not in the sentence/, { timeout: 120_000 });
  await expect(steps).toHaveCount(8);
  await expect(steps.nth(0)).toContainText('The sentence');
  await expect(steps.nth(1)).toContainText('Translated to English');
  // Side by side: the translation beside the sentence, what came back beside what was marked.
  const box = async (i: number) => (await steps.nth(i).boundingBox())!;
  for (const [left, right] of [[0, 1], [5, 4]] as const) {
    const [a, b] = [await box(left), await box(right)];
    expect(Math.abs(a.y - b.y)).toBeLessThan(2);
    expect(a.x + a.width).toBeLessThan(b.x);
  }
  await expect(steps.nth(3).locator('.tag[data-label=PER]').first()).toBeVisible();
  await expect(steps.nth(4).locator('.slot-mark').first()).toHaveText('1');
  await expect(steps.nth(7)).toContainText('Düsseldorf');
  await page.setViewportSize({ width: 390, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  expect(await faults(page)).toEqual([]);
  await sentences.click();
  await expect(steps).toHaveCount(0);
});
