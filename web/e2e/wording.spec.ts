// Errors whose sentence is the true reason.
import { expect, type Page } from '@playwright/test';
import { test } from './harness.js';

test.use({ serviceWorkers: 'allow' });

async function loading(page: Page, name: string) {
  return page.evaluate((name) => failure(lodestone.pipeline('feature-extraction', `/f/${name}/`)), name);
}

test('a byte order mark in config.json is skipped, and so is the type of a page before JSON', async ({ page }) => {
  const dims = await page.evaluate(async () => {
    const all: number[][] = [];
    for (const name of ['config-bom', 'typed-html']) {
      const embed = await lodestone.pipeline('feature-extraction', `/f/${name}/`);
      all.push((await embed('Guten Morgen', { pooling: 'prompt' })).dims);
      await embed.dispose();
    }
    return all;
  });
  expect(dims).toEqual([[1, 256], [1, 256]]);
});

test('Infinity in config.json is named, with its key', async ({ page }) => {
  const f = await loading(page, 'config-infinity');
  expect(f).toMatchObject({ code: 'config_invalid', message: expect.stringContaining('found Infinity at key "score_limit", which is not JSON') });
});

test('an empty answer is called empty', async ({ page }) => {
  const f = await loading(page, 'manifest-empty');
  expect(f.code).toBe('truncated');
  expect(f.message).toContain('manifest.json is empty: the server answered with 0 bytes');
});

test('a negative scale is called negative', async ({ page }) => {
  const f = await loading(page, 'negative-scale');
  expect(f.code).toBe('invalid_weight');
  expect(f.message).toMatch(/scale of row 0 is -0\.0011\d*, which is negative/);
  expect(f.message).not.toContain('NaN');
});

test('a remedy is said once', async ({ page }) => {
  const f = await loading(page, 'truncated');
  expect(f.message.match(/fetch/g)).toHaveLength(1);
});

test('feature extraction of a translator is refused before its weights, with the tasks of the folder', async ({ page }) => {
  const { f, read } = await page.evaluate(async () => {
    const read: string[] = [];
    const progress_callback = (e: { status: string; file?: string }): void => {
      if (e.status === 'progress') read.push(e.file!);
    };
    return { f: await failure(lodestone.pipeline('feature-extraction', '/models/translator-magneto-en-de/', { progress_callback })), read };
  });
  expect(f).toMatchObject({ code: 'config_unsupported', message: expect.stringContaining('has no feature-extraction; load it for translation, summarization or text2text-generation') });
  expect(read).toContain('config.json');
  expect(read).not.toContain('model.safetensors');
});

test('a model of other labels is refused for zero-shot classification and ranking, at load', async ({ page }) => {
  const r = await page.evaluate(async () => [
    await failure(lodestone.pipeline('zero-shot-classification', '/heads/sentiment')),
    await failure(lodestone.pipeline('text-ranking', '/heads/sentiment')),
  ]);
  expect(r[0]!.message).toContain('needs a model of natural language inference, with the labels entailment and contradiction (or not_entailment) in id2label; this one has NEGATIVE, POSITIVE');
  expect(r[1]!.message).toContain('the head has 2 outputs, expected 1: a model that ranks gives one score');
});

test('the reason of a signal is the cause of the error', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const why = new Error('the user left');
    const caught = async (promise: Promise<unknown>): Promise<{ code: string; same: boolean; message: string }> => {
      try {
        await promise;
      } catch (e) {
        const { code, cause, message } = e as { code: string; cause: unknown; message: string };
        return { code, same: cause === why, message };
      }
      throw new Error('expected an error');
    };
    const generator = await lodestone.pipeline('text-generation', '/tiny/gpt2');
    const controllers = [0, 1, 2, 3].map(() => new AbortController());
    const [before, during, streamed, load] = controllers as [AbortController, AbortController, AbortController, AbortController];
    before.abort(why);
    const first = await caught(generator('hello', { signal: before.signal }));
    const running = caught(generator('hello', { max_new_tokens: 2000, signal: during.signal }));
    setTimeout(() => during.abort(why), 50);
    const second = await running;
    const third = await caught(
      (async () => {
        for await (const _ of generator.stream('hello', { max_new_tokens: 2000, signal: streamed.signal })) streamed.abort(why);
      })(),
    );
    const fourth = caught(lodestone.pipeline('feature-extraction', '/f/slow/', { signal: load.signal, progress_callback: () => load.abort(why) }));
    return [first, second, third, await fourth];
  });
  for (const e of r) {
    expect(e).toMatchObject({ code: 'aborted', same: true });
    expect(e.message).toContain('the user left');
  }
});

test('secrets of addresses are not in messages', async ({ page }) => {
  await page.route('**/gone/**', (route) => route.abort());
  const all = await page.evaluate(async () => {
    const host = location.host;
    const load = (model: string, options = {}) => failure(lodestone.pipeline('feature-extraction', model, options));
    return [
      await load('/f/error-500/?token=hunter2'),
      await load('/f/empty/?X-Amz-Signature=hunter2'),
      await load('/f/html/?key=hunter2'),
      await load('/f/broken/?key=hunter2'),
      await load('/gone/?token=hunter2'),
      await load(`http://user:hunter2@${host}/f/good/`),
      await load('http://example.org/f/good/', { token: 'hunter2' }),
      await load('file:///etc/?token=hunter2'),
      await load('/f/shards-escape/?token=hunter2'),
    ];
  });
  for (const f of all) expect(JSON.stringify(f)).not.toContain('hunter2');
  expect(all.map((f) => f.code)).toEqual(['http_status', 'http_status', 'html_instead_of_model', 'network', 'network', 'invalid_argument', 'invalid_argument', 'invalid_argument', 'not_safetensors']);
  expect(all[5]!.message).toContain('has a user or a password, with which browsers fetch nothing; use the option token');
  expect(all[6]!.message).toContain('is not https:, so anybody on the way could read the token');
});

test('a cut connection tells the bytes that arrived', async ({ page }) => {
  const f = await loading(page, 'broken');
  const [, received] = /broke after (\d+) of \d+ bytes had arrived/.exec(f.message)!;
  expect(Number(received)).toBe(f.details['received']);
  expect(Number(received)).toBeGreaterThan(0); // the server sends 1 MiB
  expect(Number(received)).toBeLessThanOrEqual(2 << 20);
});

test('a worker from a blob has no base for a relative address, and says so', async ({ page, baseURL }) => {
  await page.route('**/blob-page/', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>blob</title>' }));
  await page.goto('/blob-page/');
  const messages = await page.evaluate(async (base) => {
    const script = `
      import * as lodestone from '${base}/lodestone.js';
      const say = async (model) => { try { await lodestone.AutoTokenizer.from_pretrained(model); return 'loaded'; } catch (e) { return e.code + ': ' + e.message; } };
      const first = await say('./heads/nli/');
      lodestone.env.baseURL = '${base}/';
      postMessage([first, await say('./heads/nli/')]);`;
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })), { type: 'module' });
    return new Promise<string[]>((resolve, reject) => {
      worker.onmessage = (e) => resolve(e.data as string[]);
      worker.onerror = (e) => reject(new Error(e.message));
    });
  }, baseURL!);
  expect(messages[0]).toMatch(/^invalid_argument: .*"\.\/heads\/nli\/" is a relative address, and blob:.* is no base for one; give an absolute address, or set env\.baseURL$/);
  expect(messages[1]).toBe('loaded');
});

test('a service worker and a shared worker say that they cannot start workers', async ({ page }) => {
  const service = await page.evaluate(async () => {
    const answer = new Promise<string>((resolve) => navigator.serviceWorker.addEventListener('message', (e) => resolve(e.data as string)));
    navigator.serviceWorker.startMessages();
    const registration = await navigator.serviceWorker.register('/e2e/service.js', { type: 'module', scope: '/e2e/nobody/' });
    const worker = (registration.installing ?? registration.waiting ?? registration.active)!;
    await new Promise<void>((resolve) => (worker.state === 'activated' ? resolve() : worker.addEventListener('statechange', () => worker.state === 'activated' && resolve())));
    worker.postMessage('why?');
    const text = await answer;
    await registration.unregister();
    return text;
  });
  expect(service).toBe('unsupported_browser: engine: a service worker cannot start workers; load the model in a page or a dedicated worker, and send it messages');
  const shared = await page.evaluate(
    () =>
      new Promise<string>((resolve, reject) => {
        const worker = new SharedWorker('/e2e/shared.js', { type: 'module' });
        worker.onerror = (e) => reject(new Error(e.message || 'the shared worker failed'));
        worker.port.onmessage = (e) => resolve(e.data as string);
      }),
  );
  expect(shared).toBe('unsupported_browser: engine: a shared worker cannot start workers; load the model in a page or a dedicated worker, and send it messages');
});

for (const [name, policy, sentence] of [
  ['connect-src', "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'none'", /the Content-Security-Policy of worker\.js forbids http:.*\.wasm; add 'self' to connect-src/],
  ['wasm-unsafe-eval', "default-src 'self'; script-src 'self'", /the page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to script-src/],
] as const) {
  test(`a policy without ${name} is named`, async ({ browser }) => {
    const page = await browser.newPage(); // one whose violations are expected
    await page.route('**/*', async (route) => {
      try {
        const response = await route.fetch();
        await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } });
      } catch {
        // the page has ended
      }
    });
    await page.goto('/e2e/');
    await page.waitForFunction(() => 'lodestone' in globalThis);
    const f = await page.evaluate(() => failure(lodestone.AutoTokenizer.from_pretrained('/heads/nli/')));
    await page.close();
    expect(f.code).toBe('engine_missing');
    expect(f.message).toMatch(sentence);
  });
}
