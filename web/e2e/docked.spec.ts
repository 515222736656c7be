// Kformer and MetaLM on the page, against the vectors of the papers' own code.
import { expect } from '@playwright/test';
import { test } from './harness.js';

interface Vectors {
  inputs: Record<string, { shape: number[]; data: number[] }>;
  outputs: Record<string, { shape: number[]; data: number[] }>;
}

const WITHIN = 2e-4;

function worst(got: readonly number[], want: readonly number[]): number {
  expect(got.length).toBe(want.length);
  return got.reduce((w, x, i) => Math.max(w, Math.abs(x - want[i]!)), 0);
}

test('a Kformer reads the notes that it was given last', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const v = (await (await fetch('/tiny/kformer/io.json')).json()) as Vectors;
    const model = await lodestone.KformerModel.from_pretrained('/tiny/kformer');
    const { tokens, knowledge } = v.inputs as { tokens: { shape: number[]; data: number[] }; knowledge: { shape: number[]; data: number[] } };
    const [rows, length] = tokens.shape as [number, number];
    const [, items, width] = knowledge.shape as [number, number, number];
    const inputs = (row: number) => {
      const ids = tokens.data.slice(row * length, (row + 1) * length);
      return {
        input_ids: new lodestone.Tensor('int64', BigInt64Array.from(ids, BigInt), [1, length]),
        attention_mask: new lodestone.Tensor('int64', BigInt64Array.from(ids, (x) => BigInt(x === 1 ? 0 : 1)), [1, length]),
      };
    };
    const run = async (row: number) => {
      const { last_hidden_state, selected } = await model(inputs(row));
      return { data: Array.from(last_hidden_state.data), selected: selected[0]! };
    };
    const out = [];
    for (let row = 0; row < rows; row++) {
      const notes = Array.from({ length: items }, (_, i) => knowledge.data.slice((row * items + i) * width, (row * items + i + 1) * width).filter((x) => x !== 1));
      const count = await model.setKnowledge(notes);
      const known = await run(row);
      await model.setKnowledge([]);
      const unknown = await run(row);
      // The vectors count padding when notes are chosen, and we do not, so that a row does not
      // depend on the others: given theirs alone, the model reads the same.
      const theirs = v.outputs['selected_index']!.data.slice(row * 5, (row + 1) * 5);
      await model.setKnowledge(theirs.map((i) => notes[i]!));
      const tokensOfRow = tokens.data.slice(row * length, (row + 1) * length).filter((x) => x !== 1).length;
      out.push({ count, known, unknown, given: await run(row), theirs, tokens: tokensOfRow });
    }
    // Notes that a visitor types are items of their tokens.
    const texts = await model.setKnowledge(['b c d', 'e']);
    const typed = await run(0);
    await model.setKnowledge([[5, 6, 7], [8]]);
    const same = await run(0);
    const refused = [
      await failure(model.setKnowledge([[31]])),
      await failure(model.setKnowledge(['a', [4]] as never)),
      await failure(model.setKnowledge('a' as never)),
    ];
    const kept = await run(0);
    await model.dispose();
    const other = await lodestone.KformerModel.from_pretrained(lodestone.DEFAULT_MODEL);
    refused.push(await failure(other.setKnowledge(['a'])));
    await other.dispose();
    return { v, out, texts, typed, same, kept, refused };
  });
  const size = r.out[0]!.known.data.length;
  const width = r.v.outputs['features']!.shape[2]!;
  for (const [row, { count, known, unknown, given, theirs, tokens }] of r.out.entries()) {
    const n = tokens * width;
    const of = (name: string) => r.v.outputs[name]!.data.slice(row * size, row * size + n);
    expect(count).toBe(7);
    expect.soft(worst(unknown.data.slice(0, n), of('features_no_knowledge')), `row ${row}, none`).toBeLessThan(WITHIN);
    expect.soft(worst(given.data.slice(0, n), of('features')), `row ${row}`).toBeLessThan(WITHIN);
    expect.soft(given.data.slice(n).every((x) => x === 0), `row ${row}, padding`).toBe(true);
    expect(unknown.selected).toEqual([]);
    if (tokens * width < size) continue;
    expect.soft(known.selected).toEqual(theirs);
    expect.soft(worst(known.data, of('features')), `row ${row}, chosen`).toBeLessThan(WITHIN);
  }
  expect(r.texts).toBe(2);
  expect(r.typed).toEqual(r.same);
  expect(r.kept).toEqual(r.same); // what was refused changed nothing
  expect(r.typed.data).not.toEqual(r.out[0]!.unknown.data);
  expect(r.refused.map((f) => f.code)).toEqual(['invalid_argument', 'invalid_argument', 'invalid_argument', 'config_unsupported']);
});

test('spans are docked into a MetaLM, and it goes on after them', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const v = (await (await fetch('/tiny/metalm-simple/io.json')).json()) as Vectors;
    const ids = v.inputs['tokens']!.data;
    const [a, b, c, d] = v.inputs['spans']!.data as [number, number, number, number];
    const pieces = [{ ids: ids.slice(0, a) }, { span: ids.slice(a, b) }, { ids: ids.slice(b, c) }, { span: ids.slice(c, d) }, { ids: ids.slice(d) }];
    const model = await lodestone.MetaLMModel.from_pretrained('/tiny/metalm-simple');
    const { logits } = await model({ pieces });
    const [, n, vocab] = logits.dims as [number, number, number];
    const last = logits.data.subarray((n - 1) * vocab, n * vocab);
    const likeliest = last.indexOf(Math.max(...last));
    const [one] = await model.generate({ pieces, max_new_tokens: 4, eos_token_id: [] });
    // Each token follows from a pass over all that there is.
    const grown = [...pieces.slice(0, 4), { ids: [...ids.slice(d), one!.ids[0]!] }];
    const next = (await model({ pieces: grown })).logits.data.slice(-vocab);
    // A text is its tokens: b is 5, c 6.
    const texts = [{ text: 'a b' }, { span: 'c d e' }, { text: 'f' }];
    const numbers = [{ ids: [4, 5] }, { span: [6, 7, 8] }, { ids: [9] }];
    const fromTexts = await model.generate({ pieces: texts, max_new_tokens: 6, do_sample: true, seed: 3, num_return_sequences: 2 });
    const fromNumbers = await model.generate({ pieces: numbers, max_new_tokens: 6, do_sample: true, seed: 3, num_return_sequences: 2 });
    // States that come from elsewhere: as wide as the encoder.
    const states = new lodestone.Tensor('float32', Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)), [2, 12]);
    const elsewhere = await model({ pieces: [{ ids: [0] }, { span: states }, { ids: [5] }] });
    const refused = [
      await failure(model({ pieces: [] })),
      await failure(model({ pieces: [{ text: 'a', ids: [1] } as never] })),
      await failure(model({ pieces: [{ ids: [0] }, { span: new lodestone.Tensor('float32', new Float32Array(5), [1, 5]) }] })),
      await failure(model.generate({ pieces: [{ ids: [33] }] })),
    ];
    await model.dispose();
    const places: Record<string, readonly number[]> = {};
    for (const kind of ['complex', 'xconnector']) {
      const other = await lodestone.MetaLMModel.from_pretrained(`/tiny/metalm-${kind}`);
      const y = (await other({ pieces })).logits;
      places[kind] = [...y.dims, y.data.every(Number.isFinite) ? 1 : 0];
      await other.dispose();
    }
    return {
      want: v.outputs['logits']!.data,
      got: Array.from(logits.data),
      likeliest,
      one: one!,
      next: next.indexOf(Math.max(...next)),
      fromTexts,
      fromNumbers,
      elsewhere: elsewhere.logits.dims,
      refused,
      places,
    };
  });
  expect(worst(r.got, r.want)).toBeLessThan(WITHIN);
  expect(r.one.ids).toHaveLength(4);
  expect(r.one.ids[0]).toBe(r.likeliest);
  expect(r.one.ids[1]).toBe(r.next);
  expect(r.fromTexts).toEqual(r.fromNumbers);
  expect(r.fromTexts).toHaveLength(2);
  expect(r.elsewhere).toEqual([1, 4, 33]);
  expect(r.places).toEqual({ complex: [1, 12, 33, 1], xconnector: [1, 13, 33, 1] }); // a span of three and one of two, or three latents for each
  expect(r.refused.map((f) => f.code)).toEqual(['invalid_argument', 'invalid_argument', 'invalid_argument', 'invalid_argument']);
});
