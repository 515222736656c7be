// The demo's view "Translate", with the model that ships: loading on demand, streaming, stopping, failures, keyboard, a phone.
import { expect, type Page, test as base } from '@playwright/test';
import { faults, quiet } from './demo-checks.js';

const test = base.extend<{ quiet: void }>({ quiet: [quiet, { auto: true }] });

const MODEL = '**/models/translator-magneto-en-de/model.safetensors';
const load = (page: Page) => page.getByRole('button', { name: /^Load the translator, [\d.]+ MB$/ });
const source = (page: Page) => page.getByRole('textbox');
const result = (page: Page) => page.locator('#translation');
const live = (page: Page) => page.locator('#live');
const status = (page: Page) => page.locator('#translate-status');

async function open(page: Page, hash = '#/translate'): Promise<void> {
  await page.goto(`/${hash}`);
  await load(page).click({ timeout: 40_000 });
  await expect(page.getByText(/^The translator is ready, [\d.]+ MB, loaded in [\d.]+ m?s\.$/)).toBeVisible({ timeout: 40_000 });
}

test('the translator is loaded when it is asked for, and translates what was typed meanwhile', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (r) => asked.push(new URL(r.url()).pathname));
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route(MODEL, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto('/#/translate');
  await expect(page).toHaveTitle('Translate in this page · Lodestone');
  await expect(load(page)).toBeVisible({ timeout: 40_000 });
  expect(asked.filter((p) => /safetensors|tokenizer/.test(p))).toEqual([]);
  await source(page).fill('Wo ist der Bahnhof?');
  await expect(status(page)).toHaveText('The text is translated as soon as the translator is ready.');
  await load(page).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('progressbar', { name: /^Loading the translator/ })).toBeVisible();
  // The same button cancels, and keeps the keyboard.
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(load(page)).toBeFocused();
  await expect(live(page)).toHaveText('Loading was cancelled.');
  await page.keyboard.press('Enter');
  release();
  await expect(result(page)).toHaveText(/station/i, { timeout: 120_000 });
  await expect(status(page)).toHaveText(/^1 sentence, \d+ tokens in [\d.]+ m?s$/);
  await expect(live(page)).toHaveText(/station/i);
  await expect(result(page)).toHaveAttribute('lang', 'en');
});

test('a text is translated as it is typed, only where it changed, and both ways', async ({ page }) => {
  await open(page);
  await source(page).pressSequentially('Ich habe keine Zeit.', { delay: 15 });
  await expect(status(page)).toHaveText(/^1 sentence,/);
  const first = (await result(page).textContent())!;
  expect(first).toMatch(/time/);
  await source(page).press('End');
  await source(page).pressSequentially(' Das Wetter ist heute schön.\n\n- 12 %\n- <b>Danke</b>!', { delay: 5 });
  await expect(status(page)).toHaveText(/^3 sentences,/);
  const text = (await result(page).textContent())!;
  expect(text.startsWith(`${first} `)).toBe(true);
  expect(text).toMatch(/weather/i);
  expect(text).toContain('\n\n- 12 %\n- ');
  await expect(result(page).locator('b')).toHaveCount(0);
  await page.getByRole('button', { name: 'Swap languages, now from German to English' }).click();
  await expect(source(page)).toHaveValue(text);
  await expect(page.getByRole('heading', { level: 2 }).first()).toHaveText('English');
  await expect(result(page)).toHaveText(/Zeit/);
  await expect(result(page)).toHaveAttribute('lang', 'de');
  await source(page).fill('Wo ist das Haus?');
  await expect(page.locator('#translate-hint')).toContainText('This looks like German. Swap');
  await page.getByRole('button', { name: 'Where is the station?' }).click();
  await expect(source(page)).toHaveValue('Where is the station?');
  await expect(result(page)).toHaveText(/Bahnhof/);
  // Another view and back: everything is as before.
  await page.getByRole('link', { name: 'Bench' }).click();
  await page.getByRole('link', { name: 'Translate' }).click();
  await expect(source(page)).toHaveValue('Where is the station?');
  await expect(result(page)).toHaveText(/Bahnhof/);
});

test('a long text streams, is stopped at once, and continues', async ({ page }) => {
  await open(page);
  const sentences = Array.from({ length: 120 }, (_, i) => `Mein Freund hat ${i + 2} Kinder und wohnt in einem Haus am See.`);
  // In the page, since a fast machine is done before a click from outside arrives.
  const stopped = page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const look = () => {
          const button = document.querySelector<HTMLButtonElement>('#translate-act');
          if (/^[1-9]\d* of 120 sentences$/.test(document.querySelector('#translate-status')?.textContent ?? '') && button?.textContent === 'Stop') {
            observer.disconnect();
            button.click();
            resolve();
          }
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { subtree: true, childList: true, characterData: true });
      }),
  );
  await source(page).fill(sentences.join(' '));
  await stopped;
  await expect(live(page)).toHaveText('Stopped.');
  const there = (await result(page).textContent())!;
  expect(there).toContain('…');
  await page.waitForTimeout(300);
  expect(await result(page).textContent()).toBe(there);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect.poll(async () => Number(/^\d+/.exec((await status(page).textContent()) ?? '')?.[0])).toBeGreaterThan(Number(there.split('.').length));
  await source(page).fill(sentences[0]!);
  await expect(status(page)).toHaveText(/^1 sentence,/); // translated before: nothing of the long text continues
});

test('a missing model is reported, and trying again works', async ({ page }) => {
  await page.route(MODEL, (route) => route.fulfill({ status: 404, body: 'no' }));
  await page.goto('/#/translate');
  await source(page).fill('Danke.');
  await load(page).click({ timeout: 40_000 });
  await expect(page.locator('.alert')).toContainText('The translator could not be loaded');
  await expect(page.locator('.alert')).toContainText('404');
  await expect(page.locator('.alert code')).toHaveText(/^[a-z_]+$/);
  await expect(live(page)).toContainText('The translator could not be loaded');
  await page.unroute(MODEL);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(result(page)).toHaveText(/thank/i, { timeout: 120_000 });
  await expect(page.locator('.alert')).toHaveCount(0);
});

test('by keyboard alone, on a phone, with every name in order', async ({ page }, info) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto('/#/translate');
  await expect(load(page)).toBeVisible({ timeout: 40_000 });
  expect(await faults(page)).toEqual([]);
  await load(page).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText(/^The translator is ready, /)).toBeVisible({ timeout: 40_000 });
  await expect(source(page)).toBeFocused(); // the button is gone, so the focus moves to the box
  await page.keyboard.type('Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz. Kannst du mir helfen?');
  await expect(status(page)).toHaveText(/^2 sentences,/);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Copy' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(result(page)).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await expect(page.getByRole('button', { name: /^Swap languages/ })).toBeFocused();
  expect(await faults(page)).toEqual([]);
  const [content, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
  expect(content).toBeLessThanOrEqual(window_);
  await info.attach('translate-phone.png', { body: await page.screenshot({ fullPage: true }), contentType: 'image/png' });
});
