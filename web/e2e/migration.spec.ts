// The public examples of transformers.js' text tasks, in our own words (web/e2e/transformers),
// run with only their import changed: e2e/server/migration.go changes it. Their model ids are
// those of random models and of the shipped one; env.remoteHost is the server of the tests. The
// shapes of results are those of transformers.js 4.3.1 (src/pipelines/*.js).
import { expect, type Page } from '@playwright/test';
import { test } from './harness.js';

async function run(page: Page, name: string): Promise<unknown> {
  return page.evaluate(async (name) => {
    lodestone.env.remoteHost = new URL('/hub/', location.href).href;
    const module = (await import(`/examples-of-transformers/${name}.js`)) as { result: unknown };
    return module.result;
  }, name);
}

const number = expect.any(Number);
const string = expect.any(String);

const examples: Record<string, unknown> = {
  sentiment: {
    one: [{ label: expect.stringMatching(/POSITIVE|NEGATIVE/), score: number }],
    several: [{ label: string, score: number }, { label: string, score: number }],
    all: [{ label: string, score: number }, { label: string, score: number }],
  },
  ner: { tokens: expect.arrayContaining([expect.objectContaining({ entity: string, score: number, index: number, word: string })]) },
  'fill-mask': { three: [1, 2, 3].map(() => ({ score: number, token: number, token_str: string, sequence: string })) },
  'question-answering': { answer: string, score: number, start: number, end: number },
  'zero-shot': {
    one: { sequence: 'ada lives in paris', labels: expect.arrayContaining(['city', 'person', 'weather']), scores: [number, number, number] },
    each: { sequence: 'ada lives in paris', labels: expect.arrayContaining(['city', 'person', 'weather']), scores: [number, number, number] },
  },
  translation: [{ translation_text: string }],
  summarization: { summary: [{ summary_text: string }], written: [{ generated_text: string }] },
};

for (const [name, shape] of Object.entries(examples)) {
  test(`${name} runs with only its import changed`, async ({ page }) => {
    expect(await run(page, name)).toEqual(shape);
  });
}

test('feature-extraction runs with only its import changed', async ({ page }) => {
  const r = (await run(page, 'feature-extraction')) as { type: string; dims: number[]; same: number; other: number; norm: number; states: number };
  expect(r).toMatchObject({ type: 'float32', dims: [3, 256], states: 3 });
  expect(r.norm).toBeCloseTo(1, 5);
  expect(r.same).toBeGreaterThan(r.other);
});

test('text-generation of a prompt and of a chat runs with only its import changed', async ({ page }) => {
  const r = (await run(page, 'text-generation')) as { prompt: { generated_text: string }[]; output: { generated_text: { role: string; content: string }[] }[]; last: string; streamed: string };
  expect(r.prompt[0]!.generated_text).toMatch(/^hello./s);
  expect(r.output[0]!.generated_text.map((m) => m.role)).toEqual(['system', 'user', 'assistant']);
  expect(r.streamed).toBe(r.last);
  expect(r.last.length).toBeGreaterThan(3);
});

test('tokenizers run with only their import changed', async ({ page }) => {
  const r = (await run(page, 'tokenizer')) as Record<string, unknown> & { ids: number[]; first: number[]; dims: number[]; mask: number[] };
  expect(r.dims[0]).toBe(2);
  expect(r.first.slice(0, r.ids.length)).toEqual(r.ids);
  expect(r.mask).toEqual(r.first.map((_, i) => (i < r.ids.length ? 1 : 0)));
  expect(r).toMatchObject({ text: 'ada lives', texts: ['ada lives', 'ada lives in paris'], tokens: ['ada', 'lives'], chat: '<|user|>hi\n<|assistant|>' });
});

test('models without a task run with only their import changed', async ({ page }) => {
  const r = (await run(page, 'models')) as { labels: object; sum: number; named: string; pooled: number[]; lengths: number[]; streamed: string; decoded: string };
  expect(r).toMatchObject({ labels: { 0: 'NEGATIVE', 1: 'POSITIVE' }, named: 'NEGATIVE', pooled: [2, 256] });
  expect(r.sum).toBeCloseTo(1, 5);
  for (const length of r.lengths) expect(length).toBeCloseTo(1, 5);
  expect(r.streamed).toBe(r.decoded);
});

test('ranking by a cross-encoder runs with only its import changed', async ({ page }) => {
  const r = (await run(page, 'reranking')) as { corpus_id: number; score: number; text: string }[];
  expect(r.map((y) => y.corpus_id).sort()).toEqual([0, 1, 2]);
  expect(r[0]!.score).toBeGreaterThanOrEqual(r[1]!.score);
  const own = await page.evaluate(async () => {
    const ranker = await lodestone.pipeline('text-ranking', 'heads/ranker');
    const ranked = await ranker('ada lives in paris', ['ada', 'paris is in france', 'the capital of london']);
    await ranker.dispose();
    return ranked;
  });
  expect(own.map((y) => y.corpus_id)).toEqual(r.map((y) => y.corpus_id));
  for (const [i, y] of own.entries()) expect(y.score).toBeCloseTo(r[i]!.score, 4);
});

test('stopping criteria and logits processors of your own run with only their import changed', async ({ page }) => {
  type Rows = number[][];
  const r = (await run(page, 'stopping')) as { whole: Rows; own: Rows; calls: number; called: boolean[]; list: Rows; even: Rows; text: string };
  const end = r.whole[0]![4]!;
  const until = (row: number[], n = 12): number[] => row.slice(0, Math.min(n, row.indexOf(end) < 0 ? n : row.indexOf(end) + 1));
  for (const [i, row] of r.whole.entries()) {
    expect(row).toHaveLength(12);
    // A row that ends before the longest is padded behind its end.
    expect(r.own[i]!.slice(0, until(row).length)).toEqual(until(row));
    expect(r.list[i]!.slice(0, until(row, 3).length)).toEqual(until(row, 3));
  }
  expect(r.own[0]).toHaveLength(Math.max(...r.whole.map((row) => until(row).length)));
  expect(r.list[0]!.length).toBeLessThanOrEqual(3);
  expect(r.calls).toBe(Math.min(11, r.own[0]!.length)); // once for each token but the last that is allowed
  expect(r.called).toEqual([true, false]);
  expect(r.even.flat().every((id) => id % 2 === 0)).toBe(true);
  expect(r.text.startsWith('hello')).toBe(true);
});

test('vectors as tensors run with only their import changed', async ({ page }) => {
  const r = (await run(page, 'vectors')) as Record<string, unknown> & { itself: number; best: number[]; length: number };
  expect(r).toMatchObject({
    first: [256],
    one: true,
    similarities: [3, 3],
    places: [0, 1],
    signs: ['int8', 3, 32],
    sameSigns: true,
    bit: true,
    short: [3, 64],
    cat: [6, 256],
    stack: [2, 256],
    tokens: true,
  });
  expect(r.itself).toBeCloseTo(1, 5);
  expect(r.best[0]).toBeCloseTo(1, 5);
  expect(r.length).toBeCloseTo(1, 5);
});
