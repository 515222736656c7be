// The elements of web/elements: in light and dark, on a phone, by keyboard, right to left, in
// print, and on pages that are hostile to them. axe-core finds no fault in any state.
import { expect, type Page, test as base } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { quiet } from './demo-checks.js';

const test = base.extend<{ watched: void }>({ watched: [quiet, { auto: true }] });
test.use({ serviceWorkers: 'allow' }); // Playwright's block throws in a sandboxed frame
const axe = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; worker-src 'self'; img-src data:";

/** A page of its own under /host/, with the strict policy. */
async function host(page: Page, body: string, { head = '', path = '/host/page.html', lang = 'en' } = {}): Promise<void> {
  const html = `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Host</title><link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`;
  await page.route(`**${path}`, (route) => route.fulfill({ contentType: 'text/html', body: html, headers: { 'content-security-policy': policy } }));
  await page.goto(path);
}

const script = (name: string): string => `<script type="module" src="/elements/${name}.js"></script>`;
const text = '<main><h1>Handbook</h1><h2 id="loans">Loans</h2><p>A loan can be renewed twice by telephone.</p><h2>Rooms</h2><p>Two quiet rooms are upstairs.</p></main>';

/** What axe-core finds in the page and in the shadow roots. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe.run();
    return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`);
  });
}

test('the search of a page: typed, marked, chosen by keyboard, without a trace', async ({ page }) => {
  await page.goto('/examples/elements/search.html');
  const input = page.locator('main').getByRole('combobox');
  await input.fill('telefone');
  const options = page.getByRole('option');
  await expect(options).toHaveCount(2);
  await expect(page.getByRole('button', { name: 'Did you mean “telephone”?' })).toBeVisible();
  await expect(page.locator('main').getByRole('status').first()).toHaveText('2 results');
  expect(await faults(page)).toEqual([]);
  await input.press('ArrowDown');
  await input.press('ArrowDown');
  await expect(options.nth(1)).toHaveAttribute('aria-selected', 'true');
  expect(await input.getAttribute('aria-activedescendant')).toBe(await options.nth(1).getAttribute('id'));
  await input.press('ArrowUp');
  await input.press('Enter');
  await expect(page.getByRole('option')).toHaveCount(0);
  await expect(page).toHaveURL(/#renewing$/);
  expect(await page.evaluate(() => [...CSS.highlights.get('lodestone-search')!].map((r) => r.toString().trim().slice(0, 20)))).toEqual(['A loan can be renewe']);
  const left = await page.evaluate(() => {
    for (const e of document.querySelectorAll('lodestone-search')) e.remove();
    (document.activeElement as HTMLElement).blur();
    return { highlights: CSS.highlights.size, sheets: document.adoptedStyleSheets.length, stored: localStorage.length, tabindex: document.querySelectorAll('main [tabindex]').length };
  });
  expect(left).toEqual({ highlights: 0, sheets: 0, stored: 0, tabindex: 0 });
});

test('the dialog: Ctrl K, recent searches, Escape, focus back', async ({ page }) => {
  await page.goto('/examples/elements/search.html');
  const trigger = page.getByRole('button', { name: 'Search this page' });
  await trigger.focus();
  await page.keyboard.press('Control+k');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  await page.keyboard.type('sewing');
  await expect(dialog.getByRole('option')).toHaveCount(1);
  expect(await faults(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(trigger).toBeFocused();
  await page.keyboard.press('Control+k');
  await page.keyboard.press('Enter'); // the first result
  await expect(dialog).toBeHidden();
  await page.keyboard.press('Control+k');
  await dialog.getByRole('button', { name: 'Clear', exact: true }).click();
  await expect(dialog.getByRole('option')).toHaveText(['sewing']);
  expect(await faults(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Clear recent searches' }).click();
  await expect(dialog.getByRole('option')).toHaveCount(0);
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
});

for (const site of ['hugo', 'astro', 'mkdocs']) {
  test(`the site made by ${site}: results of all pages, filters, the passage`, async ({ page }) => {
    await page.goto(`/examples/sites/${site}/site/install.html`);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('restore');
    const dialog = page.getByRole('dialog');
    const passage = dialog.getByRole('option').filter({ hasText: 'Run tern restore and the name of the file' });
    await expect(passage).toBeVisible();
    await expect(dialog.getByText('Backups', { exact: true })).toBeVisible();
    await dialog.getByText('Filters', { exact: true }).click();
    await dialog.getByRole('checkbox', { name: /Reference/ }).check();
    await expect(dialog.getByText('Backups', { exact: true })).toBeHidden();
    expect(await faults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Clear filters' }).click();
    await expect(dialog.getByText('Backups', { exact: true })).toBeVisible();
    await passage.click();
    await expect(page).toHaveURL(new RegExp(`/examples/sites/${site}/site/backup\\.html#`));
  });
}

test('a German question finds an English page by meaning', async ({ page }) => {
  await page.goto('/examples/sites/hugo/site/install.html');
  const stage = await page.evaluate(async () => {
    const element = document.querySelector('lodestone-search') as unknown as { search(q: string): Promise<{ stage: string; pages: { title: string }[] }> };
    await customElements.whenDefined('lodestone-search');
    const answer = await element.search('Schlüssel vergessen ');
    return [answer.stage, answer.pages[0]!.title];
  });
  expect(stage).toEqual(['fused', 'Questions']);
});

test('the transformer reranks when it is asked for', async ({ page }) => {
  await host(page, `<lodestone-search src="/examples/sites/hugo/site/search/" engine="demand"></lodestone-search>`, { head: script('lodestone-search') });
  await page.getByRole('combobox').fill('how do I save my notes');
  await page.getByRole('button', { name: 'Rank by meaning' }).click();
  await expect(page.getByText('Ranked by meaning')).toBeVisible({ timeout: 120_000 });
  expect(await page.getByRole('option').count()).toBeGreaterThan(2);
});

test('events and methods: select can be prevented, search resolves, clear empties', async ({ page }) => {
  await host(page, `<lodestone-search src="/examples/sites/astro/site/search/" limit="2"><template slot="result"><b data-field="title"></b> <i data-field="section"></i></template></lodestone-search>`, { head: script('lodestone-search') });
  const seen = await page.evaluate(async () => {
    await customElements.whenDefined('lodestone-search');
    const element = document.querySelector('lodestone-search') as HTMLElement & { search(q: string): Promise<{ pages: unknown[]; total: number }>; clear(): void; query: string };
    const events: string[] = [];
    document.addEventListener('search', (e) => events.push(`search ${(e as CustomEvent).detail.query}`));
    document.addEventListener('select', (e) => {
      events.push(`select ${(e as CustomEvent).detail.page.title}`);
      e.preventDefault();
    });
    const answer = await element.search('notes');
    (element.shadowRoot!.querySelector('[role=option]') as HTMLElement).click();
    const text = element.shadowRoot!.querySelector('[role=option]')!.textContent!.trim();
    element.clear();
    return { events, pages: answer.pages.length, more: answer.total > 2, text: text.length > 3, query: element.query };
  });
  expect(seen).toEqual({ events: ['search notes', expect.stringMatching(/^select ./)], pages: 2, more: true, text: true, query: '' });
});

test('what goes wrong is a sentence with a way on', async ({ page }) => {
  await host(page, `<main><h1>Host</h1><lodestone-search src="/host/none/"></lodestone-search></main>`, { head: script('lodestone-search') });
  const input = page.getByRole('combobox');
  await input.fill('notes');
  await expect(page.getByText('Search is not available right now.').first()).toBeVisible();
  expect(await faults(page)).toEqual([]);
  await page.route('**/host/none/**', (route) => route.continue({ url: route.request().url().replace('/host/none/', '/examples/sites/astro/site/search/') }));
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('option').first()).toBeVisible();
  await input.fill('zzzzqqq');
  await expect(page.getByText('No results for “zzzzqqq”').first()).toBeVisible();
  await input.fill('😀');
  await expect(page.getByText('Enter a word to search for.')).toBeVisible();
  await input.fill('notes '.repeat(17_000));
  await expect(page.getByText('The query is long. Only its first words are used.')).toBeVisible();
});

test('an index of another version and a budget that is too small are told apart', async ({ page }) => {
  await page.route('**/host/old/manifest.json', (route) => route.fulfill({ json: { format: 'lodestone-site-index', version: 99 } }));
  await host(page, `<lodestone-search id="a" src="/host/old/"></lodestone-search><lodestone-search id="b" src="/examples/sites/hugo/site/search/" budget="1kB"></lodestone-search>`, { head: script('lodestone-search') });
  await page.locator('#a').getByRole('combobox').fill('notes');
  await expect(page.getByText('made for another version').first()).toBeVisible();
  await page.locator('#b').getByRole('combobox').fill('notes');
  await expect(page.getByText('The data limit is reached.').first()).toBeVisible();
});

test('whatever a query or an index is, the page gets an answer or a sentence', async ({ page }) => {
  const errors: string[] = [];
  page.on('pageerror', (e) => errors.push(String(e)));
  let fate: 'whole' | 'missing' | 'damaged' | 'offline' = 'whole';
  let good = Infinity; // chunks that come whole before the fate
  await page.route('**/examples/sites/hugo/site/search/chunks/**', async (route) => {
    if (fate === 'whole' || good-- > 0) return route.continue();
    if (fate === 'offline') return route.abort('internetdisconnected');
    if (fate === 'missing') return route.fulfill({ status: 404 });
    const response = await route.fetch();
    const body = await response.body();
    body[body.length >> 1]! ^= 1;
    return route.fulfill({ response, body });
  });
  const input = page.getByRole('combobox');
  for (const [next, sentence] of [['offline', 'There is no connection.'], ['missing', 'damaged or missing'], ['damaged', 'damaged or missing']] as const) {
    [fate, good] = [next, 3]; // two tables come, and the first terms
    await host(page, `<lodestone-search src="/examples/sites/hugo/site/search/"></lodestone-search>`, { head: script('lodestone-search') });
    await input.fill('backup ');
    await expect(page.getByText(sentence).first()).toBeVisible();
    fate = 'whole';
    // An index that did not open waits for the reader; other chunks are asked for again with the next query.
    const again = page.getByRole('button', { name: 'Try again' });
    if (await again.isVisible()) await again.click();
    else await input.fill('backups ');
    await expect(page.getByRole('option').first()).toBeVisible();
  }
  for (const query of ['ខ្មែរ', '😀😀😀', '<img src=x onerror=alert(1)>', '"\'\\%&#', '\u202eabc', 'a'.repeat(100_000), '字'.repeat(100_000)]) {
    await input.fill(query);
    await expect(input).toHaveValue(query);
    await expect(page.locator('lodestone-search').getByRole('status').first()).not.toHaveText(/Searching/);
  }
  await input.fill('ខ្មែរ');
  await expect(page.getByText('This search does not know the writing of your query.').first()).toBeVisible();
  expect(errors).toEqual([]);
});

test('a page of 10 MB whose HTML is malformed is searched as far as the limit', async ({ page }) => {
  const errors: string[] = [];
  page.on('pageerror', (e) => errors.push(String(e)));
  const broken = '<main><h2>Loans<p>A loan can be renewed <b>twice <i>by</b> telephone</i>.<table><tr><td>cell<div></p></span><svg><p>after' + '<p>More words of a long page that goes on. '.repeat(240_000);
  await host(page, `<lodestone-search></lodestone-search>${broken}`, { head: script('lodestone-search') });
  await page.getByRole('combobox').fill('renewed');
  await expect(page.getByRole('option').first()).toBeVisible({ timeout: 180_000 });
  await expect(page.getByText('Only its first part is searched.').first()).toBeVisible();
  expect(errors).toEqual([]);
});

test('a hostile style sheet, overwritten globals and other elements do not reach the search', async ({ page }) => {
  await page.route('**/host/hostile.css', (route) => route.fulfill({ contentType: 'text/css', body: 'body * { display: none !important; visibility: hidden !important; opacity: 0 !important; color: red !important; font: 3px serif !important; letter-spacing: 9px !important; direction: rtl !important; pointer-events: none !important; } body > main { display: block !important }' }));
  await page.route('**/host/hostile.js', (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      body: `customElements.define('x-option', class extends HTMLElement {});
        addEventListener('load', () => {
          // For the element's scripts only: Playwright's own code runs in the page too.
          const breakAll = (target, names) => {
            for (let i = 0; i < names.length; i++) {
              const original = target[names[i]];
              target[names[i]] = function () {
                if (/\\/elements\\//.test(new Error().stack)) {
                  document.documentElement.title += String(names[i]) + ' ';
                  throw new Error('overwritten');
                }
                return new.target ? Reflect.construct(original, arguments) : Reflect.apply(original, this, arguments);
              };
            }
          };
          breakAll(Array.prototype, ['map', 'filter', 'forEach', 'push', 'join', 'sort', 'includes', 'indexOf', 'slice', 'concat', 'some', 'find', Symbol.iterator]);
          breakAll(globalThis, ['fetch', 'Promise', 'Map', 'Set', 'URL', 'Worker', 'setTimeout', 'clearTimeout', 'CustomEvent', 'AbortController', 'requestAnimationFrame']);
          breakAll(JSON, ['parse', 'stringify']);
          breakAll(Object, ['keys', 'entries', 'assign']);
          breakAll(Array, ['from']);
          breakAll(document, ['createElement', 'createTextNode', 'querySelector', 'getElementById']);
          breakAll(Element.prototype, ['setAttribute', 'querySelectorAll']);
          breakAll(Node.prototype, ['appendChild']);
          Array.prototype.added = 1;
          Object.prototype.added = 1;
          document.documentElement.dataset.hostile = 'yes';
        });`,
    }),
  );
  await host(page, `<lodestone-search src="/examples/sites/hugo/site/search/"></lodestone-search>${text}`, { head: `<link rel="stylesheet" href="/host/hostile.css"><script src="/host/hostile.js"></script>${script('lodestone-search')}` });
  await page.waitForFunction('document.documentElement.getAttribute("data-hostile") === "yes"');
  const input = page.locator('lodestone-search input[role=combobox]');
  await expect(input).toBeVisible();
  await input.click();
  await page.keyboard.type('restore');
  const option = page.locator('lodestone-search [role=option]').first();
  await expect(option).toBeVisible();
  expect(await page.locator('html').getAttribute('title')).toBe(null); // nothing overwritten was called
  await expect(option).toContainText('restore');
  expect(await option.evaluate((e) => getComputedStyle(e).color)).not.toBe('rgb(255, 0, 0)');
  expect(await input.evaluate((e) => getComputedStyle(e).fontSize)).toBe('16px');
});

test('a frame of an origin of its own, which may start no worker', async ({ page }) => {
  const inner = `<!doctype html><html lang="en"><title>Inner</title>${script('lodestone-search')}<lodestone-search></lodestone-search>${text}`;
  const outer = '<!doctype html><html lang="en"><title>Outer</title><h1>Outer</h1><iframe title="Inner" src="/host/inner.html" sandbox="allow-scripts" width="600" height="500"></iframe>';
  await page.route('**/host/inner.html', (route) => route.fulfill({ contentType: 'text/html', body: inner }));
  await page.route('**/host/outer.html', (route) => route.fulfill({ contentType: 'text/html', body: outer }));
  await page.route('**/elements/*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' } });
  });
  await page.goto('/host/outer.html');
  const frame = page.frameLocator('iframe');
  await frame.getByRole('combobox').fill('quiet');
  await expect(frame.getByRole('option')).toContainText(['Two quiet rooms are upstairs.']);
});

test('right to left, in another language, dark, on a phone, and on paper', async ({ page, browserName }) => {
  await page.setViewportSize({ width: 360, height: 640 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await host(page, `<main><h1>Host</h1><lodestone-search mode="dialog" src="/examples/sites/hugo/site/search/"></lodestone-search></main>`, { head: script('lodestone-search'), lang: 'ar' });
  await page.getByRole('button', { name: 'بحث' }).click();
  const dialog = page.getByRole('dialog');
  expect((await dialog.boundingBox())!.width).toBe(360);
  const input = page.getByRole('combobox');
  await input.fill('restore');
  await expect(page.getByRole('option').first()).toBeVisible();
  expect(await input.evaluate((e) => getComputedStyle(e).direction)).toBe('rtl');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  expect(await faults(page)).toEqual([]);
  await page.keyboard.press('Escape');
  if (browserName === 'firefox') return; // emulateMedia has no effect there: demo-print.spec.ts
  await page.emulateMedia({ media: 'print' });
  await expect(page.locator('lodestone-search button').first()).toBeHidden();
});

test('names are marked without a change of the text, and leave no trace', async ({ page }) => {
  await page.goto('/examples/elements/entities.html');
  const before = await page.locator('lodestone-entities').innerHTML();
  await page.getByRole('button', { name: 'Mark names' }).click();
  await expect(page.getByRole('status')).toHaveText(/^\d+ names found$/, { timeout: 120_000 });
  const names = await page.evaluate(() => (document.querySelector('lodestone-entities') as unknown as { entities: { type: string; text: string; range: Range }[] }).entities.map((e) => `${e.type} ${e.text} ${e.range.toString().replace(/\s+/g, ' ') === e.text}`));
  for (const name of ['PER Ada Lovelace', 'LOC London', 'ORG Microsoft', 'LOC Paris', 'LOC Berlin']) expect(names).toContain(`${name} true`);
  expect(await page.evaluate(() => CSS.highlights.get('lodestone-loc')!.size)).toBeGreaterThan(3);
  await page.getByText('List of names').click();
  expect(await faults(page)).toEqual([]);
  await page.getByRole('button', { name: /^Places/ }).click();
  expect(await page.evaluate(() => CSS.highlights.has('lodestone-loc'))).toBe(false);
  const chosen = page.evaluate(() => new Promise((resolve) => document.addEventListener('select', (e) => resolve((e as CustomEvent).detail.entity.text), { once: true })));
  await page.getByRole('button', { name: 'Ada Lovelace' }).click();
  expect(await chosen).toBe('Ada Lovelace');
  expect(await page.locator('lodestone-entities').innerHTML()).toBe(before);
  expect(await page.evaluate(() => {
    document.querySelector('lodestone-entities')!.remove();
    return [CSS.highlights.size, document.adoptedStyleSheets.length];
  })).toEqual([0, 0]);
});

test('a text is translated sentence by sentence, keeps its markup, and comes back', async ({ page }) => {
  await page.goto('/examples/elements/translate.html');
  const element = page.locator('lodestone-translate');
  const before = await element.innerHTML();
  await page.getByRole('button', { name: 'Translate' }).click();
  await expect(page.getByRole('status')).toHaveText('Translated by machine', { timeout: 120_000 });
  await expect(element.locator('a')).toHaveText('Boston');
  await expect(element.locator('p').nth(1)).toHaveText(/^Tom lives in Boston\./);
  await expect(element.locator('p').first()).toContainText('coffee');
  await expect(element).toHaveAttribute('lang', 'en');
  expect((await element.innerHTML()).replace(/>[^<]*</g, '><')).toBe(before.replace(/>[^<]*</g, '><'));
  expect(await faults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Show original' }).click();
  expect(await element.innerHTML()).toBe(before);
  expect(await element.getAttribute('lang')).toBe(null);
});

test('a model that cannot be loaded is a sentence, and a load can be cancelled', async ({ page }) => {
  await host(page, `<lodestone-entities model="/host/none/"><p>Ada in London.</p></lodestone-entities><lodestone-translate model="/models/translator-magneto-en-de/" from="de" to="en"><p lang="de">Guten Tag.</p></lodestone-translate><lodestone-entities><p>Without a tagger.</p></lodestone-entities>`, { head: script('lodestone-entities') + script('lodestone-translate') });
  await page.getByRole('button', { name: 'Mark names' }).click();
  await expect(page.getByText('This is not available right now.')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
  await page.route('**/models/translator-magneto-en-de/model.safetensors', () => {}); // it never comes
  await page.getByRole('button', { name: 'Translate' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText('Cancelled')).toBeVisible();
  await expect(page.getByText('Guten Tag.')).toBeVisible();
  await expect(page.getByText('Without a tagger.')).toBeVisible();
});
