// The pages of web/examples: each does its task, under the policy of web/serve, with the
// keyboard, in light and dark, on a narrow screen, and says what went wrong.
import { expect, type Page, test as base } from '@playwright/test';
import { readdirSync, readFileSync } from 'node:fs';
import { faults, quiet } from './demo-checks.js';

const test = base.extend<{ watched: void }>({ watched: [quiet, { auto: true }] });
const folder = new URL('../examples/', import.meta.url);
const names = readdirSync(folder, { withFileTypes: true }).map((f) => f.name).filter((f) => f.endsWith('.html') && f !== 'index.html').map((f) => f.slice(0, -5));

// Answers that a folder need not have: the browser reports their 404 on the console.
const OPTIONAL = /\/(manifest|generation_config)\.json$/;

/** Opens an example; what the browser then writes to the console, but for files that may be missing, is collected. */
async function open(page: Page, name: string): Promise<string[]> {
  const written: string[] = [];
  page.on('console', (m) => {
    if (['error', 'warning'].includes(m.type()) && !OPTIONAL.test(m.location().url)) written.push(`${m.type()}: ${m.text()} (${m.location().url})`);
  });
  await page.goto(`/examples/${name}.html`);
  return written;
}

/** Fills fields, submits the form and waits until the page rests. */
async function run(page: Page, fields: Record<string, string> = {}): Promise<void> {
  for (const [id, value] of Object.entries(fields)) {
    const field = page.locator(`#${id}`);
    if ((await field.evaluate((e) => e.tagName)) === 'SELECT') await field.selectOption(value);
    else await field.fill(value);
  }
  await page.locator('#run').click();
  await rests(page);
}

/** Waits until nothing loads or runs. */
async function rests(page: Page): Promise<void> {
  await expect(page.locator('#cancel')).toHaveAttribute('aria-disabled', 'true', { timeout: 120_000 });
}

/** The native results of the random models with heads (server/heads.go). */
interface Native {
  model: string;
  texts: string[];
  contexts: string[] | null;
  options: Record<string, unknown>;
  found: { Label: string; Text: string; Score: number }[][];
}

async function native(page: Page, model: string): Promise<Native> {
  const all = (await (await page.request.get('/heads/expected.json')).json()) as Native[];
  return all.find((q) => q.model === model)!;
}

const percent = (score: number): string => `${(100 * score).toFixed(1)} %`;

/** What each page shows: the test fills its fields, and compares with what is right. */
const SHOWS: Record<string, (page: Page) => Promise<void>> = {
  'feature-extraction': async (page) => {
    const items = page.locator('#result li');
    await run(page);
    await expect(items).toHaveCount(4);
    await expect(items.first()).toHaveText(/^Wo ist der Bahnhof\? 0\.\d\d$/);
    const scores = (await items.allTextContents()).map((t) => Number(t.split(' ').pop()));
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    await run(page, { query: 'a coffee, please' }); // the model stays loaded
    await expect(items.first()).toContainText('Je voudrais un café.');
  },
  'fill-mask': async (page) => {
    const q = await native(page, 'roberta-mask');
    await run(page, { model: '/heads/roberta-mask/', text: q.texts[0]! });
    const lists = page.locator('#result ol');
    await expect(lists).toHaveCount(q.found.length);
    for (const [i, words] of q.found.entries()) {
      const shown = await lists.nth(i).locator('li').allTextContents();
      expect(shown).toHaveLength(5);
      expect(shown.slice(0, words.length)).toEqual(words.map((w) => `${w.Text} ${percent(w.Score)}`));
    }
  },
  'token-classification': async (page) => {
    await run(page);
    const marks = page.locator('#result mark');
    await expect(marks).toHaveText(['Ada Lovelace PER', 'London LOC', 'John Smith PER', 'Microsoft ORG', 'Boston LOC', 'Paris LOC']);
    await expect(page.locator('#result')).toHaveText(/^Ada Lovelace PER was born in London LOC\. .* to Paris LOC\.$/);
    await expect(page.locator('#status')).toHaveText('Found 6 entities.');
  },
  'text-classification': async (page) => {
    await run(page);
    const items = page.locator('#result li');
    await expect(items).toHaveCount(3);
    await expect(items.first()).toHaveText(/^story \d+\.\d %$/);
    await run(page, { text: 'Where is the station?' });
    await expect(items.first()).toContainText('conversation');
    const shares = await page.locator('#result meter').evaluateAll((all) => all.map((m) => (m as HTMLMeterElement).value));
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 3);
  },
  'question-answering': async (page) => {
    const q = await native(page, 'roberta-answers');
    const [best] = q.found[0]!;
    await run(page, { model: '/heads/roberta-answers/', question: q.texts[0]!, text: q.contexts![0]! });
    await expect(page.locator('#result')).toHaveText(q.contexts![0]!);
    await expect(page.locator('#result mark')).toHaveText(best!.Text === '' ? [] : [best!.Text]);
    // The score is not that of the native run, which asks for two answers: the scores of equal ones are added.
    await expect(page.locator('#status')).toHaveText(/^(Answer: .+|The text has no answer) \([\d.]+ % sure\)\.$/);
  },
  'text-generation': async (page) => {
    const result = page.locator('#result');
    const text = 'The dog and the cat';
    const stories: string[] = [];
    for (const seed of ['11', '12', '11']) {
      await run(page, { text, seed });
      stories.push((await result.textContent())!);
    }
    for (const story of stories) expect(story).toMatch(/^The dog and the cat .+/);
    expect(stories[2]).toBe(stories[0]);
    expect(stories[1]).not.toBe(stories[0]);
  },
  translation: async (page) => {
    await run(page);
    await expect(page.locator('#result')).toHaveText(/^Where.+station\?$/);
    await run(page, { text: 'The cat sleeps.', from: 'en', to: 'de' });
    await expect(page.locator('#result')).toHaveText(/^Die Katzen? (schläft|schlafen)\.$/);
    await expect(page.locator('#result')).toHaveAttribute('lang', 'de');
  },
  crop: async (page) => {
    await run(page);
    await expect(page.locator('#result mark')).toHaveText(['Tom PER', 'Boston LOC']);
    await expect(page.locator('#result')).toHaveText('Tom PER wohnt in Boston LOC.');
    const steps = await page.locator('#steps li').allTextContents();
    expect(steps.map((s) => s.split(':')[0])).toEqual(['translate', 'words', 'tag', 'mark', 'translate marked', 'decode', 'project']);
    expect(steps[2]).toContain('Tom/B-PER');
    expect(steps[6]).toContain('Boston/B-LOC');
  },
  kformer: async (page) => {
    await run(page);
    const items = page.locator('#result li');
    await expect(items).toHaveCount(5); // top_n of its config.json
    await expect(items.first()).toHaveText('Talvoro owns a boat.');
    await run(page, { question: 'Where does Pemdika live?' });
    await expect(items.first()).toHaveText('Pemdika lives in Oslo.');
  },
};

test('there is a test for each example, and the index links each', async ({ page }) => {
  expect(Object.keys(SHOWS).sort()).toEqual([...names].sort());
  const written = await open(page, 'index');
  const links = await page.locator('li a').evaluateAll((all) => all.map((a) => a.getAttribute('href')!));
  expect(links.sort()).toEqual(names.map((n) => `${n}.html`).sort());
  expect(await faults(page)).toEqual(['no live region']); // nothing changes on it
  expect(await unreadable(page)).toEqual([]);
  expect(written).toEqual([]);
});

test('the index says how large the models are', async ({ page }) => {
  await open(page, 'index');
  for (const item of await page.locator('li:has-text(" MB")').all()) {
    const [, said] = /([\d.]+) MB/.exec((await item.textContent())!)!;
    const html = readFileSync(new URL((await item.locator('a').getAttribute('href'))!, folder), 'utf8');
    let bytes = 0;
    for (const [, address] of html.matchAll(/value="\.\.\/(models\/[^"]+)"/g)) {
      bytes += (await (await page.request.get(`/${address}/model.safetensors`)).body()).length;
    }
    expect(said, html.slice(0, 80)).toBe((bytes / 1e6).toFixed(1));
  }
});

for (const name of names) {
  test(`${name}: is short, and says what to copy`, () => {
    const [html, script] = ['html', 'js'].map((kind) => readFileSync(new URL(`${name}.${kind}`, folder), 'utf8')) as [string, string];
    expect(html.split('\n').length - 1 + script.split('\n').length - 1).toBeLessThan(80);
    expect(html).toContain(`<!-- Copy: this file, ${name}.js, example.css; from web/dist: `);
    expect([...script.matchAll(/from '([^']+)'/g)].map((m) => m[1])).toEqual(['../lodestone.js']);
    expect(html).not.toMatch(/<style|\son[a-z]+=|style=/); // a strict policy forbids them
  });

  test(`${name}: shows what is right`, async ({ page }) => {
    const written = await open(page, name);
    expect(await faults(page)).toEqual(['no live region']); // that of the demo; ours is #status
    await expect(page.locator('#status[role=status]')).toHaveCount(1);
    await SHOWS[name]!(page);
    await expect(page.locator('#error')).toHaveText('');
    await expect(page.locator('#status')).not.toHaveText('');
    expect(await faults(page)).toEqual(['no live region']);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await unreadable(page), colorScheme).toEqual([]);
    }
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    expect(written).toEqual([]);
  });

  test(`${name}: the keyboard reaches every control, and starts and cancels`, async ({ page }) => {
    await open(page, name);
    const controls = await page.locator('a, input, textarea, select, button').count();
    const reached: string[] = [];
    for (let i = 0; i < controls; i++) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(() => document.activeElement!.id || document.activeElement!.tagName));
    }
    expect(new Set(reached).size).toBe(controls);
    expect(reached.slice(-2)).toEqual(['run', 'cancel']);
    // Cancelled in the same moment: a load that has begun ends, and nothing is an error.
    await page.evaluate(() => {
      const of = (id: string) => document.getElementById(id) as HTMLElement;
      of('run').click();
      of('cancel').click();
    });
    await rests(page);
    await expect(page.locator('#status')).toHaveText('Cancelled.');
    await expect(page.locator('#error')).toHaveText('');
    await expect(page.locator('#progress')).toBeHidden();
  });

  test(`${name}: names what is wrong with a model`, async ({ page }) => {
    await open(page, name);
    await run(page, { model: '/nowhere' });
    await expect(page.locator('#error[role=alert]')).toHaveText(/config\.json.*404|404.*config\.json/);
    await expect(page.locator('#status')).toHaveText('');
    await expect(page.locator('#progress')).toBeHidden();
  });
}

test('a load shows its progress, and can be cancelled with the keyboard', async ({ page }) => {
  await open(page, 'feature-extraction');
  await page.locator('#model').fill('/f/slow'); // takes some seconds
  await page.locator('#query').press('Enter');
  const progress = page.locator('#progress');
  await expect(progress).toBeVisible();
  await expect(page.locator('#run')).toHaveAttribute('aria-disabled', 'true');
  await expect.poll(() => progress.evaluate((e) => (e as HTMLProgressElement).value)).toBeGreaterThan(0);
  await page.locator('#cancel').press('Enter');
  await rests(page);
  await expect(page.locator('#status')).toHaveText('Cancelled.');
  expect(await page.evaluate(() => document.activeElement!.id)).toBe('cancel'); // the focus stays
  await run(page, { model: '../models/prompt-magneto-en-de-fr' });
  await expect(page.locator('#result li')).toHaveCount(4);
});

/** Texts whose contrast with what is behind them is below 4.5 to 1 (WCAG 2.2, 1.4.3), and controls below 24 pixels (2.5.8). */
function unreadable(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const out: string[] = [];
    const channels = (color: string): number[] => color.match(/[\d.]+/g)!.map(Number);
    const luminance = (color: string): number => {
      const [r, g, b] = channels(color).slice(0, 3).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number];
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    for (const e of document.querySelectorAll<HTMLElement>('main, main *')) {
      const says = e.matches('input, textarea, select') || [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent!.trim());
      if (!says || !e.checkVisibility() || e.ariaDisabled === 'true') continue; // what is disabled may be faint
      let behind: HTMLElement | null = e;
      while (behind && channels(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
      const [a, b] = [getComputedStyle(e).color, getComputedStyle(behind ?? document.body).backgroundColor].map(luminance) as [number, number];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 4.5) out.push(`${contrast.toFixed(2)}: ${e.outerHTML.slice(0, 80)}`);
      if (e.matches('input, textarea, select, button') && e.getBoundingClientRect().height < 24) out.push(`low: ${e.outerHTML.slice(0, 80)}`);
    }
    return out;
  });
}
