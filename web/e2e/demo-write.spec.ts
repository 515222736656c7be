// The demo's view "Write": streaming in place, stopping, settings, failures, keyboard, a phone.
import { expect, type Page, test as base } from '@playwright/test';
import { faults, quiet } from './demo-checks.js';

const FOLDER = '**/models/writer-magneto-en/';

const test = base.extend<{ quiet: void }>({ quiet: [quiet, { auto: true }] });

const story = (page: Page) => page.getByRole('textbox', { name: 'Your text' });
const status = (page: Page) => page.locator('#write-status');
const live = (page: Page) => page.locator('#live');
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const text = (page: Page) => story(page).inputValue();

/** Opens the view and loads the model. */
async function open(page: Page): Promise<void> {
  await page.goto('/#/write');
  await page.getByRole('button', { name: /^Load the writer/ }).click({ timeout: 40_000 });
  await expect(page.getByText(/^The writer is ready, [\d.]+ [kM]B, loaded in/)).toBeVisible({ timeout: 40_000 });
}

test('the model is loaded by writing, and continues a text in place', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (r) => asked.push(new URL(r.url()).pathname));
  await page.goto('/#/write');
  await expect(page).toHaveTitle('Write with a small model · Lodestone');
  await expect(page.getByRole('button', { name: /^Load the writer, [\d.]+ [kM]B$/ })).toBeVisible({ timeout: 40_000 });
  await story(page).fill('Once upon a time there was ');
  expect(asked.filter((p) => /safetensors|tokenizer/.test(p))).toEqual([]);
  await button(page, 'Load and write').click();
  await expect(status(page)).toHaveText(/^\d+ tokens? in [\d.]+ m?s, \d+ a second; seed \d+$/, { timeout: 120_000 });
  const once = await text(page);
  expect(once.startsWith('Once upon a time there was ')).toBe(true);
  expect(once.length).toBeGreaterThan(40);
  await expect(live(page)).toHaveText(/\S/);
  await button(page, 'Continue').click();
  await expect(button(page, 'Continue')).toBeVisible();
  await expect.poll(() => text(page)).not.toBe(once);
  expect((await text(page)).startsWith(once)).toBe(true);
  await page.getByRole('link', { name: 'Bench' }).click();
  await page.getByRole('link', { name: 'Write' }).click();
  expect((await text(page)).startsWith(once)).toBe(true);
});

test('the tokenizer counts the prompt, and one call writes', async ({ page }) => {
  await page.addInitScript(() => {
    const ops: string[] = [];
    Object.assign(window, { ops });
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (this: Worker, message: unknown, transfer?: unknown) {
      const op = /"op":"(encode|generate)"/.exec(JSON.stringify(message) ?? '')?.[1];
      if (op) ops.push(op);
      return post.call(this, message, transfer as StructuredSerializeOptions);
    };
  });
  await open(page);
  await page.getByText(/^Settings/).click();
  await page.getByLabel('Length').fill('5');
  await story(page).fill('Once upon a time there was a fox');
  await button(page, 'Write').click();
  await expect(status(page)).toHaveText(/^[1-5] tokens? in /);
  expect(await page.evaluate(() => (window as unknown as { ops: string[] }).ops)).toEqual(['encode', 'generate']);
});

test('a seed repeats a text; another try replaces it', async ({ page }) => {
  await open(page);
  const opening = page.getByRole('button', { name: 'In the garden behind the house' });
  await opening.click();
  await expect(status(page)).toHaveText(/seed \d+$/);
  const first = await text(page);
  expect(first.startsWith('In the garden behind the house')).toBe(true);
  const seed = /\d+$/.exec((await status(page).textContent()) ?? '')![0];
  await button(page, 'Another try').click();
  await expect.poll(async () => /\d+$/.exec((await status(page).textContent()) ?? '')?.[0] ?? seed).not.toBe(seed);
  expect(await text(page)).not.toBe(first);
  expect((await text(page)).startsWith('In the garden behind the house')).toBe(true);
  await page.getByText(/^Settings/).click();
  await page.getByLabel('Seed').fill(seed);
  await opening.click();
  await expect(status(page)).toHaveText(new RegExp(`seed ${seed}$`));
  expect(await text(page)).toBe(first);
  await expect(button(page, 'Another try')).toHaveCount(0);
  await page.getByLabel('Temperature').fill('0');
  await page.getByLabel('Length').fill('7');
  await expect(page.locator('.settings summary')).toContainText('temperature 0, 7 tokens');
  await opening.click();
  await expect(status(page)).toHaveText(/^[1-7] tokens? in [^;]+$/);
});

test('writing is stopped by its button and by typing, and what is written stays', async ({ page }) => {
  await open(page);
  await page.getByText(/^Settings/).click();
  await page.getByLabel('Length').fill('1000');
  await page.getByLabel('Likeliest tokens').fill('0');
  await page.getByLabel('Temperature').fill('2'); // so that the model hardly ends the text
  await story(page).fill('The old captain');
  await button(page, 'Write').click();
  await expect.poll(async () => (await text(page)).length).toBeGreaterThan(60);
  await button(page, 'Stop').click();
  await expect(live(page)).toHaveText('Stopped.');
  const there = await text(page);
  expect(there.startsWith('The old captain')).toBe(true);
  await page.waitForTimeout(300);
  expect(await text(page)).toBe(there);
  await button(page, 'Continue').click();
  await expect.poll(async () => (await text(page)).length).toBeGreaterThan(there.length + 20);
  await story(page).press('Control+End');
  await story(page).press('!');
  await expect(button(page, 'Write')).toBeVisible();
  const mine = await text(page);
  expect(mine).toContain('!');
  await page.waitForTimeout(300);
  expect(await text(page)).toBe(mine);
});

test('a missing model is reported, and trying again works', async ({ page }) => {
  await page.route(`${FOLDER}config.json`, (route) => route.fulfill({ status: 404, body: 'no' }));
  await page.goto('/#/write');
  await story(page).fill('Once');
  await button(page, 'Load and write').click({ timeout: 40_000 });
  await expect(page.locator('.alert')).toContainText('The writer could not be loaded');
  await expect(page.locator('.alert')).toContainText('config.json');
  await expect(page.locator('.alert code')).toHaveText(/^[a-z_]+$/);
  await page.unroute(`${FOLDER}config.json`);
  await button(page, 'Try again').click();
  await expect(status(page)).toHaveText(/a second/, { timeout: 120_000 });
  await expect(page.locator('.alert')).toHaveCount(0);
});

test('by keyboard alone, on a phone, with every name in order', async ({ page }, info) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto('/#/write');
  const load = page.getByRole('button', { name: /^Load the writer/ });
  await expect(load).toBeVisible({ timeout: 40_000 });
  expect(await faults(page)).toEqual([]);
  await load.focus();
  await page.keyboard.press('Enter');
  await expect(story(page)).toBeFocused({ timeout: 40_000 });
  await page.keyboard.type('Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz, said');
  await page.keyboard.press('Tab');
  await expect(button(page, 'Write')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(button(page, 'Continue')).toBeFocused(); // one button: it stopped, and continues
  await page.keyboard.press('Tab');
  await expect(button(page, 'Another try')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(button(page, 'Copy')).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.getByLabel('Temperature')).toBeFocused();
  expect(await faults(page)).toEqual([]);
  const [content, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
  expect(content).toBeLessThanOrEqual(window_);
  await info.attach('write-phone.png', { body: await page.screenshot({ fullPage: true }), contentType: 'image/png' });
});
