// The demo's view "Notes": answers with and without notes, swapping, edges, keyboard, a phone, offline, axe-core.
import { expect, type Page, test as base } from '@playwright/test';
import { expectAccessible } from './axe.js';
import { faults, quiet } from './demo-checks.js';

const FOLDER = '**/models/kformer-notes-en/';

const test = base.extend<{ quiet: void }>({ quiet: [quiet, { auto: true }] });

const notes = (page: Page) => page.getByRole('textbox', { name: 'Your notes, one a line' });
const question = (page: Page) => page.getByRole('textbox', { name: 'A question' });
const answers = (page: Page) => page.getByRole('textbox', { name: 'Answers to choose from' });
const verdict = (page: Page) => page.locator('#notes-verdict');
const rows = (page: Page, n: number) => page.locator('.notes-result table').nth(n).locator('tbody tr');

/** Opens the view and asks the question that it begins with. */
async function open(page: Page): Promise<void> {
  await page.goto('/#/notes');
  await page.getByRole('button', { name: 'Load and ask' }).click({ timeout: 60_000 });
  await expect(page.getByText(/^The Kformer is ready, [\d.]+ [kM]B, loaded in/)).toBeVisible();
  await expect(verdict(page)).toHaveText(/\S/);
}

test('a question is answered from the notes, which are swapped while the model stays loaded', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (r) => asked.push(new URL(r.url()).pathname));
  await page.goto('/#/notes');
  await expect(page).toHaveTitle('Ask your notes · Lodestone');
  await expect(page.getByRole('button', { name: /^Load the Kformer, [\d.]+ [kM]B$/ })).toBeVisible({ timeout: 60_000 });
  expect(asked.filter((p) => /safetensors|tokenizer/.test(p))).toEqual([]);
  await page.getByRole('button', { name: 'Load and ask' }).click();
  await expect(rows(page, 0).first()).toContainText('Berlin', { timeout: 60_000 });
  await expect(rows(page, 1)).toHaveCount(5);
  await expect(rows(page, 1).first()).toContainText('Zordunfa');
  await expect(rows(page, 1).first().locator('td').last()).toHaveText(/^-?\d\.\d{3}$/);
  const weights = asked.filter((p) => p.endsWith('/kformer-notes-en/model.safetensors')).length;
  await page.getByRole('button', { name: 'The same people, moved' }).click();
  await expect(rows(page, 0).first()).toContainText('Rome');
  expect(asked.filter((p) => p.endsWith('/kformer-notes-en/model.safetensors')).length).toBe(weights);
  await question(page).fill('What is the job of Zordunfa?');
  await question(page).press('Tab');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await expect(rows(page, 0).first()).toContainText('nurse');
});

test('notes at their edges: none, very long, 10,000, special tokens, none that helps', async ({ page }) => {
  await open(page);
  const ask = () => page.getByRole('button', { name: 'Ask', exact: true }).click();
  await notes(page).fill('');
  await ask();
  await expect(page.locator('.alert')).toContainText('There are no answers to choose from');
  await answers(page).fill('Lisbon, Berlin');
  await ask();
  await expect(verdict(page)).toHaveText('There are no notes, so both answers are the same guess.');
  await notes(page).fill(`Mirvela lives in Berlin.\n${'word '.repeat(60_000)}\n<s> Mirvela </s> <mask> <pad>`);
  await ask();
  await expect(rows(page, 1)).toHaveCount(3);
  await expect(page.locator('.alert')).toHaveCount(0);
  await expect(rows(page, 1).filter({ hasText: '<mask>' })).toHaveCount(1);
  await page.getByRole('button', { name: '10,000 notes' }).click();
  await expect(page.locator('#notes-count')).toHaveText('10,000 notes');
  await expect(page.getByText('of 10,000 notes', { exact: false })).toBeVisible();
  await expect(rows(page, 1)).toHaveCount(5);
  await page.getByRole('button', { name: 'No helpful note' }).click();
  await expect(verdict(page)).toHaveText(/No note that was read shares a word with the question/);
});

test('a missing model is reported, and trying again works', async ({ page }) => {
  await page.route(`${FOLDER}config.json`, (route) => route.fulfill({ status: 404, body: 'no' }));
  await page.goto('/#/notes');
  await page.getByRole('button', { name: 'Load and ask' }).click({ timeout: 60_000 });
  await expect(page.locator('.alert')).toContainText('The Kformer could not be loaded');
  await page.unroute(`${FOLDER}config.json`);
  await page.getByRole('button', { name: 'Load and ask' }).click();
  await expect(verdict(page)).toHaveText(/\S/, { timeout: 60_000 });
});

test('once loaded, it answers without a network', async ({ page, context }) => {
  await open(page);
  await context.setOffline(true);
  await page.getByRole('button', { name: 'The same people, moved' }).click();
  await expect(rows(page, 0).first()).toContainText('Rome');
  await context.setOffline(false);
});

test('by keyboard alone, on a phone, in light and dark, accessible', async ({ page }, info) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto('/#/notes');
  await expect(page.getByRole('button', { name: /^Load the Kformer/ })).toBeVisible({ timeout: 60_000 });
  expect(await faults(page)).toEqual([]);
  await notes(page).focus();
  await page.keyboard.press('Tab');
  await expect(question(page)).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(answers(page)).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(verdict(page)).toHaveText(/\S/, { timeout: 60_000 });
  await expect(page.locator('#live')).toHaveText(/^With notes: /);
  const [content, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
  expect(content).toBeLessThanOrEqual(inner);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
    await info.attach(`notes-phone-${colorScheme}.png`, { body: await page.screenshot({ fullPage: true }), contentType: 'image/png' });
  }
});
