// Model folders that were built to break a loader (models/pipeline/attacks), in the page: each is refused with a code, or loads and
// gives numbers, and the next load works. models/pipeline/attacks/testdata/outcomes.tsv has what becomes of each natively.
import { readFileSync } from 'node:fs';
import { expect } from '@playwright/test';
import { test } from './harness.js';

const lines = readFileSync(new URL('../../models/pipeline/attacks/testdata/outcomes.tsv', import.meta.url), 'utf8').trimEnd().split('\n');
const all = lines.map((line) => {
  const [number, kind, name, native] = line.split('\t') as [string, string, string, string];
  return { number, kind, name, native };
});

/** A page asked a server, and so knows more of a file that is missing, empty or HTML. */
const ALSO: Record<string, string[]> = {
  file_missing: ['http_status', 'tokenizer_missing', 'integrity'],
  config_invalid: ['truncated', 'html_instead_of_model'],
  tokenizer_invalid: ['truncated'],
  manifest_invalid: ['truncated'],
};

test.setTimeout(1_200_000);

for (const kind of [...new Set(all.map((a) => a.kind))]) {
  test(`no folder breaks the page: ${kind}`, async ({ page, browserName }) => {
    // Each load starts a worker and an engine of its own. Firefox ESR takes seconds for that: every fourth folder.
    const some = all.filter((a, i) => a.kind === kind && (browserName === 'chromium' || i % 4 === 0));
    const outcomes = await page.evaluate(
      async (numbers) => {
        const load = async (number: string): Promise<string> => {
          try {
            const classify = await lodestone.pipeline('text-classification', `/attack/${number}/`, { kernels: 'simd128', cache: 'no-store', stall_timeout: 60_000 });
            try {
              const results = await classify('Ada Lovelace [SEP] was born in [MASK] London [CLS].');
              const first = [results].flat(2)[0] as { score: number };
              return Number.isFinite(first.score) ? 'loads' : `score ${first.score}`;
            } finally {
              await classify.dispose();
            }
          } catch (e) {
            return (e as { code?: string }).code ?? String(e);
          }
        };
        const out: string[] = [];
        for (let i = 0; i < numbers.length; i += 2) out.push(...(await Promise.all(numbers.slice(i, i + 2).map(load))));
        return { out, base: await load('base') };
      },
      some.map((a) => a.number),
    );
    expect(outcomes.base).toBe('loads');
    const wrong = some
      .map((a, i) => ({ ...a, page: outcomes.out[i]! }))
      .filter(({ native, page }) => page !== native && !ALSO[native]?.includes(page))
      .map(({ number, name, native, page }) => `${number} ${name}: ${page}, natively ${native}`);
    expect(wrong).toEqual([]);
  });
}
