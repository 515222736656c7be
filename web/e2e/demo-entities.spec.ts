// The demo's view "Entities", with the model that ships: loading on demand, marks that stand where the words are, typing, failures, a phone.
import { expect, type Page, test as base } from '@playwright/test';
import { faults, quiet } from './demo-checks.js';

const test = base.extend<{ quiet: void }>({ quiet: [quiet, { auto: true }] });

const MODEL = '**/models/tagger-magneto-*/model.safetensors';
const load = (page: Page) => page.getByRole('button', { name: /^Load the tagger, [\d.]+ MB$/ });
const text = (page: Page) => page.getByRole('textbox', { name: 'Your text, with the names marked' });
const mark = (page: Page, label: string, name: string) => page.locator(`#entities-marks mark[data-label=${label}]`, { hasText: new RegExp(`^${name}$`) });
const live = (page: Page) => page.locator('#live');
const status = (page: Page) => page.locator('#entities-status');

async function open(page: Page): Promise<void> {
  await page.goto('/#/entities');
  await load(page).click({ timeout: 40_000 });
  await expect(page.getByText(/^The tagger is ready, [\d.]+ MB, loaded in [\d.]+ m?s\.$/)).toBeVisible({ timeout: 40_000 });
}

/** How high the text is in the box that is typed into, and behind it. */
const heights = (page: Page) =>
  page.evaluate(() => {
    const box = document.querySelector<HTMLTextAreaElement>('#entities-text')!;
    const marks = document.querySelector<HTMLElement>('#entities-marks')!;
    box.style.height = marks.style.height = '0';
    const all = [box.scrollHeight, marks.scrollHeight, box.clientWidth - marks.clientWidth] as const;
    box.style.height = marks.style.height = '';
    return all;
  });

test('names are marked as one types, where they stand, and listed', async ({ page }) => {
  await page.goto('/#/entities');
  await expect(page).toHaveTitle('Find names in a text · Lodestone');
  await text(page).fill('Bill Clinton met Tony Blair in London.');
  await expect(status(page)).toHaveText('Names are marked as soon as the tagger is ready.', { timeout: 120_000 });
  await load(page).click();
  await expect(mark(page, 'PER', 'Bill Clinton')).toHaveCount(1, { timeout: 120_000 });
  await expect(mark(page, 'LOC', 'London')).toHaveCount(1);
  await expect(status(page)).toHaveText(/^3 entities in 1 sentence, tagged in [\d.]+ m?s$/);
  await expect(live(page)).toHaveText('Found: 2 persons, 1 place.');
  await expect(page.getByRole('row', { name: /^London (LOC )?place (almost|fairly) sure, \d\d\s%$/ })).toBeVisible();
  await expect(page.getByRole('list', { name: 'How many of each kind are marked' })).toHaveText(/persons 2.*places 1.*organisations 0/s);
  await expect(page.getByText(/F1 \d+\.\d on .*English/)).toBeVisible();
  // What is typed before and between them does not move the marks off their words.
  await text(page).press('ControlOrMeta+Home');
  await text(page).pressSequentially('Grüße 👩‍🚀 é!\n\n', { delay: 10 });
  for (const name of ['Bill Clinton', 'London']) await expect(page.locator('mark', { hasText: new RegExp(`^${name}$`) })).toHaveCount(1);
  await text(page).press('ControlOrMeta+End');
  await text(page).pressSequentially('\n\nJohn lives in Berlin. <b>no</b>', { delay: 10 });
  await expect(mark(page, 'LOC', 'Berlin')).toHaveCount(1);
  await expect(page.locator('#entities-marks b')).toHaveCount(0);
  expect(await page.locator('#entities-marks').textContent()).toBe(`${await text(page).inputValue()}\n`);
  // Another view and back: everything is as before.
  await page.getByRole('link', { name: 'Bench' }).click();
  await page.getByRole('link', { name: 'Entities' }).click();
  await expect(mark(page, 'LOC', 'Berlin')).toHaveCount(1);
  await expect(text(page)).toHaveValue(/John lives in Berlin/);
  await page.getByRole('button', { name: 'Clear' }).click();
  await expect(text(page)).toBeFocused();
  await expect(text(page)).toHaveValue('');
  await expect(page.locator('mark')).toHaveCount(0);
  await expect(page.getByRole('table')).toHaveCount(0);
});

test('sentences in three languages, Windows line ends, emoji and combining marks', async ({ page }) => {
  await open(page);
  for (const [example, label, name] of [
    ['George Lucas sold his company to Disney.', 'PER', 'George Lucas'],
    ['Albert Einstein reiste nach Japan.', 'PER', 'Albert Einstein'],
    ['Jacques Chirac a été maire de Paris.', 'PER', 'Jacques Chirac'],
  ] as const) {
    await page.getByRole('button', { name: example }).click();
    await expect(text(page)).toHaveValue(example);
    await expect(mark(page, label, name)).toHaveCount(1);
  }
  await expect(text(page)).toHaveAttribute('lang', 'fr');
  await page.evaluate(() => {
    const box = document.querySelector<HTMLTextAreaElement>('#entities-text')!;
    box.value = 'Äh, 👨‍👩‍👧 👍🏽\r\n\r\ncafe\u0301 noir. John lives in Berlin.\r\nMary lives in London.';
    box.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await expect(mark(page, 'LOC', 'Berlin')).toHaveCount(1);
  await expect(mark(page, 'LOC', 'London')).toHaveCount(1);
});

test('a long text is read to its end, and the marks break their lines as the box does', async ({ page }) => {
  await open(page);
  const long = Array.from({ length: 120 }, (_, i) => `Mary ${i} lives in London, ${'very '.repeat(i % 7)}far away.${i % 10 ? '' : '\n'}`).join(' ');
  await text(page).fill(long);
  await expect(status(page)).toHaveText(/in 1\d\d sentences, tagged in/, { timeout: 120_000 });
  expect(await mark(page, 'LOC', 'London').count()).toBeGreaterThan(100);
  await expect(page.getByText(/others are marked in the text\.$/)).toBeVisible();
  expect(await page.getByRole('row').count()).toBe(61);
  for (let width = 340; width < 1200; width += 97) {
    await page.setViewportSize({ width, height: 800 });
    const [box, marks, wider] = await heights(page);
    expect(box, `at ${width} pixels`).toBe(marks);
    expect(wider).toBe(0);
  }
  // The text was new a moment ago and is another one now: the newest wins.
  await text(page).fill(long.replaceAll('London', 'Rome'));
  await text(page).fill('Mary lives in London.');
  await expect(status(page)).toHaveText(/in 1 sentence,/);
  await expect(page.locator('mark', { hasText: 'Rome' })).toHaveCount(0);
});

test('a missing model is reported, and trying again works', async ({ page }) => {
  await page.route(MODEL, (route) => route.fulfill({ status: 404, body: 'no' }));
  await page.goto('/#/entities');
  await text(page).fill('Mary lives in London.');
  await load(page).click({ timeout: 40_000 });
  await expect(page.locator('.alert')).toContainText('The tagger could not be loaded');
  await expect(page.locator('.alert')).toContainText('404');
  await page.unroute(MODEL);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(mark(page, 'LOC', 'London')).toHaveCount(1, { timeout: 120_000 });
  await expect(page.locator('.alert')).toHaveCount(0);
});

/** The lowest contrast of text on a mark and of a mark's label on the box, by WCAG 2. */
const contrast = (page: Page) =>
  page.evaluate(() => {
    const light = (colour: string) => {
      const [r, g, b] = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((v) => (Number(v) / 255 <= 0.04045 ? Number(v) / 255 / 12.92 : ((Number(v) / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const ratio = (a: string, b: string) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
    const ink = getComputedStyle(document.querySelector('#entities-text')!).color;
    const box = getComputedStyle(document.querySelector('.marked')!).backgroundColor;
    return Math.min(
      ...[...document.querySelectorAll('mark')].flatMap((m) => [ratio(ink, getComputedStyle(m).backgroundColor), ratio(getComputedStyle(m, '::after').color, box)]),
      ...[...document.querySelectorAll('.tag')].map((t) => ratio(getComputedStyle(t).color, getComputedStyle(t).backgroundColor)),
    );
  });

test('by keyboard alone, on a phone, in light and dark, with every name in order', async ({ page }, info) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto('/#/entities');
  await expect(load(page)).toBeVisible({ timeout: 40_000 });
  expect(await faults(page)).toEqual([]);
  await load(page).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText(/^The tagger is ready, /)).toBeVisible({ timeout: 40_000 });
  await expect(text(page)).toBeFocused(); // the button is gone, so the focus moves to the box
  await page.keyboard.type('Bill Clinton met Tony Blair in London. George Lucas sold his company to Disney.');
  await expect(mark(page, 'ORG', 'Disney')).toHaveCount(1);
  await expect(mark(page, 'PER', 'George Lucas')).toHaveCount(1);
  expect(await faults(page)).toEqual([]);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await contrast(page), colorScheme).toBeGreaterThanOrEqual(4.5);
  }
  const [content, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
  expect(content).toBeLessThanOrEqual(window_);
  await info.attach('entities-phone.png', { body: await page.screenshot({ fullPage: true }), contentType: 'image/png' });
});
