// The demo's view "Private": a sentence classified under encryption, by a server and by the worker that stands in for it;
// cancelling, a server that is gone, a lost connection; storage, keyboard, a phone, dark, axe-core. Arithmetic on
// ciphertexts takes seconds of an idle processor, so the limits are wide.
import { expect, type Page, test as base } from '@playwright/test';
import { expectAccessible } from './axe.js';
import { faults, quiet } from './demo-checks.js';

const test = base.extend<{ quiet: void }>({ quiet: [quiet, { auto: true }] });
const LONG = 400_000;

const box = (page: Page) => page.getByRole('textbox', { name: 'An English sentence' });
const act = (page: Page) => page.locator('#private-act');
const stage = (page: Page) => page.locator('#private-stage');
const verdict = (page: Page) => page.locator('#private-verdict');
const rounds = (page: Page) => page.locator('#private-result tbody tr');

test.describe.configure({ timeout: 2 * LONG });

async function open(page: Page): Promise<void> {
  await page.goto('/#/private');
  await expect(page.getByRole('button', { name: /^Load the encrypted classifier, [\d.]+ MB$/ })).toBeVisible({ timeout: 60_000 });
}

test('a server classifies what it cannot read; the label is that in clear', async ({ page }) => {
  const bodies: string[] = [];
  const asked: string[] = [];
  page.on('request', (r) => {
    if (r.method() === 'GET') asked.push(new URL(r.url()).pathname); // HEAD asks for a size
    if (r.url().includes('/encrypted/')) bodies.push(r.postDataBuffer()?.toString('latin1') ?? '');
  });
  await open(page);
  await expect(page.locator('#promise')).toHaveText('What you type here leaves this page only encrypted.');
  expect(asked.filter((p) => /thex\.wasm|evaluator\.wasm|safetensors/.test(p))).toEqual([]);
  const sentence = 'The little dog wanted to play with the red ball.';
  await box(page).fill(sentence);
  await act(page).click();
  await expect(stage(page)).toHaveText(/Looking|Making keys|Sending|Round/, { timeout: 120_000 });
  await expect(verdict(page)).toHaveText('Under encryption: story. In clear: story. The labels are equal.', { timeout: LONG });
  await expect(rounds(page)).toHaveCount(9);
  await expect(page.locator('#private-where')).toContainText('A server computes: ./encrypted.');
  await expect(page.locator('#private-received')).toHaveText(/^([0-9a-f]{2}\s?){192}$/);
  await expect(page.getByText(/^The first 192 of the bytes.*Entropy: 7\.\d\d of 8 bits/)).toBeVisible();
  expect(asked.filter((p) => p.endsWith('/evaluator.wasm.gz'))).toEqual([]);
  for (const body of bodies) expect(body).not.toContain('little dog');
  // The second sentence needs no keys; a run that is stopped leaves nothing behind.
  await box(page).fill('Where is the station?');
  let messages = 0;
  await page.route('**/encrypted/v1/messages', async (route) => {
    if (++messages < 3) await route.continue(); // the third is never answered
  });
  await act(page).click();
  await expect(stage(page)).toHaveText('Round 3', { timeout: LONG });
  await act(page).click();
  await expect(page.locator('#live')).toHaveText(/^Stopped\./);
  await expect(page.locator('#private-result')).toHaveCount(0);
  await expect(page.locator('.alert')).toHaveCount(0);
  await page.unroute('**/encrypted/v1/messages');
  // A server that was restarted between two rounds, and one that is away.
  await page.route('**/encrypted/v1/messages', (route) => route.fulfill({ status: 404, contentType: 'text/plain', body: 'server: no such run: begin again' }));
  await act(page).click();
  await expect(page.locator('.alert')).toContainText('no such run: begin again', { timeout: LONG });
  await page.unroute('**/encrypted/v1/messages');
  await page.route('**/encrypted/v1/messages', (route) => route.abort('internetdisconnected'));
  await act(page).click();
  await expect(page.locator('.alert')).toContainText('The evaluator cannot be reached', { timeout: LONG });
  await expect(act(page)).toHaveText('Encrypt and classify');
  // Nothing of it is in the browser's storage.
  const stored = await page.evaluate(async () => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, (await (indexedDB.databases?.() ?? [])).map((d) => d.name)]));
  expect(stored).not.toMatch(/station|little dog|secret|thex-key/);
  const kept = await page.evaluate(async () => (await (await caches.open('lodestone-private')).keys()).map((r) => new URL(r.url).pathname.split('/').pop()).sort());
  expect(kept).toEqual(['config.json', 'model.safetensors', 'thex.wasm.gz', 'tokenizer.json']);
});

test('without a server a worker of the page stands in, and the page says so; then offline', async ({ page, context }, info) => {
  await page.route('**/encrypted/**', (route) => route.fulfill({ status: 404, body: 'no' }));
  await page.setViewportSize({ width: 360, height: 740 });
  await open(page);
  expect(await faults(page)).toEqual([]);
  await box(page).fill('Where is the station?');
  await box(page).focus();
  await page.keyboard.press('Tab'); // the choice of an evaluator
  await page.keyboard.press('Tab');
  await expect(act(page)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(verdict(page)).toHaveText('Under encryption: conversation. In clear: conversation. The labels are equal.', { timeout: LONG });
  await expect(page.locator('#private-where')).toContainText('a second worker of this page stands in for it');
  await expect(page.locator('#live')).toHaveText(/^Under encryption: conversation/);
  const [content, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
  expect(content).toBeLessThanOrEqual(inner);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
    await info.attach(`private-phone-${colorScheme}.png`, { body: await page.screenshot({ fullPage: true }), contentType: 'image/png' });
  }
  await page.unroute('**/encrypted/**');
  await context.setOffline(true);
  await act(page).click();
  await expect(verdict(page)).toHaveText(/The labels are equal/, { timeout: LONG });
  await context.setOffline(false);
});

test('an address that does not answer is reported, and no worker takes its place', async ({ page }) => {
  await page.route('**/nowhere/**', (route) => route.abort('connectionrefused'));
  await open(page);
  await page.getByText('Choose an evaluator').click();
  await expect(page.getByText('lode serve --encrypted thex-kinds-en --origin http')).toBeVisible();
  await page.getByRole('textbox', { name: 'Address of a server' }).fill('./nowhere/encrypted');
  await act(page).click();
  await expect(page.locator('.alert')).toContainText('The evaluator cannot be reached', { timeout: 120_000 });
  await expect(page.locator('#private-result')).toHaveCount(0);
});
