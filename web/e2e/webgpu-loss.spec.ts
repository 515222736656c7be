// A GPU that fails: lost while idle, within a call, while loading, and twice; one that computes
// wrongly, whose browser does not compile a kernel, or that has too little memory. The tests
// destroy the device of the worker, which the browser reports like any other loss, or change
// webgpu.js on its way.
import { expect, type Page, test } from '@playwright/test';
import { open } from './harness.js';

declare global {
  var embed: Awaited<ReturnType<typeof load>>;
}

const load = () => globalThis.lodestone.pipeline('feature-extraction', globalThis.lodestone.DEFAULT_MODEL, { device: 'webgpu' });
test.setTimeout(900_000);

/** Destroys the device in the newest worker that has one. */
async function lose(page: Page): Promise<void> {
  for (;;) {
    for (const worker of page.workers()) {
      const had = await worker.evaluate(() => {
        const bridge = globalThis.__lodestoneWebgpu;
        globalThis.__lodestoneWebgpu = undefined;
        bridge?.destroy();
        return bridge !== undefined;
      }).catch(() => false);
      if (had) return;
    }
    await page.waitForTimeout(20);
  }
}

/** Calls the pipeline: the device that answered, or the code of the error. */
const run = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    try {
      const { data } = await globalThis.embed(['Guten Morgen', 'good morning']);
      return data.every(Number.isFinite) ? globalThis.embed.device : 'not finite';
    } catch (e) {
      return (e as { code: string }).code;
    }
  });

test('a GPU that is lost is asked for once more, then the processor answers', async ({ page }) => {
  await open(page);
  await page.evaluate(`(async () => { globalThis.embed = await (${String(load)})(); })()`);
  expect(await run(page)).toBe('webgpu');
  // While idle: the next call has a new device.
  await lose(page);
  await expect(async () => expect(page.workers().length).toBe(0)).toPass();
  expect(await run(page)).toBe('webgpu');
  // Within a call: it is rejected, and the handle stays usable.
  const pending = run(page);
  await page.waitForTimeout(30);
  await lose(page);
  expect(['device_lost', 'webgpu']).toContain(await pending); // the call may have ended before
  await expect(async () => expect(page.workers().length).toBe(0)).toPass();
  expect(await run(page)).toBe('wasm');
  expect(await page.evaluate(() => globalThis.embed.capabilities().reasons.webgpu)).toBe('the GPU was lost 2 times');
});

test('a GPU that is lost twice while a model loads leaves it on the processor', async ({ page }) => {
  await open(page);
  const loaded = page.evaluate(`(async () => { globalThis.embed = await (${String(load)})(); })()`);
  await lose(page);
  await lose(page);
  await loaded;
  expect(await run(page)).toBe('wasm');
  expect(await page.evaluate(() => globalThis.embed.capabilities().webgpu)).toBe(false);
});

test('dispose() ends the GPU buffers of a handle', async ({ page }) => {
  await open(page);
  await page.evaluate(`(async () => { globalThis.embed = await (${String(load)})(); })()`);
  const [worker] = page.workers().slice(-1);
  const bytes = await page.evaluate(async () => (await globalThis.embed.memory()).gpuBytes);
  expect(bytes).toBeGreaterThan(1 << 20);
  const ended = worker!.waitForEvent('close');
  await page.evaluate(() => globalThis.embed.dispose());
  await ended;
});

const faults = {
  'a kernel that computes wrongly': { from: 'let root = sqrt(sum / f32(P.d)', to: 'let root = 1.5 * sqrt(sum / f32(P.d)', reason: /^webgpu: self-test: rms norm: number 0 differs by / },
  'a kernel that does not compile': { from: 'let root = sqrt(sum / f32(P.d)', to: 'let root = sqrt(sum / P.d', reason: /^webgpu: rms_norm does not compile: / },
  'too little memory': { from: /memory:[^,]*,/, to: 'memory:4194304,', reason: /^the model does not fit on the GPU: .*holds 4194304 bytes/ },
};
// make webgpu runs all of them.
for (const [name, { from, to, reason }] of Object.entries(faults).slice(0, process.env['LODESTONE_WEBGPU'] === 'all' ? 3 : 1)) {
  test(`${name} leaves the model on the processor, with the reason`, async ({ page, context }) => {
    await context.route('**/webgpu.js', async (route) => {
      const response = await route.fetch();
      const text = await response.text();
      expect(text).toMatch(from instanceof RegExp ? from : new RegExp(from.replace(/[()/.]/g, '\\$&')));
      await route.fulfill({ response, body: text.replace(from, to) });
    });
    const warnings: string[] = [];
    page.on('console', (m) => void (m.type() === 'warning' && warnings.push(m.text())));
    await open(page);
    await page.evaluate(`(async () => { globalThis.embed = await (${String(load)})(); })()`);
    expect(await run(page)).toBe('wasm');
    expect(await page.evaluate(() => globalThis.embed.capabilities().reasons.webgpu)).toMatch(reason);
    expect(warnings.some((w) => w.includes('on the processor, not on the GPU'))).toBe(true);
  });
}
