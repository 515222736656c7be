// Looking into a model: its description, attention and routing.
import { expect } from '@playwright/test';
import { test } from './harness.js';

test('a model describes itself', async ({ page }) => {
  const d = await page.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const d = await embed.describe();
    await embed.dispose();
    return d;
  });
  expect(d).toMatchObject({ model_type: 'magneto', kind: 'encoder', parameters: 7397376, head: 'none' });
  expect(d.kept_f32.sort()).toEqual(['k_proj', 'out_proj', 'v_proj'].map((n) => `layers.3.self_attn.${n}.weight`));
  expect(d.stacks).toHaveLength(1);
  const s = d.stacks[0]!;
  expect(s).toMatchObject({ name: 'encoder', layers: 4, hidden_size: 256, heads: 4, kv_heads: 4, norm: 'Sub-LN', norm_kind: 'LayerNorm', positions: 'learned', causal: false });
  expect(s.norm_places).toHaveLength(5);
  expect(s.routing).toBeUndefined();
  expect(s.parts.reduce((sum, p) => sum + p.parameters, 0)).toBe(7397376);
  expect(s.layer_parts).toHaveLength(4);
  expect(d.sizes.map((x) => [x.type, x.exact])).toEqual([['f32', true], ['f16', true], ['q8', true], ['q4', true]]);
  expect(d.sizes[0]!.bytes).toBe(4 * 7397376);
  expect(d.sizes[2]!.bytes).toBe(d.stored.reduce((sum, x) => sum + x.bytes, 0));
});

test('a float checkpoint that is quantised while loading tells what stays float', async ({ page }) => {
  const d = await page.evaluate(async () => {
    const model = await lodestone.AutoModel.from_pretrained('/f32/', { dtype: 'q8' });
    const d = await model.describe();
    await model.dispose();
    return d;
  });
  // The int8 weights that these floats were made from peak where they did.
  expect(d.kept_f32).toHaveLength(3);
  expect(d.sizes.map((x) => [x.type, x.exact])).toEqual([['f32', true], ['f16', true], ['q8', true], ['q4', true]]);
});

test('a text is inspected: tokens, and shares of attention that add up to 1', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const text = 'Where is 🙂 the train station?';
    const i = await embed.inspect(text);
    const sums = i.attentions.map((a) => {
      const t = a.dims[3]!;
      return Array.from({ length: a.size / t }, (_, row) => a.data.subarray(row * t, (row + 1) * t).reduce((s, x) => s + x, 0));
    });
    const aborted = await failure(embed.inspect(text, { signal: AbortSignal.abort() }));
    const other = await failure(embed.inspect(['a'] as unknown as string));
    const option = await failure(embed.inspect('a', { heads: 1 } as object));
    await embed.dispose();
    return { ...i, attentions: i.attentions.map((a) => a.dims), sums, words: i.offsets.map(([a, b]) => text.slice(a, b)), aborted, other, option };
  });
  const t = r.ids.length;
  expect(r.tokens).toHaveLength(t);
  expect(r.tokens[0]).toBe('<s>');
  expect(r.tokens.at(-1)).toBe('</s>');
  expect(r.words.join('').replaceAll(' ', '')).toBe('Whereis🙂thetrainstation?');
  expect(r.attentions).toEqual(Array.from({ length: 4 }, () => [1, 4, t, t]));
  for (const layer of r.sums) for (const sum of layer) expect(sum).toBeCloseTo(1, 5);
  expect(r.routing).toEqual([]);
  expect(r.truncated).toBe(false);
  expect(r.aborted.code).toBe('aborted');
  expect(r.other.code).toBe('invalid_argument');
  expect(r.option.message).toContain('option "heads" is not known');
});

test('a padded batch is watched in its own places, and the states are the same', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const tokenizer = await lodestone.AutoTokenizer.from_pretrained(lodestone.DEFAULT_MODEL);
    const model = await lodestone.AutoModel.from_pretrained(lodestone.DEFAULT_MODEL);
    const inputs = await tokenizer(['good morning', 'Ich habe meinen Schlüssel verloren.'], { padding: true });
    const plain = await model(inputs);
    const watched = await model(inputs, { output_attentions: true, output_router_logits: true, output_routing: true });
    const one = await model(await tokenizer('good morning'), { output_attentions: true });
    const bad = await failure(model(inputs, { output_hidden_states: true } as object));
    const out = {
      same: plain.last_hidden_state.data.every((x, i) => x === watched.last_hidden_state.data[i]),
      lengths: [0, 1].map((i) => Number(inputs.attention_mask.data.subarray(i * inputs.input_ids.dims[1]!, (i + 1) * inputs.input_ids.dims[1]!).reduce((s, x) => s + x, 0n))),
      dims: watched.attentions!.map((a) => a.dims),
      maps: Array.from(watched.attentions![3]!.data),
      alone: Array.from(one.attentions![3]!.data),
      without: [plain.attentions, plain.routing, watched.routing!.length, watched.router_logits!.length],
      bad,
    };
    await tokenizer.dispose();
    await model.dispose();
    return out;
  });
  expect(r.same).toBe(true);
  expect(r.without).toEqual([undefined, undefined, 0, 0]);
  const [n, t] = r.lengths as [number, number];
  expect(r.dims).toEqual(Array.from({ length: 4 }, () => [2, 4, t, t]));
  for (let h = 0; h < 4; h++) {
    for (let q = 0; q < t; q++) {
      for (let k = 0; k < t; k++) {
        const got = r.maps[(h * t + q) * t + k]!;
        if (q < n && k < n) expect(Math.abs(got - r.alone[(h * n + q) * n + k]!)).toBeLessThan(1e-5);
        else expect(got).toBe(0);
      }
    }
  }
  expect(r.bad.message).toContain('output_hidden_states');
});

test('routing says where every token went; equal experts give the dense model', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const dense = await lodestone.AutoModel.from_pretrained(lodestone.DEFAULT_MODEL);
    const tokenizer = await lodestone.AutoTokenizer.from_pretrained(lodestone.DEFAULT_MODEL);
    const mixture = await lodestone.pipeline('feature-extraction', '/f/mixture/');
    const text = 'Where is the nearest train station?';
    const { last_hidden_state } = await dense(await tokenizer(text));
    const states = await mixture(text, { pooling: 'none' });
    const far = states.data.reduce((worst, x, i) => Math.max(worst, Math.abs(x - last_hidden_state.data[i]!)), 0);
    const i = await mixture.inspect(text);
    const d = await mixture.describe();
    const out = {
      far,
      tokens: i.ids.length,
      routing: i.routing.map((l) => ({
        ...l,
        experts: { dims: l.experts.dims, data: Array.from(l.experts.data, Number) },
        kept: Array.from(l.kept.data, Number),
        weights: Array.from(l.weights.data),
        gates: Array.from(l.gates.data),
      })),
      described: d.stacks[0]!.routing,
      parts: d.stacks[0]!.parts.map((p) => p.name),
    };
    for (const m of [dense, tokenizer, mixture]) await m.dispose();
    return out;
  });
  expect(r.far).toBeLessThan(1e-3);
  expect(r.described).toMatchObject({ layers: [1, 3], experts: 4, top_k: 2, gate: 'softmax', capacity: 'unlimited' });
  expect(r.parts).toEqual(expect.arrayContaining(['experts', 'router', 'feed-forward']));
  expect(r.routing.map((l) => l.layer)).toEqual([1, 3]);
  for (const l of r.routing) {
    expect(l.experts.dims).toEqual([1, r.tokens, 2]);
    expect(l.load.reduce((a, b) => a + b, 0)).toBe(r.tokens);
    expect(l.dropped).toBe(0);
    expect(l.kept.every((k) => k === 1)).toBe(true);
    const shares = l.load.filter((n) => n > 0).map((n) => n / r.tokens);
    expect(l.entropy).toBeCloseTo(-shares.reduce((sum, p) => sum + p * Math.log(p), 0), 6);
    for (let t = 0; t < r.tokens; t++) {
      const gates = l.gates.slice(4 * t, 4 * t + 4);
      const [first, second] = l.experts.data.slice(2 * t, 2 * t + 2) as [number, number];
      expect(gates[first]).toBe(Math.max(...gates));
      expect(first).not.toBe(second);
      expect(l.weights[2 * t]! + l.weights[2 * t + 1]!).toBeCloseTo(1, 5);
    }
  }
});
