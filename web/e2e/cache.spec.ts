// The browser's storage of models: what is fetched on a second visit, without a server, after
// an interruption, and when what is stored is damaged. The server counts requests
// (web/e2e/server/faults.go).
import { randomUUID } from 'node:crypto';
import { expect, type Page } from '@playwright/test';
import { open, test } from './harness.js';

interface Asked {
  method: string;
  file: string;
  range: string;
}

interface Outcome {
  vector: number[] | null;
  code: string;
  message: string;
  /** The files that came out of the storage. */
  cached: string[];
  retries: string[];
}

/** Loads a model and embeds a text. The kernels are fixed: other ones round differently, and a busy machine may choose others. */
async function load(page: Page, url: string, options: Record<string, unknown> = {}): Promise<Outcome> {
  return page.evaluate(
    async ({ url, options }) => {
      const out: Outcome = { vector: null, code: '', message: '', cached: [], retries: [] };
      const progress_callback = (e: { status: string; file?: string; cached?: boolean; reason?: string }): void => {
        if (e.status === 'done' && e.cached) out.cached.push(e.file!);
        if (e.status === 'retry') out.retries.push(e.reason!);
      };
      try {
        const embed = await lodestone.pipeline('feature-extraction', url, { kernels: 'simd128', ...options, progress_callback });
        out.vector = Array.from((await embed('Guten Morgen', { pooling: 'prompt' })).data);
        await embed.dispose();
      } catch (e) {
        ({ code: out.code, message: out.message } = e as Outcome);
      }
      out.cached.sort();
      return out;
    },
    { url, options },
  );
}

const asked = async (page: Page, run: string): Promise<Asked[]> => (await page.request.get(`/fault/log/${run}`)).json() as Promise<Asked[]>;

const FILES = ['config.json', 'model.safetensors', 'tokenizer.json'];

/** Changes the stored copy of a file of the only stored folder. Only the main thread of the test writes so. */
async function damage(page: Page, file: string, how: 'flip' | 'truncate' | 'remove' | 'record'): Promise<void> {
  await page.evaluate(
    async ({ file, how }) => {
      const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('lodestone-models');
      for await (const folder of root.values() as AsyncIterable<FileSystemDirectoryHandle>) {
        const record = await folder.getFileHandle('folder.json');
        if (how === 'record') {
          const w = await record.createWritable();
          await w.write('{"format": 1, "url": ');
          await w.close();
          continue;
        }
        const { files } = JSON.parse(await (await record.getFile()).text()) as { files: Record<string, { as: string }> };
        const name = files[file]!.as;
        if (how === 'remove') {
          await folder.removeEntry(name);
          continue;
        }
        const handle = await folder.getFileHandle(name);
        const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
        if (how === 'flip') bytes[bytes.length >> 1]! ^= 4;
        const w = await handle.createWritable();
        await w.write(how === 'truncate' ? bytes.subarray(0, bytes.length >> 1) : bytes);
        await w.close();
      }
    },
    { file, how },
  );
}

for (const kind of ['good', 'listed']) {
  test(`a second load fetches ${kind === 'listed' ? 'manifest.json alone' : 'nothing, and asks whether the files are the same'}`, async ({ page }) => {
    const run = randomUUID();
    const url = `/fault/${kind}/${run}/`;
    const first = await load(page, url);
    expect(first.cached).toEqual([]);
    const before = (await asked(page, run)).length;
    const second = await load(page, url);
    expect(second.vector).toEqual(first.vector);
    expect(second.cached).toEqual(FILES);
    const requests = (await asked(page, run)).slice(before);
    expect(requests.filter((q) => q.method === 'GET').map((q) => q.file)).toEqual(['manifest.json']);
    expect(requests.filter((q) => q.method === 'HEAD').map((q) => q.file).sort()).toEqual(kind === 'listed' ? [] : FILES);
  });

  test(`without its server a stored folder loads (${kind})`, async ({ page }) => {
    const run = randomUUID();
    const url = `/fault/${kind}/${run}/`;
    const first = await load(page, url);
    await page.request.get(`/fault/down/${run}`);
    const second = await load(page, url);
    expect(second.message).toBe('');
    expect(second.vector).toEqual(first.vector);
    expect(second.cached).toEqual(kind === 'listed' ? [...FILES, 'manifest.json'].sort() : FILES);
  });
}

test('offline sends no request: a stored folder loads, another one is refused with the reason', async ({ page }) => {
  const run = randomUUID();
  const first = await load(page, `/fault/listed/${run}/`);
  const before = (await asked(page, run)).length;
  const second = await load(page, `/fault/listed/${run}/`, { offline: true });
  expect(second.vector).toEqual(first.vector);
  expect(await asked(page, run)).toHaveLength(before);
  const other = randomUUID();
  const failed = await load(page, `/fault/listed/${other}/`, { cache: 'only-if-cached' });
  expect(failed.code).toBe('network');
  expect(failed.message).toMatch(/config\.json is not in the browser's storage, and the network is not used \(offline\)/);
  expect(await asked(page, other)).toHaveLength(0);
});

test('a new version on the server is fetched', async ({ page }) => {
  const run = randomUUID();
  await load(page, `/fault/new-version/${run}/`);
  const second = await load(page, `/fault/new-version/${run}/`);
  expect(second.vector).toHaveLength(256);
  expect(second.cached).toEqual([]);
});

test('reload fetches all, no-store stores nothing', async ({ page }) => {
  const run = randomUUID();
  const url = `/fault/listed/${run}/`;
  await load(page, url, { cache: 'no-store' });
  expect(await page.evaluate(() => lodestone.cache.list())).toEqual([]);
  await load(page, url);
  const again = await load(page, url, { cache: 'reload' });
  expect(again.cached).toEqual([]);
  const weights = (await asked(page, run)).filter((q) => q.file === 'model.safetensors');
  expect(weights.map((q) => q.method)).toEqual(['GET', 'GET', 'GET']);
});

test('what has come of an interrupted download is not fetched again', async ({ page }) => {
  const run = randomUUID();
  const url = `/fault/cut-50/${run}/`;
  const failed = await load(page, url, { retries: 0 });
  expect(failed.code).toBe('network');
  const { vector, message, cached } = await load(page, url, { retries: 0 });
  expect(message).toBe('');
  expect(vector).toHaveLength(256);
  expect(cached).not.toContain('model.safetensors');
  const [, second] = (await asked(page, run)).filter((q) => q.file === 'model.safetensors');
  expect(Number(/bytes=(\d+)-/.exec(second!.range)?.[1])).toBeGreaterThan(1 << 20);
});

test('a tab that closes in the middle leaves what it has, and the next tab goes on', async ({ page, context }) => {
  const run = randomUUID();
  const url = `/fault/stall-once/${run}/`;
  const tab = await context.newPage();
  await open(tab);
  await tab.evaluate(async (url) => {
    await new Promise<void>((resolve) => {
      let seen = 0;
      const progress_callback = (e: { status: string; file?: string; loaded?: number }): void => {
        if (e.status === 'progress' && e.file === 'model.safetensors') seen = e.loaded!;
        if (seen > 2 << 20) resolve();
      };
      lodestone.pipeline('feature-extraction', url, { progress_callback }).catch(() => {});
    });
  }, url);
  await tab.close();
  const { vector, message } = await load(page, url);
  expect(message).toBe('');
  expect(vector).toHaveLength(256);
  const [, second] = (await asked(page, run)).filter((q) => q.file === 'model.safetensors');
  expect(Number(/bytes=(\d+)-/.exec(second!.range)?.[1])).toBeGreaterThan(1 << 20);
});

for (const kind of ['good', 'listed']) {
  for (const how of ['flip', 'truncate', 'remove', 'record'] as const) {
    for (const file of how === 'record' ? ['folder.json'] : how === 'flip' ? FILES : ['model.safetensors']) {
      test(`stored ${file}, ${how === 'flip' ? 'one bit flipped' : how === 'truncate' ? 'cut off' : how === 'remove' ? 'gone' : 'damaged'}, is fetched again (${kind})`, async ({ page }) => {
        const run = randomUUID();
        const url = `/fault/${kind}/${run}/`;
        const first = await load(page, url);
        await damage(page, file, how);
        const second = await load(page, url);
        expect(second.message).toBe('');
        expect(second.vector).toEqual(first.vector);
        if (how === 'flip') expect(second.retries.join()).toContain(file);
        const third = await load(page, url, { offline: true }); // it is whole again
        expect(third.vector).toEqual(first.vector);
      });
    }
  }
}

test('a damaged file without the network is an error that says so', async ({ page }) => {
  const url = `/fault/good/${randomUUID()}/`;
  await load(page, url);
  await damage(page, 'model.safetensors', 'flip');
  const failed = await load(page, url, { offline: true });
  expect(failed.vector).toBeNull();
  expect(failed.code).toBe('integrity');
  expect(failed.message).toContain("model.safetensors in the browser's storage is damaged");
});

test('where the storage is denied, models load all the same', async ({ page }) => {
  const run = randomUUID();
  await page.evaluate(() => void (lodestone.env.assetsPath = '/assets/no-storage/'));
  for (let i = 0; i < 2; i++) expect((await load(page, `/fault/listed/${run}/`)).vector).toHaveLength(256);
  expect((await asked(page, run)).filter((q) => q.file === 'model.safetensors')).toHaveLength(2);
});

test('where the storage is full, models load all the same', async ({ page, browserName, context }) => {
  test.skip(browserName !== 'chromium', 'only Chromium lets a test set the quota of a site');
  const cdp = await context.newCDPSession(page);
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize: 4 << 20 });
  const run = randomUUID();
  const { vector, message } = await load(page, `/fault/listed/${run}/`);
  expect(message).toBe('');
  expect(vector).toHaveLength(256);
});

test('two tabs fetch a model once', async ({ page, context }) => {
  const run = randomUUID();
  const url = `/fault/listed/${run}/`;
  const tab = await context.newPage();
  await open(tab);
  const [a, b] = await Promise.all([load(page, url), load(tab, url)]);
  expect(a.vector).toEqual(b.vector);
  expect((await asked(page, run)).filter((q) => q.file === 'model.safetensors' && q.method === 'GET')).toHaveLength(1);
  await tab.close();
});

test('the list of what is stored, and removing from it', async ({ page }) => {
  const run = randomUUID();
  const url = `/fault/listed/${run}/`;
  await load(page, `${url}?key=secret`); // the address is kept without its query
  const r = await page.evaluate(async (url) => {
    const before = await lodestone.cache.list();
    const other = await lodestone.cache.delete('/nowhere/');
    const gone = await lodestone.cache.delete(`${url}?key=secret`);
    return { before, other, gone, after: await lodestone.cache.list() };
  }, url);
  expect(r.before).toHaveLength(1);
  expect(r.before[0]!.url).toMatch(new RegExp(`${url}$`));
  expect(r.before[0]!.files.sort()).toEqual([...FILES, 'manifest.json'].sort());
  expect(r.before[0]!.bytes).toBeGreaterThan(8_000_000);
  expect([r.other, r.gone, r.after.length]).toEqual([false, true, 0]);
});

test('integrity pins manifest.json', async ({ page }) => {
  const url = `/fault/listed/${randomUUID()}/`;
  const hash = await page.evaluate(async (url) => {
    const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await (await fetch(`${url}manifest.json`)).arrayBuffer()));
    return { hex: Array.from(sum, (b) => b.toString(16).padStart(2, '0')).join(''), base64: `sha256-${btoa(String.fromCharCode(...sum))}` };
  }, url);
  for (const integrity of [hash.hex, hash.base64]) expect((await load(page, url, { integrity })).vector).toHaveLength(256);
  const other = await load(page, url, { integrity: '0'.repeat(64) });
  expect(other.code).toBe('integrity');
  expect(other.message).toContain(`manifest.json of ${new URL(url, page.url()).href} has the SHA-256 ${hash.hex}, expected`);
  const none = await load(page, `/fault/good/${randomUUID()}/`, { integrity: hash.hex });
  expect(none.code).toBe('integrity');
  expect(none.message).toContain('has no manifest.json');
});
