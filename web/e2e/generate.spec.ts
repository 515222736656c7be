// Generation, against what the reference kernels make of the same requests natively:
// e2e/server/tiny.go has the models, which are random, and the requests.
import { expect } from '@playwright/test';
import { test } from './harness.js';

interface Case {
  texts: string[];
  from: string;
  to: string;
  options: Record<string, unknown>;
  results: { text: string; ids: number[]; reason: string }[];
}

test('texts go on as they do natively: greedy, drawn, with beams, in batches', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const all = (await (await fetch('/tiny/expected.json')).json()) as Record<string, Case[]>;
    const got: Record<string, string[][]> = {};
    for (const name of ['gpt2', 'gpt2-defaults']) {
      const generator = await lodestone.pipeline('text-generation', `/tiny/${name}`);
      got[name] = [];
      for (const c of all[name]!) {
        const out = await generator(c.texts, { ...c.options, return_full_text: false });
        got[name].push(out.flat().map((o) => o.generated_text));
      }
      await generator.dispose();
    }
    return { all, got };
  });
  for (const [name, texts] of Object.entries(r.got)) {
    for (const [i, c] of r.all[name]!.entries()) expect.soft(texts[i], JSON.stringify(c.options)).toEqual(c.results.map((x) => x.text));
  }
  expect(r.got['gpt2']!.length).toBeGreaterThan(6);
});

test('texts are translated as they are natively', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const all = (await (await fetch('/tiny/expected.json')).json())['m2m'] as Case[];
    const translator = await lodestone.pipeline('translation', '/tiny/m2m');
    const got: string[][] = [];
    for (const c of all) {
      const out = await translator(c.texts, { ...c.options, tgt_lang: c.to, ...(c.from && { src_lang: c.from }) });
      got.push(out.map((o) => o.translation_text));
    }
    let streamed = '';
    for await (const piece of translator.stream(all[0]!.texts[0]!, { ...all[0]!.options, src_lang: 'de', tgt_lang: 'en' })) streamed += piece;
    const refused = [
      await failure(translator('das')),
      await failure(translator('das', { tgt_lang: 'xx' })),
      await failure(translator('das', { tgt_lang: 'en', forced_bos_token_id: 3 } as never)),
    ];
    await translator.dispose();
    return { all, got, streamed, refused };
  });
  for (const [i, c] of r.all.entries()) expect.soft(r.got[i], JSON.stringify(c.options)).toEqual(c.results.map((x) => x.text));
  expect(r.streamed).toBe(r.all[0]!.results[0]!.text);
  expect(r.refused[0]).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('say tgt_lang; there are de, en, fr') });
  expect(r.refused[1]).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('"xx": there are de, en, fr') });
  expect(r.refused[2]!.code).toBe('invalid_argument');
});

test('the pieces of a stream make the text, and its result has the shapes of transformers.js', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const generator = await lodestone.pipeline('text-generation', '/tiny/gpt2');
    const options = { max_new_tokens: 40, do_sample: true, seed: 5 };
    const pieces: string[] = [];
    for await (const piece of generator.stream('hello', options)) pieces.push(piece);
    const called: string[] = [];
    const tokens: bigint[] = [];
    const streamer = new lodestone.TextStreamer(null, { callback_function: (t) => called.push(t), token_callback_function: (t) => tokens.push(...t) });
    const one = await generator('hello', { ...options, streamer });
    const several = await generator(['hello', 'h'], { ...options, num_return_sequences: 2 });
    const stopped = await generator('hello', { max_new_tokens: 40, stop_strings: 'y', return_full_text: false });
    const plain = await generator('hello', { max_new_tokens: 40, return_full_text: false });
    await generator.dispose();
    return { pieces, called, tokens: tokens.length, one, several, stopped, plain };
  });
  expect(`hello${r.pieces.join('')}`).toBe(r.one[0]!.generated_text);
  expect(r.called.join('')).toBe(r.pieces.join(''));
  expect(r.tokens).toBe(40);
  expect(r.pieces.length).toBeGreaterThan(1);
  expect(r.one).toHaveLength(1);
  expect(r.several.map((x) => x.length)).toEqual([2, 2]);
  expect(r.several[0]![0]!.generated_text).toBe(r.one[0]!.generated_text); // a draw does not depend on its batch
  const text = r.plain[0]!.generated_text;
  expect(r.stopped[0]!.generated_text).toBe(text.slice(0, text.indexOf('y') + 1));
});

test('a character of several tokens comes whole; processors of the page choose the tokens', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const generator = await lodestone.pipeline('text-generation', '/tiny/gpt2');
    const wanted = [...new TextEncoder().encode('é €🙂!')];
    const seen: { rows: number; dims: readonly number[] }[] = [];
    const choose: import('../dist/lodestone.js').LogitsFunction = (ids, logits) => {
      seen.push({ rows: ids.length, dims: logits.dims });
      for (const [row, tokens] of ids.entries()) {
        const next = wanted[tokens.length - 3]!;
        logits.data[row * logits.dims[1]! + next] = 1e6;
      }
    };
    const prompt = 'hehehe'; // three tokens
    const options = { max_new_tokens: wanted.length, logits_processor: choose };
    const pieces: string[] = [];
    for await (const piece of generator.stream(prompt, options)) pieces.push(piece);
    const batch = await generator([prompt, prompt], { ...options, return_full_text: false });
    // Returned tensors count, one processor after the other, also with promises and beams.
    const zero: import('../dist/lodestone.js').LogitsFunction = async (_, t) =>
      new lodestone.Tensor('float32', new Float32Array(t.size).fill(-1).map((x, i) => (i % t.dims[1]! === 65 ? 9 : x)), t.dims);
    const beams = await generator(prompt, { max_new_tokens: 3, num_beams: 2, logits_processor: [choose, zero], return_full_text: false });
    const thrown = await failure(
      generator(prompt, {
        logits_processor: () => {
          throw Object.assign(new Error('mine'), { code: 'mine' });
        },
      }),
    );
    const wrong = await failure(generator(prompt, { logits_processor: () => new lodestone.Tensor('float32', new Float32Array(3), [1, 3]) }));
    const after = await generator(prompt, { max_new_tokens: 2 });
    await generator.dispose();
    return { pieces, batch, beams, thrown, wrong, after: after.length, seen };
  });
  expect(r.pieces).toEqual(['é', ' ', '€', '🙂', '!']);
  expect(r.batch.map((b) => b[0]!.generated_text)).toEqual(['é €🙂!', 'é €🙂!']);
  expect(r.seen[0]).toEqual({ rows: 1, dims: [1, 260] });
  expect(r.seen.some((s) => s.rows === 2 && s.dims[0] === 2)).toBe(true);
  expect(r.beams[0]!.generated_text).toBe('AAA');
  expect(r.thrown).toMatchObject({ code: 'mine', message: 'mine', isLodestone: false });
  expect(r.wrong).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('[1, 260]') });
  expect(r.after).toBe(1);
});

test('a call ends within a token when its signal says so, and the next one works', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const generator = await lodestone.pipeline('text-generation', '/tiny/gpt2');
    const long = { max_new_tokens: 2000, eos_token_id: [] };
    const whole = performance.now();
    await generator('hello', { ...long, max_new_tokens: 200 });
    const each = (performance.now() - whole) / 200;
    const controller = new AbortController();
    const pieces: string[] = [];
    const streamer = new lodestone.TextStreamer(null, {
      callback_function: (t) => {
        pieces.push(t);
        controller.abort();
      },
    });
    const aborted = await failure(generator('hello', { ...long, signal: controller.signal, streamer }));
    const began = performance.now();
    const next = await generator('hello', { max_new_tokens: 3 });
    const waited = performance.now() - began;
    const early = new AbortController();
    early.abort();
    const never = await failure(
      (async () => {
        for await (const piece of generator.stream('hello', { signal: early.signal })) pieces.push(piece);
      })(),
    );
    await generator.dispose();
    return { aborted, never, pieces: pieces.length, next: next[0]!.generated_text, waited, full: each * 2000 };
  });
  expect(r.aborted.code).toBe('aborted');
  expect(r.never.code).toBe('aborted');
  expect(r.pieces).toBe(1);
  expect(r.next.startsWith('hello')).toBe(true);
  expect(r.waited).toBeLessThan(Math.max(400, r.full / 2));
});

test('leaving the loop stops the call, and memory does not grow with tokens', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const generator = await lodestone.pipeline('text-generation', '/tiny/gpt2');
    let first = '';
    for await (const piece of generator.stream('hello', { max_new_tokens: 2000, eos_token_id: [], suppress_tokens: Array.from({ length: 128 }, (_, i) => i + 128) })) {
      first = piece;
      break;
    }
    const after = await generator('hello', { max_new_tokens: 3 });
    const options = { max_new_tokens: 600, eos_token_id: [] };
    for (let i = 0; i < 4; i++) await generator('hello', options); // Go's heap finds its size
    const before = await generator.memory();
    for (let i = 0; i < 3; i++) await generator('hello', options);
    const memory = await generator.memory();
    await generator.dispose();
    return { first, after: after.length, before, memory };
  });
  expect(r.first).not.toBe('');
  expect(r.after).toBe(1);
  const { goBytes, ...device } = r.memory;
  expect(device).toMatchObject({ kernelBytes: r.before.kernelBytes, usedBytes: r.before.usedBytes, peakBytes: r.before.peakBytes });
  expect(goBytes - r.before.goBytes).toBeLessThanOrEqual(1 << 20); // garbage of 1800 tokens: Go's heap has steps
});

test('models that generate take ids, padded on either side', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const all = (await (await fetch('/tiny/expected.json')).json()) as Record<string, Case[]>;
    const tokenizer = await lodestone.AutoTokenizer.from_pretrained('/tiny/gpt2');
    const model = await lodestone.AutoModelForCausalLM.from_pretrained('/tiny/gpt2');
    const c = all['gpt2']![1]!;
    const ids = await Promise.all(c.texts.slice(0, 2).map((t) => tokenizer.encode(t)));
    const width = Math.max(...ids.map((x) => x.length));
    const tensor = (rows: number[][]) => new lodestone.Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0]!.length]);
    const left = { input_ids: tensor(ids.map((x) => [...Array(width - x.length).fill(0), ...x])), attention_mask: tensor(ids.map((x) => [...Array(width - x.length).fill(0), ...x.map(() => 1)])) };
    const right = { input_ids: tensor(ids.map((x) => [...x, ...Array(width - x.length).fill(0)])), attention_mask: tensor(ids.map((x) => [...x.map(() => 1), ...Array(width - x.length).fill(0)])) };
    const outputs = [];
    for (const inputs of [left, right]) outputs.push(await model.generate({ ...inputs, max_new_tokens: 17 }));
    const heard: bigint[] = [];
    let ended = 0;
    const streamer = { put: (v: bigint[][]) => void heard.push(...v.flat()), end: () => void ended++ };
    const one = await model.generate({ input_ids: tensor([ids[1]!]), max_new_tokens: 6, streamer });
    const { logits } = await model(right);
    // The likeliest token behind the last is what greedy search begins with.
    const [, t, v] = logits.dims as [number, number, number];
    const firsts = ids.map((x, row) => {
      const last = logits.data.subarray((row * t + x.length - 1) * v, (row * t + x.length) * v);
      return last.indexOf(Math.max(...last));
    });
    const padding = logits.data.subarray((0 * t + t - 1) * v, t * v).every((x) => x === 0);
    const stop = await failure(model.generate({ input_ids: tensor([[1]]), stop_strings: 'x' }));
    const beyond = await failure(model.generate({ input_ids: tensor([[260]]) }));
    await model.dispose();

    const s2s = await lodestone.AutoModelForSeq2SeqLM.from_pretrained('/tiny/m2m');
    const source = tensor([[18, 5, 7, 2]]);
    const out = await s2s.generate({ input_ids: source, max_new_tokens: 12, forced_bos_token_id: 19, suppress_tokens: [0, 1, 3] });
    const decoder = tensor([Array.from(out.data.subarray(0, 3), Number)]);
    const d = (await s2s({ input_ids: source, decoder_input_ids: decoder })).logits;
    const last = d.data.subarray(2 * d.dims[2]!, 3 * d.dims[2]!);
    const allowed = Array.from(last, (x, i) => ([0, 1, 3].includes(i) ? -Infinity : x));
    const nextOf = allowed.indexOf(Math.max(...allowed));
    await s2s.dispose();
    await tokenizer.dispose();
    return {
      want: c.results.slice(0, 2).map((x) => x.ids),
      begins: ids,
      width,
      outputs: outputs.map((o) => ({ dims: o.dims, rows: (o.tolist() as bigint[][]).map((row) => row.map(Number)) })),
      one: (one.tolist() as bigint[][])[0]!.map(Number),
      heard: heard.map(Number),
      ended,
      firsts,
      padding,
      stop,
      beyond,
      translated: (out.tolist() as bigint[][])[0]!.map(Number),
      wantTranslated: all['m2m']![0]!.results[0]!.ids,
      nextOf,
    };
  });
  for (const o of r.outputs) {
    expect(o.dims).toEqual([2, r.width + 17]);
    for (const [i, row] of o.rows.entries()) expect(row.slice(r.width)).toEqual(r.want[i]);
  }
  expect(r.one).toEqual([...r.begins[1]!, ...r.want[1]!.slice(0, 6)]);
  expect(r.heard).toEqual(r.want[1]!.slice(0, 6));
  expect(r.ended).toBe(1);
  expect(r.firsts).toEqual(r.want.map((x) => x[0]));
  expect(r.padding).toBe(true);
  expect(r.stop).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('stop_strings need the tokenizer') });
  expect(r.beyond).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('id 260') });
  expect(r.translated).toEqual([2, ...r.wantTranslated]);
  expect(r.nextOf).toBe(r.wantTranslated[2]);
});

test('what a model cannot do is refused when it is loaded, and options by name', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const load = [
      await failure(lodestone.pipeline('text-generation', '/tiny/m2m')),
      await failure(lodestone.pipeline('translation', '/tiny/gpt2')),
      await failure(lodestone.pipeline('text-generation', lodestone.DEFAULT_MODEL)),
    ];
    const generator = await lodestone.pipeline('text-generation', '/tiny/gpt2');
    const bad: [object, string][] = [
      [{ max_new_tokens: 0 }, 'max_new_tokens'],
      [{ temperature: 0, do_sample: true }, 'temperature'],
      [{ top_p: 2 }, 'top_p'],
      [{ max_tokens: 2 }, '"max_tokens" is not known'],
      [{ num_beams: 65 }, 'num_beams'],
      [{ num_beams: 2, do_sample: true }, 'not sampled'],
      [{ num_return_sequences: 2 }, 'num_return_sequences'],
      [{ eos_token_id: 'x' }, 'eos_token_id'],
      [{ max_length: 2 }, 'new tokens you want'],
      [{ stop_strings: [''] }, 'stop_strings'],
      [{ logits_processor: 3 }, 'logits_processor'],
      [{ streamer: {} }, 'TextStreamer'],
      [{ num_beams: 2, streamer: new lodestone.TextStreamer(null) }, 'known only at the end'],
    ];
    const options = [];
    for (const [o, names] of bad) options.push({ ...(await failure(generator('hello', o))), names });
    await generator.dispose();
    return { load, options };
  });
  expect(r.load.map((f) => f.code)).toEqual(['config_unsupported', 'config_unsupported', 'config_unsupported']);
  expect(r.load[0]!.message).toContain('has an encoder');
  expect(r.load[1]!.message).toContain('has no encoder');
  expect(r.load[2]!.message).toContain('no decoder');
  for (const f of r.options) expect.soft(f, f.names).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining(f.names) });
});

test('the tokenizer of a generator makes the tokens that the model reads, and the one that ends a text', async ({ page }) => {
  const all = await page.evaluate(async () => {
    const generator = await lodestone.pipeline('text-generation', '/models/writer-magneto-en/');
    const out: [tokens: number[], read: number[]][] = [];
    for (const text of ['Once upon a time', '“Who is there?” asked </s> the <s>girl. 🦊 ', 'Zwölf Boxkämpfer\n\njagen']) {
      let read: number[] = [];
      await generator(text, { max_new_tokens: 1, do_sample: false, logits_processor: ([ids]) => void (read = ids!.map(Number)) });
      out.push([await generator.tokenizer.encode(text, { split_special_tokens: true }), read]);
    }
    await generator.dispose();
    return out;
  });
  for (const [tokens, read] of all) {
    expect(read.length).toBeGreaterThan(4);
    expect(tokens).toEqual([...read, 2]); // the template ends a text with </s>, which a prompt leaves out
  }
});
