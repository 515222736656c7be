// CROP in the page, with the models that ship: every step is what it is natively.
import { expect } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { test } from './harness.js';

interface Golden {
  text: string;
  beams: number;
  steps: { name: string; out: string[][]; notes?: string[] }[];
  placed: boolean;
  entities: { entity_group: string; word: string; start: number; end: number }[];
}

const golden = JSON.parse(readFileSync(new URL('../../models/tasks/testdata/crop_shipped.json', import.meta.url), 'utf8')) as Golden[];

test('crop finds in the page, step by step, what it finds natively', async ({ page }) => {
  const given = golden.map(({ text, beams }) => ({ text, beams }));
  const got = await page.evaluate(async (given) => {
    const options = { kernels: 'simd128' } as const; // those that the golden file was made with
    const [translator, tagger] = await Promise.all([
      lodestone.pipeline('translation', '/models/translator-magneto-en-de', options),
      lodestone.pipeline('token-classification', '/models/tagger-magneto-en-de', options),
    ]);
    const results = [];
    const heard: string[][] = [];
    for (const { text, beams } of given) {
      const names: string[] = [];
      results.push(await lodestone.crop(text, { translator, tagger, src_lang: 'de', num_beams: beams, on_step: (s) => names.push(s.name) }));
      heard.push(names);
    }
    const own = await lodestone.crop('Tom wohnt in Boston.', { translator, tagger: (words) => words.map((w) => (w === 'Boston' ? 'LOC' : 'O')), src_lang: 'de' });
    const stop = new AbortController();
    const failures = {
      stopped: await failure(lodestone.crop('Tom wohnt in Boston.', { translator, tagger, src_lang: 'de', on_step: () => stop.abort(), signal: stop.signal })),
      few: await failure(lodestone.crop('Tom wohnt in Boston.', { translator, tagger: () => ['O'], src_lang: 'de' })),
      language: await failure(lodestone.crop('Tom wohnt in Boston.', { translator, tagger, src_lang: 'xx' })),
      swapped: await failure(lodestone.crop('Tom wohnt in Boston.', { translator: tagger as never, tagger, src_lang: 'de' })),
      empty: await failure(lodestone.crop(' ', { translator, tagger, src_lang: 'de' })),
    };
    await tagger.dispose();
    const gone = await failure(lodestone.crop('Tom wohnt in Boston.', { translator, tagger, src_lang: 'de' }));
    await translator.dispose();
    return { results, heard, own, failures: { ...failures, gone } };
  }, given);

  for (const [i, want] of golden.entries()) {
    const { entities, placed, steps } = got.results[i]!;
    expect.soft({ text: want.text, placed, entities }).toEqual({ text: want.text, placed: want.placed, entities: want.entities });
    const out = steps.map((s) => {
      const notes = [...s.input, ...s.output].map((l) => l.note).filter((n) => n !== '');
      return { name: s.name, out: s.output.map((l) => [...l.words, '/', ...(l.labels ?? [])]), ...(notes.length > 0 ? { notes } : {}) };
    });
    expect.soft(out, want.text).toEqual(want.steps);
    expect.soft(got.heard[i], want.text).toEqual(want.steps.map((s) => s.name));
    if (!placed) expect.soft(steps.at(-1)!.input[0]!.note, want.text).toContain('not placed');
  }
  expect(got.own.entities).toEqual([{ entity_group: 'LOC', word: 'Boston', start: 13, end: 19 }]);
  expect(got.own.steps.every((s) => s.milliseconds >= 0)).toBe(true);
  expect(Object.fromEntries(Object.entries(got.failures).map(([k, f]) => [k, f.code]))).toEqual({
    stopped: 'aborted',
    few: 'invalid_argument',
    language: 'invalid_argument',
    swapped: 'invalid_argument',
    empty: 'invalid_argument',
    gone: 'disposed',
  });
  expect(got.failures.few).toMatchObject({ message: expect.stringContaining('step "tag"'), details: { step: 'tag' } });
  expect(got.failures.language).toMatchObject({ message: expect.stringContaining('step "translate"') });
  expect(got.failures.gone).toMatchObject({ details: { step: 'tag' } });
});
