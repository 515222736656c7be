// The documentation: blocks of JavaScript run as modules of a page and print what is shown
// below them, blocks of HTML work in a page, and the site works over HTTP under the policy of
// web/serve, and from files. The other languages of blocks are those of web/docs/docs_test.go.
import { expect, type Page, test } from '@playwright/test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);
/** A model of the guides that does not ship, and the random one that stands for it. */
const STANDS_FOR = { 'https://huggingface.co/owner/chat-model/resolve/main/': '/tiny/chat/' };
const guides = readdirSync(new URL('web/docs/', root)).filter((f) => f.endsWith('.md')).map((f) => `web/docs/${f}`);

interface Block {
  name: string;
  code: string;
  /** What the block behind it shows; undefined if there is none. */
  shown: string | undefined;
}

/** The blocks of a language of a file. */
function blocks(file: string, wanted: string): Block[] {
  const all = [...readFileSync(new URL(file, root), 'utf8').matchAll(/^```(\w+)\n([^]*?)^```$/gm)];
  return all.flatMap(([, language, code], i) => {
    if (language !== wanted) return [];
    const next = all[i + 1];
    return [{ name: `${file}, block ${i + 1}`, code: code!, shown: next?.[1] === 'text' ? next[2]!.trim() : undefined }];
  });
}

/** Runs a block as a module beside lodestone.js and returns what it prints. */
async function run(page: Page, code: string): Promise<string[]> {
  const printed: string[] = [];
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp', 'Content-Security-Policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' https://huggingface.co" };
  // A worker has the policy of its script.
  await page.route('**/worker.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), ...headers } });
  });
  for (const [address, folder] of Object.entries(STANDS_FOR)) {
    await page.route(`${address}**`, async (route) => {
      const response = await page.request.get(folder + route.request().url().slice(address.length));
      await route.fulfill({ response, headers: { ...response.headers(), ...headers, 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' } });
    });
  }
  await page.route('**/docs-block.html', (route) => route.fulfill({ contentType: 'text/html', headers, body: '<!doctype html><title>block</title><script type="module" src="./docs-block-run.js"></script>' }));
  await page.route('**/docs-block-run.js', (route) =>
    route.fulfill({ contentType: 'text/javascript', headers, body: "import('./docs-block.js').then(() => console.log('the block ended'), (error) => console.log('the block failed: ' + error));" }),
  );
  await page.route('**/docs-block.js', (route) => route.fulfill({ contentType: 'text/javascript', headers, body: code }));
  const ended = new Promise<void>((resolve) => {
    page.on('console', (message) => {
      if (message.type() !== 'log') return;
      if (message.text() === 'the block ended') resolve();
      else printed.push(message.text());
      if (message.text().startsWith('the block failed')) resolve();
    });
  });
  await page.goto('/docs-block.html');
  await ended;
  return printed;
}

const found = [...guides, 'README.md'].flatMap((file) => blocks(file, 'js'));

test('the guides have blocks of JavaScript', () => {
  expect(found.length).toBeGreaterThanOrEqual(8);
});

for (const { name, code, shown } of found) {
  test(`${name} runs and prints what is shown`, async ({ page }) => {
    const printed = await run(page, code);
    expect(printed.filter((line) => line.startsWith('the block failed'))).toEqual([]);
    if (shown !== undefined) expect(printed.join('\n')).toBe(shown);
  });
}

// Blocks that show a part of a program: what stands before them, and which models take the place of theirs.
const model = "'/models/prompt-magneto-en-de-fr/'";
const parts: { file: string; block: number; before: string; after?: string; replace?: Record<string, string> }[] = [
  { file: 'web/README.md', block: 0, before: 'const { signal } = new AbortController();', replace: { "'lodestone'": "'./lodestone.js'", "'/model/'": model }, after: "console.log(`${dims} ${data.length}`)" },
  {
    file: 'web/README.md',
    block: 2,
    before: "import { AutoTokenizer, KformerModel } from './lodestone.js';\nconst tokenizer = await AutoTokenizer.from_pretrained('/models/kformer-notes-en/');",
    replace: { '/models/kformer': '/models/kformer-notes-en/' },
    after: 'console.log(`${last_hidden_state.dims.length} ${selected.length}`)',
  },
  {
    file: 'web/README.md',
    block: 3,
    before: "import { MetaLMModel } from './lodestone.js';",
    replace: { '/models/metalm': '/tiny/metalm-simple/' },
    after: 'console.log(`${typeof generated_text} ${logits.dims.length}`)',
  },
  {
    file: 'web/README.md',
    block: 4,
    before: "import { crop, pipeline } from './lodestone.js';",
    after: 'console.log(entities.map((e) => `${e.entity_group} ${e.word} ${e.start} ${e.end}`).join(", "))',
  },
  {
    file: 'web/ERRORS.md',
    block: 0,
    before: `import { pipeline } from './lodestone.js';
const embed = await pipeline('feature-extraction', ${model});
const { signal } = new AbortController(), texts = ['\\ud800'], show = console.log;
await (async () => {`,
    after: '})();',
  },
];
const prints: Record<string, string[]> = {
  'web/README.md 0': ['2,256 512'],
  'web/README.md 2': ['3 1'],
  'web/README.md 3': ['string 3'],
  'web/README.md 4': ['PER Tom 0 3, LOC Boston 13 19'],
};
for (const { file, block, before, after, replace } of parts) {
  test(`${file}, block ${block + 1} runs as it is shown`, async ({ page }) => {
    const { code } = blocks(file, 'js')[block]!;
    const changed = Object.entries(replace ?? {}).reduce((text, [from, to]) => {
      expect(text).toContain(from);
      return text.replaceAll(from, to);
    }, code);
    const printed = await run(page, `${before}\n${changed}\n${after ?? ''}`);
    expect(printed.filter((line) => line.startsWith('the block failed'))).toEqual([]);
    if (file === 'web/ERRORS.md') expect(printed.at(-1)).toMatch(/^.*surrogate.* \(invalid_text\)$/);
    else expect(printed.slice(-1)).toEqual(prints[`${file} ${block}`]);
  });
}

/** Shows a block of HTML in a page; /lodestone/ is web/dist, and /search/ the index of an example. */
async function show(page: Page, code: string): Promise<void> {
  const headers = { 'Content-Security-Policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };
  const move = (from: string, to: string): Promise<unknown> =>
    page.route(`**${from}**`, async (route) => {
      const url = new URL(route.request().url());
      await route.continue({ url: new URL(to + url.pathname.slice(from.length), url).href });
    });
  await move('/lodestone/', '/');
  await move('/search/', '/examples/sites/hugo/site/search/');
  const [name] = /lodestone-\w+/.exec(code)!;
  const script = code.includes('<script') ? '' : `<script type="module" src="/lodestone/elements/${name}.js"></script>`;
  await page.route('**/docs-block.html', (route) => route.fulfill({ contentType: 'text/html', headers, body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>block</title>${script}<main>${code}</main></html>` }));
  await page.goto('/docs-block.html');
}

const elements = guides.flatMap((file) => blocks(file, 'html'));

/** What a visitor does with each block of HTML of the guides, in their order. */
const visits = [
  async (page: Page) => {
    await page.getByRole('combobox').fill('backup');
    await expect(page.getByRole('option').first()).toBeVisible();
  },
  async (page: Page) => {
    await page.getByRole('combobox').fill('backup');
    await expect(page.getByRole('option').first().locator('b')).not.toBeEmpty();
  },
  async (page: Page) => {
    await page.getByRole('button', { name: 'Mark names' }).click();
    await expect(page.getByRole('status')).toHaveText('2 names found');
  },
  async (page: Page) => {
    await page.getByRole('button', { name: 'Translate' }).click();
    await expect(page.getByRole('status')).toHaveText('Translated by machine');
    await expect(page.locator('lodestone-translate b')).toHaveText('station');
  },
];

test('each block of HTML has its visit', () => {
  expect(elements).toHaveLength(visits.length);
});

for (const [i, { name, code }] of elements.entries()) {
  test(`${name} works in a page`, async ({ page }) => {
    await show(page, code);
    await visits[i]!(page);
  });
}

test.describe('the site', () => {
  test('is built', () => {
    expect(existsSync(new URL('web/dist/docs/index.html', root)), 'make docs renders it').toBe(true);
  });

  for (const scheme of ['light', 'dark'] as const) {
    test(`shows a guide, ${scheme}, without a word on the console`, async ({ page }) => {
      const written: string[] = [];
      page.on('console', (m) => void (['error', 'warning'].includes(m.type()) && written.push(m.text())));
      page.on('pageerror', (e) => void written.push(String(e)));
      await page.emulateMedia({ colorScheme: scheme });
      await page.goto('/docs/documents/In_a_page.html');
      await expect(page.getByRole('heading', { name: 'A translation, piece by piece' })).toBeVisible();
      const [r, g, b] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g)!.map(Number));
      expect((r! + g! + b!) / 3 < 128).toBe(scheme === 'dark');
      expect(written).toEqual([]);
    });
  }

  test('fits a phone', async ({ page }) => {
    await page.setViewportSize({ width: 320, height: 640 });
    await page.goto('/docs/documents/On_the_command_line.html');
    await expect(page.getByRole('heading', { name: 'Naming a model' })).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  });

  for (const from of ['http', 'file'] as const) {
    test(`finds a function by the keyboard, ${from}`, async ({ page, baseURL }) => {
      await page.goto(from === 'http' ? `${baseURL}/docs/index.html` : new URL('web/dist/docs/index.html', root).href);
      const search = page.getByRole('combobox');
      await expect(async () => {
        if (await search.isVisible()) await page.keyboard.press('Escape'); // it opened without the focus
        await page.keyboard.press('/'); // once the script is there
        await expect(search).toBeFocused({ timeout: 2000 });
      }).toPass();
      await search.fill('');
      await page.keyboard.type('pipeline');
      await expect(page.getByRole('option', { name: 'pipeline', exact: false }).first()).toBeVisible();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await expect(page).toHaveURL(/pipeline/i);
    });
  }
});
