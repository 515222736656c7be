// Loading over a network that fails (web/e2e/server/faults.go). After each fault comes the
// right result, or an error with the true reason; never a result of other bytes.
import { randomUUID } from 'node:crypto';
import { expect, type Page } from '@playwright/test';
import { test } from './harness.js';

interface Outcome {
  vector: number[] | null;
  code: string;
  message: string;
  retries: { file: string; reason: string; repetition: number; wait: number }[];
}

/** Loads the default model behind a fault, with a stall timeout in milliseconds. */
async function load(page: Page, kind: string, run: string, stall_timeout = 30_000): Promise<Outcome> {
  return page.evaluate(
    async ({ url, stall_timeout }) => {
      const out: Outcome = { vector: null, code: '', message: '', retries: [] };
      const progress_callback = (e: { status: string }): void => void (e.status === 'retry' && out.retries.push(e as never));
      try {
        const embed = await lodestone.pipeline('feature-extraction', url, { kernels: 'simd128', cache: 'no-store', stall_timeout, progress_callback });
        out.vector = Array.from((await embed('Guten Morgen', { pooling: 'prompt' })).data);
        await embed.dispose();
      } catch (e) {
        ({ code: out.code, message: out.message } = e as Outcome);
      }
      return out;
    },
    { url: `/fault/${kind}/${run}/`, stall_timeout },
  );
}

/** The requests for the weights of a run. */
async function log(page: Page, run: string): Promise<{ file: string; range: string; ifRange: string }[]> {
  const all = (await (await page.request.get(`/fault/log/${run}`)).json()) as { file: string; range: string; ifRange: string }[];
  return all.filter((q) => q.file === 'model.safetensors');
}

test.describe('the right result', () => {
  let expected: number[] | null = null;
  for (const [kind, reason, stall] of [
    ['cut-10', /broke after \d+ of \d+ bytes/],
    ['cut-50', /broke after \d+ of \d+ bytes/],
    ['cut-99', /broke after \d+ of \d+ bytes/],
    ['without-ranges', /broke after \d+ of \d+ bytes/],
    ['stall-once', /fell silent after \d+ of \d+ bytes/, 2000],
    ['status-500', /status 500/],
    ['status-503', /status 503/],
    ['status-429', /status 429/],
  ] as [string, RegExp, number?][]) {
    test(`after ${kind}`, async ({ page }) => {
      const run = randomUUID();
      expected ??= (await load(page, 'good', randomUUID())).vector;
      const { vector, message, retries } = await load(page, kind, run, stall);
      expect(message).toBe('');
      expect(vector).toEqual(expected);
      expect(retries.length).toBeGreaterThan(0);
      expect(retries[0]!.reason).toMatch(reason);
      // After a tenth, the browser may lose all that came, if nobody has read of it yet.
      if (!kind.startsWith('status') && kind !== 'cut-10') {
        // What had come was not requested again, but for 1024 bytes that are compared.
        const second = (await log(page, run))[1]!;
        expect(second.range).toMatch(/^bytes=\d+-$/);
        expect(second.ifRange).toBe('"version-0"');
      }
      if (kind === 'status-503') expect(retries[0]!.wait).toBe(1000); // Retry-After: 1
    });
  }
});

for (const [kind, code, sentence, stall] of [
  ['cut-always', 'network', /connection broke after \d+ of \d+ bytes/],
  ['stall-always', 'network', /after \d+ of \d+ bytes.*no answer for 0\.3 seconds, the limit \(stall_timeout\)/, 300],
  ['silent-headers', 'network', /no answer for 0\.3 seconds, the limit \(stall_timeout\)/, 300],
  ['trickle', 'network', /no answer for 0\.3 seconds, the limit \(stall_timeout\)/, 300],
  ['changed', 'integrity', /model\.safetensors changed on the server while it was read \(ETag "version-1", before "version-0"\)/],
  ['changed-quietly', 'integrity', /changed on the server while it was read \(byte \d+ differs\)/],
  ['shifted', 'integrity', /changed on the server while it was read \(byte \d+ differs\)/],
  ['other-range', 'network', /sent model\.safetensors from byte \d+, expected \d+/],
  ['busy-for-long', 'http_status', /status 503/],
  ['garbage-gzip', 'network', /connection broke/],
] as [string, string, RegExp, number?][]) {
  test(`${kind} is refused as ${code}, and the next load works`, async ({ page }) => {
    const failed = await load(page, kind, randomUUID(), stall);
    expect(failed.vector).toBeNull();
    expect(failed.message).toMatch(sentence);
    expect(failed.code).toBe(code);
    const { vector } = await load(page, 'good', randomUUID());
    expect(vector).toHaveLength(256);
  });
}

test('retries: 0 sends nothing again', async ({ page }) => {
  const run = randomUUID();
  const failed = await page.evaluate((url) => failure(lodestone.pipeline('feature-extraction', url, { retries: 0 })), `/fault/cut-50/${run}/`);
  expect(failed.code).toBe('network');
  expect(await log(page, run)).toHaveLength(1);
});

test('an abort ends the pause before a repetition', async ({ page }) => {
  const failed = await page.evaluate((url) => {
    const controller = new AbortController();
    const progress_callback = (e: { status: string }): void => {
      if (e.status === 'retry') controller.abort();
    };
    return failure(lodestone.pipeline('feature-extraction', url, { progress_callback, signal: controller.signal }));
  }, `/fault/cut-always/${randomUUID()}/`);
  expect(failed.code).toBe('aborted');
});
