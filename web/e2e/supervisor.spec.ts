// Workers that die without a word, and files of another build (web/e2e/server/assets.go).
import { expect, type Page } from '@playwright/test';
import { test } from './harness.js';

/** Loads the default model with the module's files from a folder in which one is changed. */
async function loadFrom(page: Page, kind: string, stall_timeout = 30_000): Promise<{ code: string; message: string }> {
  return page.evaluate(
    async ({ kind, stall_timeout }) => {
      const assets = lodestone.env.assetsPath;
      lodestone.env.assetsPath = `/assets/${kind}/`;
      try {
        return await failure(lodestone.pipeline('feature-extraction', '/models/prompt-magneto-en-de-fr/', { stall_timeout }));
      } finally {
        lodestone.env.assetsPath = assets;
      }
    },
    { kind, stall_timeout },
  );
}

for (const [how, sentence] of [
  ['close', /the worker ended without a word/],
  ['loop', /the worker has not answered for 30 seconds/],
] as const) {
  test(`a worker that ends by ${how} is noticed: what was pending rejects, and the next call works`, async ({ page }) => {
    test.setTimeout(180_000);
    const r = await page.evaluate(async (how) => {
      lodestone.env.assetsPath = '/assets/mortal/';
      const embed = await lodestone.pipeline('feature-extraction', '/models/prompt-magneto-en-de-fr/');
      const kill = new BroadcastChannel('lodestone-test');
      const one = failure(embed(Array.from({ length: 3000 }, () => 'This runs when the worker dies.')));
      const two = failure(embed('This one waits.'));
      kill.postMessage(how);
      const failures = [await one, await two];
      const { dims } = await embed('Guten Morgen', { pooling: 'prompt' });
      await embed.dispose();
      return { failures, dims };
    }, how);
    for (const f of r.failures) expect(f.code).toBe('engine_crashed');
    expect(r.failures[0]!.message).toMatch(sentence);
    expect(r.dims).toEqual([1, 256]);
  });
}

test('a worker that dies while it idles is started again by the next call', async ({ page }) => {
  const dims = await page.evaluate(async () => {
    lodestone.env.assetsPath = '/assets/mortal/';
    const embed = await lodestone.pipeline('feature-extraction', '/models/prompt-magneto-en-de-fr/');
    new BroadcastChannel('lodestone-test').postMessage('close');
    await new Promise((resolve) => setTimeout(resolve, 500)); // it is known by then, or the call finds out
    let result = await embed('Guten Morgen', { pooling: 'prompt' }).catch((e: { code: string }) => e.code);
    if (result === 'engine_crashed') result = await embed('Guten Morgen', { pooling: 'prompt' });
    await embed.dispose();
    return (result as { dims: number[] }).dims;
  });
  expect(dims).toEqual([1, 256]);
});

test('a worker that dies again and again is started after growing pauses', async ({ page }) => {
  const pauses = await page.evaluate(async () => {
    lodestone.env.assetsPath = '/assets/mortal/';
    const embed = await lodestone.pipeline('feature-extraction', '/models/prompt-magneto-en-de-fr/');
    const kill = new BroadcastChannel('lodestone-test');
    const asked: number[] = [];
    const later = globalThis.setTimeout;
    // The pauses that the module asks for; here they take no time.
    globalThis.setTimeout = ((f: () => void, ms = 0) => (ms >= 1000 && ms <= 30_000 ? (asked.push(ms), later(f, 0)) : later(f, ms))) as typeof setTimeout;
    const long = Array.from({ length: 3000 }, () => 'This runs when the worker dies.');
    for (let i = 0; i < 4; i++) {
      const failed = failure(embed(long));
      kill.postMessage('close'); // a worker that has not started yet hears nothing
      const again = setInterval(() => kill.postMessage('close'), 50);
      await failed;
      clearInterval(again);
    }
    await embed('Guten Morgen');
    globalThis.setTimeout = later;
    await embed.dispose();
    return asked;
  });
  expect(pauses).toEqual([1000, 2000, 4000]);
});

test('a worker whose script is empty or another program is an error after 30 seconds', async ({ page }) => {
  test.setTimeout(120_000);
  const [empty, other] = await Promise.all([loadFrom(page, 'empty'), loadFrom(page, 'other')]);
  for (const f of [empty, other]) {
    expect(f.code).toBe('engine_missing');
    expect(f.message).toMatch(/worker\.js did not start \(the worker has not answered for 30 seconds\)/);
  }
});

for (const [kind, file] of [
  ['older-worker', 'worker.js'],
  ['older-engine', 'engine.wasm.gz'],
  ['older-kernels', 'kernels'],
] as const) {
  test(`${file} of another build is refused by name`, async ({ page }) => {
    const f = await loadFrom(page, kind);
    expect(f.code).toBe('engine_missing');
    expect(f.message).toContain(file);
    expect(f.message).toMatch(/is of another build \(0{16}\) than the rest of the module \([0-9a-f]{16}\)/);
  });
}

test('an engine that does not come is an error after four stall timeouts', async ({ page }) => {
  const f = await loadFrom(page, 'slow-engine', 500);
  expect(f.code).toBe('engine_missing');
  expect(f.message).toMatch(/engine\.wasm\.gz did not come within 2 seconds/);
});
