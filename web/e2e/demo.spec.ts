// The demo page, as a reader meets it: search, own text, failures, keyboard, screen reader, dark and narrow, and no freezing.
import { expect, type Page, test as base } from '@playwright/test';
import { faults, quiet } from './demo-checks.js';

const test = base.extend<{ quiet: void }>({ quiet: [quiet, { auto: true }] });

const facts = (page: Page) => page.locator('#facts');
const query = (page: Page) => page.getByRole('searchbox', { name: 'Search the sentences' });
const hits = (page: Page) => page.locator('#hits li');
const live = (page: Page) => page.locator('#live');

async function open(page: Page, path = '/'): Promise<void> {
  await page.goto(path);
  await expect(facts(page)).toContainText('240 sentences embedded', { timeout: 120_000 });
}

/** Puts text into the box and adds it. */
async function addText(page: Page, text: string): Promise<void> {
  await page.getByLabel('Your text').fill(text);
  await page.getByRole('button', { name: 'Add text' }).click();
}

test('the model loads with progress in bytes, and the page states what it measured', async ({ page }) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/model.safetensors', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Search by meaning, on your own machine');
  await expect(page.locator('.load')).toContainText('Loading the model');
  await expect(page.getByRole('progressbar', { name: /Loading the model/ })).toBeVisible();
  await expect(hits(page).first()).toBeVisible(); // sentences to look at before the model is loaded
  await query(page).fill('my tooth hurts'); // typing is possible at once
  release();
  await expect(facts(page)).toContainText(/\d\.\d MB model, loaded in [\d.]+ m?s/, { timeout: 120_000 });
  await expect(facts(page)).toContainText(/240 sentences embedded in [\d.]+ m?s/);
  await expect(facts(page)).toContainText(/last query [\d.]+ m?s/);
  await expect(facts(page)).toContainText(/(simd128|relaxed|fused8?), \d+ thread/);
  await expect(facts(page)).toContainText('nothing leaves this page');
  await expect(hits(page).first()).toContainText(/dents|Zahnschmerzen|toothache/);
});

test('before the program has started, the page says what it is and keeps what is typed', async ({ page }) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/app.wasm', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto('/');
  await expect(page.locator('#boot-text')).toContainText(/Loading the model/);
  await query(page).pressSequentially('je suis fatigué');
  await query(page).press('Enter');
  release();
  await expect(hits(page).first()).toContainText(/fatigué|müde|tired/, { timeout: 120_000 });
  await expect(query(page)).toBeFocused();
  await expect(query(page)).toHaveValue('je suis fatigué');
});

test('a German query finds the English and the French sentence', async ({ page }) => {
  await open(page);
  await query(page).fill('Ich will Geld sparen');
  await expect(page.locator('#hits')).toContainText('Ich spare Geld für ein Auto.');
  await expect(page.locator('#hits')).toContainText("I'm saving money for a car.");
  await expect(page.locator('#hits')).toContainText("J'épargne pour une voiture.");
  await expect(page.locator('#results-title')).toHaveText('Closest in meaning');
  await expect(page.locator('.results .hint')).toHaveText('9 results of 240 sentences, across 3 languages');
  await expect(page.locator('#hits .kin').first()).toContainText('same sentence as');
  await expect(hits(page)).toHaveCount(9);
  const scores = (await page.locator('#hits .score .num').allTextContents()).map(Number);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  await expect(live(page)).toContainText('9 results shown of 240 sentences. Nearest, German: Ich spare Geld für ein Auto.');
  await expect(page.locator('#map-text')).toContainText('is nearest to “Ich spare Geld für ein Auto.” (German, 0.');
});

test('an example, a result and a deep link run a query', async ({ page }) => {
  await open(page, '/#q=Regenschirm');
  await expect(query(page)).toHaveValue('Regenschirm');
  await expect(hits(page).first()).toContainText(/parapluie|umbrella|Regenschirm/);
  await page.getByRole('button', { name: 'my tooth hurts' }).click();
  await expect(query(page)).toHaveValue('my tooth hurts');
  await expect(hits(page).first()).toContainText(/dents|Zahnschmerzen|toothache/);
  await expect(page).toHaveURL(/\/$/); // a query enters the address only by a link
  const text = await hits(page).nth(1).locator('.hit-text').textContent();
  await hits(page).nth(1).getByRole('button').click();
  await expect(query(page)).toHaveValue(text ?? '');
  await expect(hits(page).first().locator('.num')).toHaveText('1.00');
  await page.evaluate(() => (location.hash = '#q=snow'));
  await expect(query(page)).toHaveValue('snow');
  await query(page).fill('');
  await expect(page.locator('#results-title')).toHaveText('Some of the sentences');
});

test('a query enters the address only when its link is copied', async ({ page }) => {
  await page.addInitScript(() => {
    const copied: string[] = [];
    Object.assign(window, { copied });
    Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text: string) => void copied.push(text) } });
  });
  await open(page, '/#q=snow');
  const entries = await page.evaluate(() => history.length);
  await expect(page).toHaveURL(/#q=snow$/); // the reader came by this link
  await query(page).fill('a secret of mine');
  await expect(page).toHaveURL(/\/$/);
  await page.waitForTimeout(1000); // typing has rested
  await expect(page).toHaveURL(/\/$/);
  expect(await page.evaluate(() => history.length)).toBe(entries);
  // Another view and back: the page remembers the query, the address does not.
  await page.getByRole('link', { name: 'Bench' }).click();
  await expect(page.getByRole('button', { name: 'Measure this browser' })).toBeVisible();
  await page.evaluate(() => history.back());
  await expect(query(page)).toBeVisible();
  await expect(query(page)).toHaveValue('a secret of mine');
  await expect(page).toHaveURL(/\/$/);
  await page.getByRole('button', { name: 'Copy link' }).press('Enter');
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  await expect(live(page)).toHaveText('Copied.');
  await expect(page).toHaveURL(/\/$/);
  const [link] = await page.evaluate(() => (window as unknown as { copied: string[] }).copied);
  expect(link).toMatch(/\/#q=a%20secret%20of%20mine$/);
  await query(page).fill('another');
  await expect(page.getByRole('button', { name: 'Copy link' })).toBeVisible();
  await page.goto(link!);
  await expect(query(page)).toHaveValue('a secret of mine');
});

test('nothing is asked from anywhere once the model is loaded', async ({ page }) => {
  await open(page);
  await page.waitForLoadState('networkidle'); // the browser fetches the page's icon when it has time
  const asked: string[] = [];
  page.on('request', (r) => asked.push(r.url()));
  await query(page).fill('where is my key');
  await expect(hits(page).first()).toContainText(/key|clé|Schlüssel/);
  await addText(page, 'The blue boat sails tomorrow.');
  await expect(facts(page)).toContainText('241 sentences embedded');
  expect(asked).toEqual([]);
});

test('pasted text is split, found, and removed again', async ({ page }) => {
  await open(page);
  await addText(page, 'The boat to the island leaves at 9.30 a.m. today. Dr. Meier sammelt Pilze im Wald. <img src=x onerror=alert(1)> is only text.');
  const own = page.locator('#sources li').nth(1);
  await expect(own).toContainText('3 sentences');
  await expect(page.getByLabel('Your text')).toHaveValue('');
  await query(page).fill("le bateau pour l'île");
  await expect(hits(page).first()).toContainText('The boat to the island leaves at 9.30 a.m. today.');
  await query(page).fill('Pilze sammeln im Wald');
  await expect(hits(page).first()).toContainText('Dr. Meier sammelt Pilze im Wald.');
  await query(page).fill('<img src=x onerror=alert(1)> is only text');
  await expect(hits(page).first()).toContainText('<img src=x onerror=alert(1)>');
  await expect(page.locator('#hits img')).toHaveCount(0);
  await own.getByRole('button', { name: /^Remove/ }).click();
  await expect(page.locator('#sources li')).toHaveCount(1);
  await expect(page.locator('#hits')).not.toContainText('onerror');
  await expect(page.locator('#sources')).toBeFocused();
  // The bundled sentences can be removed and come back.
  await page.getByRole('button', { name: 'Remove Sample sentences' }).click();
  await expect(page.locator('#results-title')).toHaveText('There is nothing to search');
  await page.getByRole('button', { name: 'Bring back' }).click();
  await expect(hits(page)).toHaveCount(9, { timeout: 120_000 });
});

test('a dropped file is searched; one that is not text is refused with a reason', async ({ page }) => {
  await open(page);
  const drop = async (name: string, bytes: number[]) => {
    const data = await page.evaluateHandle(
      ({ name, bytes }) => {
        const t = new DataTransfer();
        t.items.add(new File([new Uint8Array(bytes)], name, { type: 'text/plain' }));
        return t;
      },
      { name, bytes },
    );
    await page.dispatchEvent('body', 'dragover', { dataTransfer: data });
    await expect(page.locator('#drop')).toBeVisible();
    await page.dispatchEvent('body', 'drop', { dataTransfer: data });
    await expect(page.locator('#drop')).toBeHidden();
  };
  await drop('notes.txt', [...new TextEncoder().encode('The violin lesson is on Thursday.\nBring the green notebook.')]);
  await expect(page.locator('#sources')).toContainText('notes.txt');
  await query(page).fill('Geigenunterricht am Donnerstag');
  await expect(page.locator('#hits')).toContainText('The violin lesson is on Thursday.');
  await drop('picture.png', [0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1]);
  await expect(page.locator('#notice')).toContainText('picture.png: not text: a zero byte at position 4; only plain text files can be read');
  await addText(page, '12 34');
  await expect(page.locator('#notice')).toContainText('no sentence');
  await expect(page.getByLabel('Your text')).toHaveValue('12 34'); // a refused text stays, so that it can be corrected
  await addText(page, 'A good sentence.');
  await expect(page.locator('#notice')).toHaveText('');
});

test('a long text embeds with progress, can be cancelled and continued, and queries run meanwhile', async ({ page }) => {
  await open(page);
  await addText(page, Array.from({ length: 700 }, (_, i) => `On day ${i} the traveller number ${i * 7} wrote a letter about city ${i * 13}.`).join(' '));
  await expect(page.getByRole('progressbar', { name: /Embedding sentences/ })).toBeVisible();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await expect(page.locator('.load')).toContainText(/Stopped \d+ of 940/);
  await query(page).fill('my tooth hurts');
  await expect(hits(page).first()).toContainText(/dents|Zahnschmerzen|toothache/);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(facts(page)).toContainText('940 sentences embedded', { timeout: 120_000 });
  await addText(page, Array.from({ length: 300 }, (_, i) => `Another line ${i}.`).join(' '));
  await expect(facts(page)).toContainText(/1,?240 sentences embedded/, { timeout: 120_000 });
});

test('a wrong model path is reported, and trying again works', async ({ page }) => {
  await page.goto('/?model=/nowhere/');
  const alert = page.locator('.alert');
  await expect(alert).toContainText('The model could not be loaded');
  await expect(alert).toContainText('/nowhere/');
  await expect(alert.locator('code')).toHaveText(/^[a-z_]+$/);
  await expect(live(page)).toContainText('The model could not be loaded');
  let broken = true;
  await page.route('**/config.json', (route) => (broken ? route.fulfill({ status: 503, body: 'busy' }) : route.continue()));
  await page.goto('/');
  await expect(alert).toContainText('503');
  await expect(alert.locator('code')).toHaveText('http_status');
  await query(page).fill('my tooth hurts'); // the page stays usable
  broken = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(hits(page).first()).toContainText(/dents|Zahnschmerzen|toothache/, { timeout: 120_000 });
  await expect(alert).toHaveCount(0);
  await page.goto('/?model=https://models.example/x/');
  await expect(alert).toContainText('reads models of its own site only');
});

test('a missing program and a browser without SIMD are reported', async ({ page }) => {
  await page.route('**/app.wasm', (route) => route.fulfill({ status: 404, body: 'no' }));
  await page.goto('/');
  await expect(page.locator('.alert')).toContainText('got status 404 for app.wasm, expected 200');
  await page.unroute('**/app.wasm');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(facts(page)).toContainText('embedded', { timeout: 120_000 });
  await page.addInitScript(() => (WebAssembly.validate = () => false));
  await page.goto('/?nosimd');
  await expect(page.locator('.alert')).toContainText('It has no WebAssembly SIMD');
});

test('everything is reached by keyboard alone', async ({ page }) => {
  await open(page);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the search box' })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab'); // from the fragment's target, or from the link where a browser keeps the focus there
  if (!(await query(page).evaluate((e) => e === document.activeElement))) await query(page).focus();
  await page.keyboard.type('the meeting is cancelled');
  await expect(hits(page).first()).toContainText(/Sitzung|meeting|réunion/);
  for (let i = 0; i < 6; i++) await page.keyboard.press('Tab'); // the six examples
  await expect(page.getByRole('button', { name: 'je suis fatigué' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Copy link' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(hits(page).first().getByRole('button')).toBeFocused();
  await expect(page.locator('.tip')).toBeVisible(); // the map shows where the focused result stands
  await page.keyboard.press('Tab');
  await expect(hits(page).nth(1).getByRole('button')).toBeFocused();
  // Read where it is focused: results of an earlier letter may still be replaced.
  const second = await page.evaluate(() => document.activeElement!.querySelector('.hit-text')!.textContent);
  await page.keyboard.press('Enter');
  await expect(query(page)).toHaveValue(second ?? '');
  for (let i = 0; i < 8; i++) await page.keyboard.press('Tab'); // the other results, then the map
  const map = page.getByRole('application', { name: /Map of the sentences/ });
  await expect(map).toBeFocused();
  await expect(live(page)).toContainText(/^(English|German|French): /);
  const first = await live(page).textContent();
  // Not a closed way: two translations may be the first result, and which one is decides where the way begins.
  for (const key of ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key);
  await expect(live(page)).not.toHaveText(first ?? '');
  const there = await live(page).textContent();
  await page.keyboard.press('Enter');
  await expect(query(page)).toHaveValue((there ?? '').replace(/^\w+: /, ''));
  await page.keyboard.press('Tab');
  await expect(page.getByLabel('Your text')).toBeFocused();
  await page.keyboard.type('The tent is in the cellar.');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.locator('#sources li')).toHaveCount(2);
});

test('the map shows the sentence under the pointer and searches for it', async ({ page }) => {
  await open(page);
  await expect.poll(async () => page.locator('#map-text').textContent()).toContain('240 sentences as dots');
  await page.waitForTimeout(600); // the dots come to rest
  const canvas = page.locator('#map canvas');
  await canvas.scrollIntoViewIfNeeded();
  const box = (await canvas.boundingBox())!;
  let found = '';
  for (let y = 0.2; y < 0.9 && !found; y += 0.05) {
    for (let x = 0.1; x < 0.9 && !found; x += 0.03) {
      await page.mouse.move(box.x + box.width * x, box.y + box.height * y);
      await page.waitForTimeout(30);
      if (await page.locator('.tip').isVisible()) found = (await page.locator('.tip').textContent()) ?? '';
    }
  }
  expect(found).not.toBe('');
  await page.mouse.down();
  await page.mouse.up();
  await expect(query(page)).toHaveValue(found);
});

test('names, roles and references are in order', async ({ page }) => {
  await open(page);
  await query(page).fill('snow');
  await expect(hits(page)).toHaveCount(9);
  await addText(page, '1');
  await expect(page.locator('#notice')).not.toHaveText('');
  expect(await faults(page)).toEqual([]);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`text has enough contrast in the ${colorScheme} scheme`, async ({ page }, info) => {
    await page.emulateMedia({ colorScheme });
    await open(page);
    const taken = await page.evaluate((scheme) => matchMedia(`(prefers-color-scheme: ${scheme})`).matches, colorScheme);
    test.skip(!taken, 'this browser does not take the colour scheme from the test');
    await query(page).fill('Ich will Geld sparen');
    await expect(hits(page)).toHaveCount(9);
    const ratios = await page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      const luminance = (name: string) => {
        const hex = style.getPropertyValue(`--${name}`).trim();
        const [r, g, b] = [1, 3, 5].map((i) => {
          const v = parseInt(hex.slice(i, i + 2), 16) / 255;
          return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        }) as [number, number, number];
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const out: Record<string, number> = {};
      for (const [text, ground] of [['ink', 'surface'], ['soft', 'surface'], ['muted', 'surface'], ['muted', 'raised'], ['ink', 'raised'], ['on-accent', 'accent'], ['soft', 'sunken'], ['muted', 'sunken']] as const) {
        const [a, b] = [luminance(text), luminance(ground)];
        out[`${text} on ${ground}`] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      }
      for (const dot of ['en', 'de', 'fr', 'accent']) {
        const [a, b] = [luminance(dot), luminance('sunken')];
        out[`${dot} dot`] = ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)) * 1.5; // graphics need 3:1
      }
      return out;
    });
    for (const [pair, ratio] of Object.entries(ratios)) expect.soft(ratio, pair).toBeGreaterThanOrEqual(4.5);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const bright = Number(/\d+/.exec(ground)![0]);
    expect(colorScheme === 'dark' ? bright < 60 : bright > 200).toBe(true);
    await info.attach(`demo-${colorScheme}.png`, { body: await page.screenshot(), contentType: 'image/png' });
  });
}

test('at 360 pixels nothing is wider than the screen', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  const fits = async (what: string) => {
    const [content, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
    expect(content, what).toBeLessThanOrEqual(window_);
  };
  await page.goto('/');
  await fits('before the program');
  await open(page);
  await fits('ready');
  await query(page).fill('Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenhersteller');
  await expect(hits(page)).toHaveCount(9);
  await addText(page, 'Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz'.repeat(2));
  await expect(page.locator('#sources li')).toHaveCount(2);
  await query(page).fill('Rindfleischetikettierung');
  await fits('long words');
  const map = (await page.locator('#map').boundingBox())!;
  const list = (await page.locator('#hits').boundingBox())!;
  expect(map.y).toBeGreaterThan(list.y + list.height - 1); // the map is below the results
  await page.goto('/?model=/a/very/long/path/that/does/not/exist/and/has/no/place/to/break');
  await expect(page.locator('.alert')).toBeVisible();
  await fits('a failure');
});

// The time that the page's thread computes, of which a busy machine takes nothing: the clock would count what other programs do.
test('typing never blocks the page for 50 ms', async ({ page, browser, browserName }) => {
  test.skip(browserName !== 'chromium', 'only Chromium reports the tasks of a thread');
  await open(page);
  await page.waitForTimeout(1500); // the start is not counted
  await query(page).focus();
  await browser.startTracing(page, { categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', '__metadata'] });
  for (const text of ['where can I catch the train to the airport', 'ich habe meinen Schlüssel verloren', 'il va neiger demain matin']) {
    await query(page).fill('');
    await page.keyboard.type(text, { delay: 40 });
    await page.waitForTimeout(500);
  }
  await expect(hits(page).first()).toContainText(/neiger|snow|schneien/i);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: { name: string; pid: number; tid: number; tdur?: number; args: { name?: string } }[];
  };
  const main = new Set(traceEvents.filter((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain').map((e) => `${e.pid} ${e.tid}`));
  const tasks = traceEvents.filter((e) => e.name === 'RunTask' && main.has(`${e.pid} ${e.tid}`)).map((e) => (e.tdur ?? 0) / 1000);
  expect(tasks.length).toBeGreaterThan(100);
  expect(tasks.filter((ms) => ms > 0.01).length).toBeGreaterThan(50); // the browser measures them
  expect(Math.max(...tasks), 'the longest task, in ms').toBeLessThan(50);
});
