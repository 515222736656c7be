// What transformers.js has beside pipelines: tensors, vectors, streamers, stopping criteria,
// tokenizers, chats, configurations.
import { expect } from '@playwright/test';
import { test } from './harness.js';

test('tensors are sliced, averaged, normalized, squashed and iterated', async ({ page }) => {
  const r = await page.evaluate(() => {
    const { Tensor } = lodestone;
    const t = new Tensor('float32', Float32Array.from({ length: 12 }, (_, i) => i), [2, 3, 2]);
    const thrown = (f: () => unknown): string => {
      try {
        f();
      } catch (e) {
        return (e as Error).message;
      }
      return 'nothing';
    };
    return {
      second: t.slice(1).tolist(),
      column: t.slice(null, null, -1).tolist(),
      middle: t.slice(null, [1, 2], 0).tolist(),
      tail: t.slice([1, null], [-2, null]).tolist(),
      mean: t.mean().item(),
      over: t.mean(1).tolist(),
      kept: t.mean(2, true).dims,
      normal: new Tensor('float32', Float32Array.of(3, 4, 0, 5), [2, 2]).normalize().tolist(),
      first: new Tensor('float32', Float32Array.of(1, -3), [1, 2]).normalize(1).tolist(),
      sigmoid: new Tensor('float32', Float32Array.of(0, 100), [2]).sigmoid().tolist(),
      rows: [...t].map((row) => row.dims),
      scalars: [...new Tensor('int64', BigInt64Array.of(7n, 8n), [2])].map((x) => Number(x.item())),
      same: t.tolist(),
      second0: t[1]!.tolist(),
      deep: t[-1]![2]![0]!.item(),
      shares: t[0]!.data.buffer === t.data.buffer,
      beyond: thrown(() => t[2]),
      assigned: thrown(() => ((t as unknown as number[])[0] = 1)),
      scalar: thrown(() => t[0]![0]![0]![0]),
      cloned: structuredClone(t).dims,
      shapes: [t.view(-1, 4).dims, t.unsqueeze(0).dims, t.unsqueeze(-1).squeeze().dims, t.slice([0, 1]).squeeze(0).dims, t.flatten().dims, t.flatten(1).dims, t.permute(2, 0, 1).dims],
      turned: t.permute(2, 0, 1).tolist(),
      sums: [t.sum().item(), t.sum(0).tolist(), t.min(-1).tolist(), t.max().item(), Number(t.argmax().item()), (t.argmin(1).tolist() as bigint[][]).flat().map(Number)],
      numbers: t.add(1).mul(2).sub(3).div(2)[1]!.tolist(),
      whole: t.to('int64').to('uint8').type,
      outside: thrown(() => t.slice(2)),
      backwards: thrown(() => t.slice([1, 0])),
      type: thrown(() => new Tensor('int64', BigInt64Array.of(1n), [1]).mean()),
    };
  });
  expect(r).toEqual({
    second: [[6, 7], [8, 9], [10, 11]],
    column: [[1, 3, 5], [7, 9, 11]],
    middle: [[2], [8]],
    tail: [[[8, 9], [10, 11]]],
    mean: 5.5,
    over: [[2, 3], [8, 9]],
    kept: [2, 3, 1],
    normal: [[Math.fround(0.6), Math.fround(0.8)], [0, 1]],
    first: [[0.25, -0.75]],
    sigmoid: [0.5, 1],
    rows: [[3, 2], [3, 2]],
    scalars: [7, 8],
    same: [[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]],
    second0: [[6, 7], [8, 9], [10, 11]],
    deep: 10,
    shares: true,
    beyond: 'tensor: [2]: 2, expected -2 to 1',
    assigned: 'tensor: [0] cannot be assigned; set elements of data',
    scalar: 'tensor: a scalar has no first dimension; item() is its number',
    cloned: [2, 3, 2],
    shapes: [[3, 4], [1, 2, 3, 2], [2, 3, 2], [3, 2], [12], [2, 6], [2, 2, 3]],
    turned: [[[0, 2, 4], [6, 8, 10]], [[1, 3, 5], [7, 9, 11]]],
    sums: [66, [[6, 8], [10, 12], [14, 16]], [[0, 2, 4], [6, 8, 10]], 11, 11, [0, 0, 0, 0]],
    numbers: [[5.5, 6.5], [7.5, 8.5], [9.5, 10.5]],
    whole: 'uint8',
    outside: 'tensor: slice(): index 0: 2, expected -2 to 1',
    backwards: 'tensor: slice(): part 0: [1, 0] of 2, expected the begin before the end',
    type: 'tensor: mean() of int64, expected float32',
  });
});

test('functions of vectors are those of transformers.js', async ({ page }) => {
  const r = await page.evaluate(() => {
    const { cos_sim, dot, softmax, log_softmax, magnitude, mean_pooling, Tensor } = lodestone;
    const states = new Tensor('float32', Float32Array.of(1, 2, 3, 4, 9, 9, 5, 6, 7, 8, 9, 10), [2, 3, 2]);
    const mask = new Tensor('int64', BigInt64Array.of(1n, 1n, 0n, 1n, 1n, 1n), [2, 3]);
    let message = '';
    try {
      cos_sim([1], [1, 2]);
    } catch (e) {
      message = (e as Error).message;
    }
    return {
      dot: dot([1, 2], Float32Array.of(3, 4)),
      cos: cos_sim(new Tensor('float32', Float32Array.of(1, 0), [2]), [1, 1]),
      length: magnitude([3, 4]),
      softmax: softmax([1000, 1000]),
      log: log_softmax([0, 0]),
      pooled: mean_pooling(states, mask).tolist(),
      message,
    };
  });
  expect(r.cos).toBeCloseTo(Math.SQRT1_2, 12);
  expect(r).toMatchObject({ dot: 11, length: 5, softmax: [0.5, 0.5], log: [-Math.LN2, -Math.LN2], pooled: [[2, 3], [7, 8]], message: 'cos_sim: 1 and 2 numbers, expected as many' });
});

test('tasks of pairs of texts score as they do natively', async ({ page }) => {
  const r = await page.evaluate(async () => {
    type Found = { Index: number; Score: number }[];
    const all = (await (await fetch('/heads/expected.json')).json()) as { model: string; texts: string[]; contexts: string[]; Found?: unknown; found: Found[] }[];
    const of = (name: string) => all.find((q) => q.model === name)!;
    const { texts, contexts } = of('nli');
    const nli = await lodestone.pipeline('zero-shot-classification', '/heads/nli');
    const ranker = await lodestone.pipeline('text-ranking', '/heads/ranker');
    const choices = await lodestone.pipeline('multiple-choice', '/heads/choices');
    const got = {
      one: await nli(texts[0]!, contexts),
      each: await nli(texts[0]!, contexts, { multi_label: true }),
      batch: await nli([texts[0]!, 'ada'], contexts[0]!),
      ranked: await ranker(texts[0]!, contexts, { return_documents: false }),
      raw: await ranker(texts[0]!, contexts, { function_to_apply: 'none', top_k: 1 }),
      chosen: await choices(texts[0]!, contexts),
      best: await choices(texts[0]!, contexts, { top_k: 1 }),
    };
    const failures = [
      await failure(nli('a', [])),
      await failure(nli('a', ['b'], { hypothesis_template: 'no place' })),
      await failure(ranker('a', 'b' as never)),
      await failure(choices('a', ['b'], { notes: ['a note'] } as object)),
    ];
    for (const p of [nli, ranker, choices]) await p.dispose();
    return { nli: of('nli').found, ranker: of('ranker').found, choices: of('choices').found, contexts, got, failures };
  });
  const order = (list: { Index: number }[]): string[] => list.map((y) => r.contexts[y.Index]!);
  const close = (got: number[], list: { Score: number }[]): void => list.forEach((y, i) => expect(got[i]).toBeCloseTo(y.Score, 4));
  expect(r.got.one.labels).toEqual(order(r.nli[0]!));
  close(r.got.one.scores, r.nli[0]!);
  expect(r.got.each.labels).toEqual(order(r.nli[1]!));
  close(r.got.each.scores, r.nli[1]!);
  expect(r.got.batch).toHaveLength(2);
  expect(r.got.ranked.map((y) => y.corpus_id)).toEqual(r.ranker[0]!.map((y) => y.Index));
  close(r.got.ranked.map((y) => y.score), r.ranker[0]!);
  expect(Object.keys(r.got.ranked[0]!)).toEqual(['corpus_id', 'score']);
  expect(1 / (1 + Math.exp(-r.got.raw[0]!.score))).toBeCloseTo(r.ranker[0]![0]!.Score, 4);
  expect(r.got.chosen.map((y) => y.index)).toEqual(r.choices[0]!.map((y) => y.Index));
  close(r.got.chosen.map((y) => y.score), r.choices[0]!);
  expect(r.got.best).toEqual([r.got.chosen[0]]);
  expect(r.failures.map((f) => f.message)).toEqual([
    expect.stringContaining('candidate_labels: an empty array'),
    expect.stringContaining('has no {} for the label'),
    expect.stringContaining('documents: "b", expected an array'),
    expect.stringContaining('option "notes" is not known'),
  ]);
});

test('a chat is written by the template of the folder, once it is needed', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (q) => asked.push(new URL(q.url()).pathname));
  const loaded = await page.evaluate(async () => {
    const generator = await lodestone.pipeline('text-generation', '/tiny/chat/');
    (globalThis as Record<string, unknown>)['generator'] = generator;
    await generator('hello', { max_new_tokens: 2 });
    return generator.config['model_type'];
  });
  expect(loaded).toBe('gpt2');
  expect(asked.filter((p) => /chat\.wasm|tokenizer_config|chat_template/.test(p))).toEqual([]);
  const r = await page.evaluate(async () => {
    const generator = (globalThis as Record<string, unknown>)['generator'] as import('../src/index.js').TextGenerationPipeline;
    const { tokenizer } = generator;
    const messages = [{ role: 'user', content: 'hi' }];
    const text = await tokenizer.apply_chat_template(messages, { tokenize: false, add_generation_prompt: true });
    const ids = await tokenizer.apply_chat_template(messages, { add_generation_prompt: true });
    const own = await tokenizer.apply_chat_template(messages, { tokenize: false, chat_template: '{{ messages[0].content|upper }}{{ eos_token }}' });
    const answers = await generator(messages, { max_new_tokens: 6 });
    const plain = await generator(text, { max_new_tokens: 6, return_full_text: false, add_special_tokens: false });
    const several = await generator([messages, [{ role: 'user', content: 'there' }]], { max_new_tokens: 3 });
    let streamed = '';
    for await (const piece of generator.stream(messages, { max_new_tokens: 6 })) streamed += piece;
    const failures = {
      raises: await failure(tokenizer.apply_chat_template(messages, { chat_template: '{{ raise_exception("roles must alternate") }}' })),
      macro: await failure(tokenizer.apply_chat_template(messages, { chat_template: '{% macro f() %}{% endmacro %}' })),
      variable: await failure(tokenizer.apply_chat_template(messages, { enable_thinking: false })),
      role: await failure(generator([{ content: 'hi' } as never])),
      content: await failure(tokenizer.apply_chat_template([{ role: 'user' } as never])),
      tools: await failure(generator('hello', { tools: [] })),
      endless: await failure(tokenizer.apply_chat_template(messages, { chat_template: '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}' })),
    };
    await generator.dispose();
    return { text, ids: await Promise.all([ids.input_ids.dims, ids.attention_mask.dims]), own, answers, plain, several, streamed, failures };
  });
  expect(asked.filter((p) => p.endsWith('/chat.wasm.gz'))).toHaveLength(1);
  expect(r.text).toBe('<|user|>hi\n<|assistant|>');
  expect(r.own).toBe('HI<|endoftext|>');
  expect(r.ids[0]).toEqual(r.ids[1]);
  expect(r.answers).toEqual([{ generated_text: [{ role: 'user', content: 'hi' }, { role: 'assistant', content: r.plain[0]!.generated_text }] }]);
  expect(r.streamed).toBe(r.plain[0]!.generated_text);
  expect(r.several.map((list) => list[0]!.generated_text.map((m) => m.role))).toEqual([['user', 'assistant'], ['user', 'assistant']]);
  const f = r.failures;
  expect(f.raises).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('roles must alternate') });
  expect(f.macro).toMatchObject({ code: 'config_unsupported', message: expect.stringContaining('the tag "macro" is not supported') });
  expect(f.variable).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('does not read "enable_thinking"') });
  expect(f.role.message).toContain('message 0 has no role');
  expect(f.content.message).toContain('message 0 has no content');
  expect(f.tools.message).toContain('tools: expected a chat');
  expect(f.endless).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('exceeds a limit') });
});

test('a folder without a template says so, and so does one whose template is outside the subset', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const messages = [{ role: 'user', content: 'hi' }];
    const none = await lodestone.pipeline('text-generation', '/tiny/gpt2/');
    const macro = await lodestone.pipeline('text-generation', '/tiny/chat-jinja/');
    const all = [await failure(none(messages)), await failure(macro(messages))];
    await Promise.all([none.dispose(), macro.dispose()]);
    return all;
  });
  expect(r[0]).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('the folder has neither chat_template.jinja nor a chat_template in tokenizer_config.json') });
  expect(r[1]).toMatchObject({ code: 'config_unsupported', message: expect.stringContaining('"macro"') });
});

test('an interrupted generation resolves with what it has', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const generator = await lodestone.pipeline('text-generation', '/tiny/gpt2');
    const stopping_criteria = new lodestone.InterruptableStoppingCriteria();
    const options = { max_new_tokens: 2000, return_full_text: false };
    const whole = (await generator('hello', options))[0]!.generated_text;
    let pieces = 0;
    const streamer = new lodestone.TextStreamer(null, { callback_function: () => ++pieces === 5 && stopping_criteria.interrupt() });
    const part = (await generator('hello', { ...options, streamer, stopping_criteria }))[0]!.generated_text;
    const again = (await generator('hello', { ...options, stopping_criteria: [stopping_criteria] }))[0]!.generated_text; // interrupted still
    stopping_criteria.reset();
    const list = new lodestone.StoppingCriteriaList();
    list.push(stopping_criteria);
    const after = (await generator('hello', { ...options, stopping_criteria: list }))[0]!.generated_text;
    const own = await failure(generator('hello', { stopping_criteria: { _call: () => [true] } as never }));
    await generator.dispose();
    return { whole, part, again, after, own };
  });
  expect(r.part.length).toBeGreaterThan(0);
  expect(r.part.length).toBeLessThan(r.whole.length);
  expect(r.whole.startsWith(r.part)).toBe(true);
  expect(r.again.length).toBeLessThan(r.whole.length);
  expect(r.after).toBe(r.whole);
  expect(r.own.message).toContain('expected an object of a class that extends StoppingCriteria');
});

test('streamers get ids, text, special tokens and the prompt as they ask', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const generator = await lodestone.pipeline('text-generation', '/tiny/gpt2');
    const options = { max_new_tokens: 6, forced_eos_token_id: 259, eos_token_id: 259 };
    const added = (await generator('hello', { ...options, return_full_text: false }))[0]!.generated_text;
    const streamed = async (o: object): Promise<string> => {
      let text = '';
      await generator('hello', { ...options, streamer: new lodestone.TextStreamer(generator.tokenizer, { callback_function: (t: string) => void (text += t), ...o }) });
      return text;
    };
    const plain = await streamed({});
    const special = await streamed({ skip_special_tokens: false });
    const prompt = await streamed({ skip_prompt: false });
    const ids: number[] = [];
    let ended = 0;
    class Own extends lodestone.BaseStreamer {
      override put(value: bigint[][]): void {
        ids.push(...value[0]!.map(Number));
      }
      override end(): void {
        ended++;
      }
    }
    await generator('hello', { ...options, streamer: new Own() });
    const failures = [
      await failure(generator('hello', { streamer: { put: () => {} } as never })),
      await failure(Promise.resolve().then(() => new lodestone.TextStreamer(null, { decode_kwargs: {} } as never))),
    ];
    const decoded = await generator.tokenizer.decode(ids);
    await generator.dispose();
    return { added, plain, special, prompt, ids, ended, decoded, failures };
  });
  expect(r.plain).toBe(r.added);
  expect(r.special).toBe(`${r.added}<|endoftext|>`);
  expect(r.prompt).toBe(`hello${r.added}`);
  expect(r.decoded).toBe(r.special);
  expect(r.ids).toHaveLength(6);
  expect(r.ended).toBe(1);
  expect(r.failures[0]!.message).toContain('a class that extends BaseStreamer');
  expect(r.failures[1]!.message).toContain('give skip_special_tokens');
});

test('tokens are counted at once by a tokenizer in the page, with the ids of one in a worker', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const before = Object.keys(globalThis);
    const inPage = await lodestone.AutoTokenizer.from_pretrained('/tiny/chat/', { in_page: true });
    const second = await lodestone.AutoTokenizer.from_pretrained(lodestone.DEFAULT_MODEL, { in_page: true });
    const leaked = Object.keys(globalThis).filter((name) => !before.includes(name) && ['Go', 'fs', 'path', 'process'].includes(name));
    const inWorker = await lodestone.AutoTokenizer.from_pretrained('/tiny/chat/');
    const text = 'hello again, and again: Zürich 🙂';
    const messages = [{ role: 'user', content: 'hi' }];
    const thrown = (f: () => unknown): string => {
      try {
        f();
      } catch (e) {
        return `${(e as { code: string }).code}: ${(e as Error).message}`;
      }
      return 'nothing';
    };
    const count: number = inPage.encode(text).length; // no promise
    const got = {
      count,
      ids: inPage.encode(text),
      same: await inWorker.encode(text),
      tokens: inPage.tokenize('hello'),
      decoded: inPage.batch_decode([inPage.encode(text), inPage.encode('b')]),
      chat: inPage.apply_chat_template(messages, { tokenize: false }),
      sameChat: await inWorker.apply_chat_template(messages, { tokenize: false }),
      arrays: inPage(['hello', 'hello again'], { return_tensor: false }),
      tensor: inPage('hello').input_ids.dims,
      other: second.encode('Guten Morgen').length,
      mask: [second.mask_token, second.mask_token_id, second.all_special_ids.includes(second.mask_token_id)],
      none: inPage.mask_token_id,
      template: thrown(() => second.apply_chat_template(messages)),
      surrogate: thrown(() => inPage.encode('\ud800')),
      long: inPage.encode('hello '.repeat(20_000)).length,
    };
    await inPage.dispose();
    const disposed = thrown(() => inPage.encode('a'));
    await Promise.all([second.dispose(), inWorker.dispose()]);
    return { ...got, leaked, disposed };
  });
  expect(r.ids).toEqual(r.same);
  expect(r.count).toBe(r.ids.length);
  expect(r.tokens).toEqual(['hell', 'o']);
  expect(r.decoded).toEqual(['hello again, and again: Zürich 🙂', 'b']);
  expect(r.chat).toBe(r.sameChat);
  expect(r.arrays.input_ids.map((row) => row.length)).toEqual(r.arrays.attention_mask.map((row) => row.length));
  expect(r.tensor).toEqual([1, r.tokens.length]);
  expect(r.other).toBeGreaterThan(2);
  expect(r.mask).toEqual(['<mask>', expect.any(Number), true]);
  expect(r.none).toBe(-1);
  expect(r.template).toContain('invalid_argument: chat: no chat template');
  expect(r.surrogate).toContain('invalid_text');
  expect(r.long).toBeGreaterThan(20_000);
  expect(r.leaked).toEqual([]);
  expect(r.disposed).toContain('disposed');
});

test('configurations are read without weights', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (q) => asked.push(new URL(q.url()).pathname));
  const r = await page.evaluate(async () => {
    const config = await lodestone.AutoConfig.from_pretrained('/heads/sentiment');
    const tagger = await lodestone.AutoModelForTokenClassification.from_pretrained('/heads/bert-entities');
    const own = tagger.config;
    await tagger.dispose();
    return { config, own, missing: await failure(lodestone.AutoConfig.from_pretrained('/f/empty/')) };
  });
  expect(r.config).toMatchObject({ model_type: 'distilbert', id2label: { 0: 'NEGATIVE', 1: 'POSITIVE' } });
  expect(r.own).toMatchObject({ model_type: 'bert', label2id: { O: 0, 'B-PER': 1 } });
  expect(r.missing.message).toContain('status 404 for /f/empty/config.json');
  expect(asked).not.toContain('/heads/sentiment/model.safetensors');
});
