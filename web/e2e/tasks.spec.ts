// The tasks that stand on heads, against what the reference kernels make of the same
// texts natively; the models are random (server/heads.go), but for the tagger that ships.
import { expect } from '@playwright/test';
import { test } from './harness.js';

interface Found {
  Label: string;
  Text: string;
  Score: number;
  Token: number;
  Sequence: string;
  Index: number;
  Start: number;
  End: number;
  Truncated: boolean;
}

interface Request {
  model: string;
  texts: string[];
  contexts: string[] | null;
  options: Record<string, unknown>;
  ids: number[];
  logits: number[][];
  found: (Found[] | null)[];
}

/** The place of a byte of a text in UTF-16 units. */
function units(text: string, byte: number): number {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, byte)).length;
}

const KINDS = { mask: 'fill-mask', class: 'text-classification', entities: 'token-classification', answers: 'question-answering' } as const;

for (const [kind, task] of Object.entries(KINDS)) {
  test(`${task} says in the page what it says natively`, async ({ page }) => {
    const r = await page.evaluate(
      async ({ kind, task }) => {
        const all = (await (await fetch('/heads/expected.json')).json()) as Request[];
        const mine = all.filter((q) => q.model.endsWith(`-${kind}`));
        const got: unknown[] = [];
        let name = '';
        let pipe = null as { (...a: unknown[]): Promise<unknown>; dispose(): Promise<void> } | null;
        for (const q of mine) {
          if (q.model !== name) {
            await pipe?.dispose();
            pipe = (await lodestone.pipeline(task as 'fill-mask', `/heads/${q.model}`)) as never;
            name = q.model;
          }
          got.push(await (q.contexts ? pipe!(q.texts, q.contexts, q.options) : pipe!(q.texts, q.options)));
        }
        await pipe?.dispose();
        return { mine, got };
      },
      { kind, task },
    );
    expect(r.mine.length).toBeGreaterThanOrEqual(4);
    for (const [i, q] of r.mine.entries()) {
      const what = `${q.model} ${JSON.stringify(q.options)}`;
      const got = (kind === 'mask' ? (r.got[i] as unknown[][])[0] : r.got[i]) as Record<string, unknown>[][];
      expect.soft(got.length, what).toBe(q.found.length);
      for (const [t, list] of q.found.entries()) {
        const text = (q.contexts ?? q.texts)[t] ?? ''; // of masks, a list is one of the first text's
        const want = (list ?? []).map((f) => {
          const score = expect.closeTo(f.Score, 4);
          const at = { start: units(text, f.Start), end: units(text, f.End) };
          switch (kind) {
            case 'mask':
              return { score, token: f.Token, token_str: f.Text, sequence: f.Sequence };
            case 'class':
              return { score, label: f.Label, ...(f.Truncated && { truncated: true }) };
            case 'answers':
              return { score, answer: f.Text, ...at };
          }
          const entity = { score, word: f.Text, ...at };
          return q.options['aggregation_strategy'] === 'none' ? { ...entity, entity: f.Label, index: f.Index } : { ...entity, entity_group: f.Label };
        });
        expect.soft(got[t], `${what}, text ${t}`).toEqual(want);
      }
    }
  });
}

test('results have the shapes of transformers.js', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const fill = await lodestone.pipeline('fill-mask', '/heads/bert-mask');
    const classify = await lodestone.pipeline('text-classification', '/heads/toxic');
    const entities = await lodestone.pipeline('token-classification', '/heads/magneto-entities');
    const answer = await lodestone.pipeline('question-answering', '/heads/distilbert-answers');
    const out = {
      one: await fill('the [MASK]'),
      two: await fill('[MASK] [MASK]', { top_k: 2 }),
      several: await fill(['the [MASK]', 'a [MASK]'], { top_k: 1 }),
      top: await classify('ada'),
      tops: await classify(['ada', 'paris']),
      all: await classify('ada', { top_k: null }),
      alls: await classify(['ada', 'paris'], { top_k: 2, function_to_apply: 'softmax' }),
      tokens: await entities('ada', { ignore_labels: [] }),
      groups: await entities(['ada', 'love'], { aggregation_strategy: 'simple', ignore_labels: [] }),
      answer: await answer('who?', 'ada'),
      answers: await answer(['who?'], ['ada lives'], { top_k: 2 }),
      about: { mask: fill.mask_token, labels: classify.labels, task: entities.task, dim: answer.dim },
    };
    for (const p of [fill, classify, entities, answer]) await p.dispose();
    return out;
  });
  expect(r.one).toHaveLength(5);
  expect(r.one[0]).toEqual({ score: expect.any(Number), token: expect.any(Number), token_str: expect.any(String), sequence: expect.stringMatching(/^the/) });
  expect(r.two.map((m) => m.length)).toEqual([2, 2]);
  expect(r.several.map((m) => m.length)).toEqual([1, 1]);
  expect(r.top).toEqual([{ label: expect.stringMatching(/^(toxic|rude|kind)$/), score: expect.any(Number) }]);
  expect(r.tops).toHaveLength(2);
  expect(r.all.map((c) => c.label).sort()).toEqual(['kind', 'rude', 'toxic']);
  expect(r.alls.map((c) => c.length)).toEqual([2, 2]);
  expect(r.tokens[0]).toMatchObject({ index: 1, word: 'ada', start: 0, end: 3, entity: expect.any(String) });
  expect(r.groups.map((g) => g[0]!.word)).toEqual(['ada', 'love']);
  expect(r.answer).toEqual({ answer: 'ada', score: expect.any(Number), start: 0, end: 3 });
  expect(r.answers.map((a) => a.length)).toEqual([2]);
  expect(r.about).toEqual({ mask: '[MASK]', labels: ['toxic', 'rude', 'kind'], task: 'token-classification', dim: 16 });
});

test('the tagger that ships finds entities in three languages, at their places in UTF-16', async ({ page }) => {
  // The model is small: Siemens, Österreich and Wien it does not know, here as natively.
  const want: [string, [string, string, number, number][]][] = [
    ['Ada Lovelace was born in London.', [['PER', 'Ada Lovelace', 0, 12], ['LOC', 'London', 25, 31]]],
    [
      'John Smith of Microsoft flew from Boston to Paris.',
      [['PER', 'John Smith', 0, 10], ['ORG', 'Microsoft', 14, 23], ['LOC', 'Boston', 34, 40], ['LOC', 'Paris', 44, 49]],
    ],
    ['Tom wohnt seit drei Jahren in Berlin und arbeitet bei Siemens.', [['PER', 'Tom', 0, 3], ['LOC', 'Berlin', 30, 36]]],
    ['Anna Müller reiste nach Österreich, 🎉 Tom blieb in Wien.', [['PER', 'Anna Müller', 0, 11], ['PER', 'Tom', 39, 42]]],
    ["L'été, Marie va à Boston voir Tom.", [['PER', 'Marie', 7, 12], ['LOC', 'Boston', 18, 24], ['PER', 'Tom', 30, 33]]],
  ];
  const texts = want.map(([text]) => text);
  const got = await page.evaluate(async (texts) => {
    const entities = await lodestone.pipeline('token-classification', '/models/tagger-magneto-en-de');
    const found = await entities(texts, { aggregation_strategy: 'simple' });
    const one = await entities(texts[0]!, { aggregation_strategy: 'simple' });
    await entities.dispose();
    return { found, one };
  }, texts);
  for (const [i, [text, entities]] of want.entries()) {
    expect.soft(got.found[i]!.map((e) => [e.entity_group, e.word, e.start, e.end]), text).toEqual(entities);
    for (const e of got.found[i]!) {
      expect.soft(text.slice(e.start, e.end)).toBe(e.word);
      expect.soft(e.score, e.word).toBeGreaterThan(0.8);
    }
  }
  expect(got.one.map((e) => e.word)).toEqual(got.found[0]!.map((e) => e.word));
});

test('models by themselves give logits, of any ids', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const all = (await (await fetch('/heads/expected.json')).json()) as Request[];
    const classes = {
      mask: lodestone.AutoModelForMaskedLM,
      class: lodestone.AutoModelForSequenceClassification,
      entities: lodestone.AutoModelForTokenClassification,
      answers: lodestone.AutoModelForQuestionAnswering,
    };
    const out: { model: string; worst: number; dims: (readonly number[])[]; labels: object; padding: number }[] = [];
    for (const family of ['bert', 'roberta', 'distilbert', 'magneto']) {
      for (const [kind, auto] of Object.entries(classes)) {
        const q = all.find((x) => x.model === `${family}-${kind}`)!;
        const model = await auto.from_pretrained(`/heads/${q.model}`);
        // A second row is padded: what is behind its tokens gives zeros.
        const ids = [...q.ids, ...q.ids.slice(0, 3), 0, 0].map(BigInt);
        const mask = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0].map(BigInt);
        const y = await model({
          input_ids: new lodestone.Tensor('int64', BigInt64Array.from(ids), [2, 5]),
          attention_mask: new lodestone.Tensor('int64', BigInt64Array.from(mask), [2, 5]),
        });
        const tensors = 'logits' in y ? [y.logits] : [y.start_logits, y.end_logits];
        const columns = q.logits[0]!.length / tensors.length;
        let worst = 0;
        let padding = 0;
        for (const [k, t] of tensors.entries()) {
          const rows = kind === 'class' ? 1 : 5;
          for (let i = 0; i < rows; i++)
            for (let j = 0; j < columns; j++) worst = Math.max(worst, Math.abs(t.data[i * columns + j]! - q.logits[i]![tensors.length > 1 ? k : j]!));
          if (kind !== 'class') for (const v of t.data.subarray(8 * columns)) padding = Math.max(padding, Math.abs(v));
        }
        out.push({ model: q.model, worst, padding, dims: tensors.map((t) => t.dims), labels: model.config.id2label });
        await model.dispose();
      }
    }
    return out;
  });
  expect(r).toHaveLength(16);
  for (const m of r) {
    expect.soft(m.worst, m.model).toBeLessThan(1e-3);
    expect.soft(m.padding, m.model).toBe(0);
  }
  expect(r.find((m) => m.model === 'bert-answers')!.dims).toEqual([[2, 5], [2, 5]]);
  expect(r.find((m) => m.model === 'bert-class')!.dims).toEqual([[2, 3]]);
  expect(r.find((m) => m.model === 'roberta-entities')!.labels).toEqual({ 0: 'O', 1: 'B-PER', 2: 'I-PER', 3: 'B-LOC', 4: 'I-LOC' });
});

test('what a model or a text does not have is refused by name', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const out = [
      await failure(lodestone.pipeline('token-classification', '/heads/headless')),
      await failure(lodestone.pipeline('fill-mask', '/heads/bert-answers')),
      await failure(lodestone.pipeline('summarization', '/heads/bert-mask')),
    ];
    const fill = await lodestone.pipeline('fill-mask', '/heads/roberta-mask');
    out.push(await failure(fill('Paris')), await failure(fill('<mask>', { top_k: 1001 })));
    const answer = await lodestone.pipeline('question-answering', '/heads/bert-answers');
    out.push(await failure(answer(['who?', 'where?'], ['ada'])), await failure(answer('who?', '')));
    const entities = await lodestone.pipeline('token-classification', '/heads/bert-entities');
    out.push(await failure(entities('ada', { aggregation_strategy: 'last' as never })), await failure(entities('ada', { ignore_labels: 'O' as never })));
    const long = Array.from({ length: 400 }, () => 'ada lives in paris, the capital of france');
    const controller = new AbortController();
    const stopped = failure(entities(long, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 5);
    out.push(await stopped);
    const after = await entities('ada', { ignore_labels: [] });
    for (const p of [fill, answer, entities]) await p.dispose();
    out.push(await failure(entities('ada')));
    return { out, after };
  });
  const says: [string, string][] = [
    ['missing_tensor', 'no tensor "classifier.weight": this folder has no token-classification head; architectures says BertModel'],
    ['missing_tensor', 'masked-lm was asked for, architectures says BertForQuestionAnswering'],
    ['config_unsupported', 'a bert model has no decoder, so it cannot generate'],
    ['invalid_argument', 'text 0 has no <mask>'],
    ['invalid_argument', 'top_k: 1001'],
    ['invalid_argument', '2 questions and 1 contexts'],
    ['invalid_argument', 'its context has no token'],
    ['invalid_argument', "aggregation_strategy: \"last\" is not supported; supported: 'none', 'simple', 'first', 'average', 'max'"],
    ['invalid_argument', 'ignore_labels: "O", expected an array of strings'],
    ['aborted', 'task'],
    ['disposed', ''],
  ];
  for (const [i, [code, message]] of says.entries()) expect.soft(r.out[i], message).toMatchObject({ code, message: expect.stringContaining(message) });
  expect(r.after).toHaveLength(1);
});
