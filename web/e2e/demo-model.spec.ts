// The demo's view "Model": the architecture, attention and routing, by pointer, keyboard and as tables.
import { expect, type Page, test as base } from '@playwright/test';
import { faults, quiet } from './demo-checks.js';

const test = base.extend<{ quiet: void }>({ quiet: [quiet, { auto: true }] });

const live = (page: Page) => page.locator('#live');
const map = (page: Page) => page.locator('#attention-map');
const hint = (page: Page) => page.locator('#heat-hint');

/** Opens the view and loads a folder. */
async function open(page: Page, folder = ''): Promise<void> {
  await page.goto(folder === '' ? '/#/model' : `/#/model?folder=${encodeURIComponent(folder)}`);
  await page.getByRole('button', { name: 'Load', exact: true }).click({ timeout: 40_000 });
  await expect(page.locator('#model-picture svg')).toBeVisible({ timeout: 40_000 });
}

test('the size is shown before anything is loaded, then the model shows what it is', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (r) => asked.push(new URL(r.url()).pathname));
  await page.goto('/#/model');
  await expect(page).toHaveTitle('Look into a model · Lodestone');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Look into a model');
  await expect(page.getByRole('link', { name: 'Model' })).toHaveAttribute('aria-current', 'page');
  await expect(page.locator('#folder-size')).toHaveText(/^\d\.\d MB to download$/, { timeout: 120_000 });
  await expect(page.getByRole('searchbox')).toBeHidden();
  expect(asked.filter((p) => /safetensors|tokenizer/.test(p))).toEqual([]);
  await page.getByRole('button', { name: 'Load', exact: true }).click();
  const picture = page.getByRole('img', { name: /magneto encoder: 4 layers of 256, Sub-LN/ });
  await expect(picture).toBeVisible({ timeout: 40_000 });
  await expect(picture).toContainText('self-attention: 4 heads of 64');
  await expect(picture).toContainText('before the output of attention');
  await expect(picture).toContainText('7.4 M parameters');
  await expect(picture).toContainText('29.6 MB'); // in f32
  await page.getByText('Parameters of each part').click();
  await expect(page.getByRole('row', { name: /tokens 4,194,304 4\.3 MB/ })).toBeVisible();
  await expect(page.locator('.picture details')).toContainText('layers.3.self_attn.k_proj.weight');
  await expect(live(page)).toContainText(/Layer 0, head 0|The model is ready/);
});

test('a sentence is shown head by head, by choosers, pointer and keyboard, and as a table', async ({ page }) => {
  await open(page);
  const box = page.getByRole('textbox', { name: 'A sentence' });
  await box.fill('Wo ist der <b>Bahnhof</b>?');
  await box.press('Enter');
  await expect(map(page).locator('svg text').filter({ hasText: 'ist' })).toHaveCount(2); // a row and a column
  await expect(map(page).locator('b')).toHaveCount(0);
  await box.fill('The key is under the mat.');
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(map(page).locator('svg')).toHaveAttribute('aria-label', /^Layer 0, head 0: “.+” attends to “.+” with \d+ % of its attention/);
  await box.fill('not yet sent');
  await page.getByRole('combobox', { name: 'Layer' }).selectOption('layer 3');
  await expect(map(page).locator('svg')).toHaveAttribute('aria-label', /^Layer 3, head 0: /);
  await expect(box).toHaveValue('not yet sent');
  await page.getByRole('combobox', { name: 'Head' }).selectOption('head 2');
  await expect(map(page).locator('svg')).toHaveAttribute('aria-label', /^Layer 3, head 2: /);
  await page.getByRole('combobox', { name: 'Head' }).selectOption('mean of all heads');
  await expect(map(page).locator('svg')).toHaveAttribute('aria-label', /^Layer 3, mean of 4 heads: /);
  // The pointer.
  await hint(page).scrollIntoViewIfNeeded(); // what is below the window has no pointer
  const svg = (await map(page).locator('svg').boundingBox())!;
  await page.mouse.move(svg.x + svg.width - 8, svg.y + svg.height - 8);
  await expect(hint(page)).toHaveText(/^“<\/s>” attends to “<\/s>” with \d+ % of its attention\.$/);
  // The keyboard.
  await map(page).focus();
  await page.keyboard.press('ArrowUp');
  await expect(hint(page)).not.toHaveText(/^“<\/s>”/);
  await page.keyboard.press('ArrowLeft');
  await expect(live(page)).toHaveText(/^“.*” attends to “.*” with \d+ % of its attention\.$/);
  await expect.poll(async () => (await live(page).textContent()) === (await hint(page).textContent())).toBe(true);
  // The table: a row for each token, and its numbers are those of the map.
  await page.getByText('The map as a table').click();
  const rows = page.locator('#attention-table tbody tr');
  await expect(rows).toHaveCount(Number(await map(page).locator('svg').getAttribute('data-tokens')));
  await expect(rows.first()).toContainText(/\d+ %/);
  await expect(page.locator('#attention-table caption')).toHaveText('Layer 3, mean of 4 heads');
});

test('a mixture of experts shows the routing of every token', async ({ page }) => {
  await open(page, '/f/mixture/');
  await expect(page.locator('#model-picture')).toContainText('router: softmax gate, best 2 of 4');
  await expect(page.locator('#model-picture')).toContainText('layers 1, 3 (2 of 4)');
  await expect(page.getByRole('heading', { name: 'Experts', exact: true })).toBeVisible();
  await expect(page.locator('#routing-1 svg')).toHaveAttribute('aria-label', /Layer 1: 4 experts, best 2\. \d of 4 experts have tokens; 0 choices without room/);
  await expect(page.locator('#routing-3 svg')).toBeVisible();
  await page.locator('.routing summary').first().click();
  const rows = page.locator('.routing details').first().locator('tbody tr');
  await expect(rows.nth(1)).toContainText(/The\s+\d, weight 0\.\d\d; \d, weight 0\.\d\d/);
  await expect(page.locator('#routing-1 svg .chosen')).toHaveCount(2 * (await rows.count()));
});

test('a folder without a tokenizer takes ids; a wrong folder is reported', async ({ page }) => {
  await open(page, '/f/tokenizer-missing/');
  const box = page.getByRole('textbox', { name: 'Token ids' });
  await box.fill('0 310 3710 2');
  await box.press('Enter');
  await expect(map(page).locator('svg')).toHaveAttribute('data-tokens', '4');
  await expect(map(page)).toContainText('3710');
  await box.fill('0 x 2');
  await box.press('Enter');
  await expect(page.locator('.alert')).toContainText('ids: "x", expected whole numbers');
  await page.getByRole('textbox', { name: 'Model folder' }).fill('/nowhere/');
  await page.getByRole('button', { name: 'Choose' }).click();
  await expect(page).toHaveURL(/#\/model\?folder=%2Fnowhere%2F$/);
  await expect(page.locator('#folder-size')).toHaveText('there is no such folder');
  await page.getByRole('button', { name: 'Load', exact: true }).click();
  await expect(page.locator('.alert')).toContainText('The model could not be loaded');
  await expect(page.locator('.alert code')).toHaveText(/^[a-z_]+$/);
  await page.getByRole('textbox', { name: 'Model folder' }).fill('https://models.example/x/');
  await page.getByRole('button', { name: 'Choose' }).click();
  await expect(page.locator('.alert')).toContainText('reads models of its own site only');
});

test('Load loads the folder in the box, also without Choose', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (r) => asked.push(new URL(r.url()).pathname));
  await page.goto('/#/model');
  await expect(page.locator('#folder-size')).toHaveText(/^\d\.\d MB to download$/, { timeout: 120_000 });
  await page.getByRole('textbox', { name: 'Model folder' }).fill('models/translator-magneto-en-de/');
  await page.getByRole('button', { name: 'Load', exact: true }).click();
  await expect(page.getByRole('img', { name: /encoder-decoder/ })).toBeVisible({ timeout: 40_000 });
  await expect(page).toHaveURL(/#\/model\?folder=models%2Ftranslator-magneto-en-de%2F$/);
  await expect(page.getByRole('textbox', { name: 'Model folder' })).toHaveValue('models/translator-magneto-en-de/');
  // Asked for again as a translator: its configuration refuses vectors while the first request begins.
  expect([...new Set(asked.filter((p) => p.endsWith('.safetensors')))]).toEqual(['/models/translator-magneto-en-de/model.safetensors']);
  await page.goBack();
  await expect(page.locator('#folder-size')).toHaveText(/^\d\.\d MB to download$/);
  await expect(page.getByRole('textbox', { name: 'Model folder' })).toHaveValue('');
});

test('a load shows how far it is and can be cancelled', async ({ page }) => {
  await page.goto('/#/model?folder=/f/slow/');
  const load = page.getByRole('button', { name: 'Load', exact: true });
  await load.click({ timeout: 40_000 });
  await expect(page.getByRole('progressbar', { name: /Loading the model [\d.]+ .?B of \d\.\d MB/ })).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(load).toBeVisible();
  await expect(page.getByRole('progressbar')).toHaveCount(0);
  await expect(live(page)).toContainText('Loading was cancelled.');
  await expect(page.locator('.alert')).toHaveCount(0);
});

test('the views keep their state, and the search’s model is not loaded twice', async ({ page }) => {
  await page.goto('/#q=snow');
  await expect(page.locator('#facts')).toContainText('240 sentences embedded', { timeout: 120_000 });
  await page.getByLabel('Your text').fill('not yet added');
  const asked: string[] = [];
  page.on('request', (r) => asked.push(new URL(r.url()).pathname));
  await page.getByRole('link', { name: 'Model' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await expect(map(page).locator('svg')).toBeVisible(); // at once: it is loaded
  expect(asked.filter((p) => p.includes('safetensors'))).toEqual([]);
  await page.goBack();
  await expect(page.getByRole('searchbox')).toHaveValue('snow');
  await expect(page.locator('#hits li')).toHaveCount(9);
  await expect(page.locator('#map canvas')).toBeVisible();
  await expect(page.getByLabel('Your text')).toHaveValue('not yet added');
  await page.goForward();
  await expect(map(page).locator('svg')).toBeVisible();
  await page.getByRole('link', { name: 'Search' }).click();
  await expect(page.getByRole('searchbox')).toHaveValue('snow');
});

test('it is reached by keyboard, nothing is wider than a phone, and names are in order', async ({ page }, info) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await open(page, '/f/mixture/');
  await expect(page.locator('#routing-3 svg')).toBeVisible();
  const [content, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
  expect(content).toBeLessThanOrEqual(window_);
  expect(await faults(page)).toEqual([]);
  await page.getByRole('link', { name: 'Skip to the content' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
  const reached: string[] = [];
  for (let i = 0; i < 14; i++) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.trim() || ''));
  }
  for (const id of ['folder', 'model-picture', 'inspect-text', 'layer', 'head', 'attention-map', 'routing-1']) expect(reached).toContain(id);
  await info.attach('model-phone.png', { body: await page.screenshot({ fullPage: true }), contentType: 'image/png' });
});
