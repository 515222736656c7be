// What the engine computes, against numbers made elsewhere.
import { expect } from '@playwright/test';
import { cosine, rows, test } from './harness.js';
import { golden } from './golden.js';
import { lacks, sevenBits, variants } from './variants.js';

test('token ids are those of the golden file', async ({ page }) => {
  const texts = golden.cases.map((c) => c.text);
  const ids = await page.evaluate(async (texts) => {
    const tokenizer = await lodestone.AutoTokenizer.from_pretrained(lodestone.DEFAULT_MODEL);
    const out: number[][] = [];
    for (const t of texts) out.push(await tokenizer.encode(t, { add_special_tokens: false }));
    await tokenizer.dispose();
    return out;
  }, texts);
  for (const [i, c] of golden.cases.entries()) {
    // The template trims the text; and a special token's name in it is text, see promptbert.
    if (c.text.trim() !== c.text || c.text.includes('<mask>')) continue;
    expect.soft(ids[i], c.text).toEqual(c.sentence_ids);
  }
});

for (const kernels of ['auto', ...Object.keys(variants)] as ('auto' | keyof typeof variants)[]) {
  test(`q8 sentence vectors have cosine 0.999 with the golden ones, on the kernels ${kernels}`, async ({ page, browserName }) => {
    const r = await page.evaluate(
      async ({ texts, kernels }) => {
        let embed;
        try {
          embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { dtype: 'q8', kernels });
        } catch (e) {
          return { failed: String(e) };
        }
        const { data, dims, truncated } = await embed(texts, { pooling: 'prompt' });
        const ran = embed.capabilities().kernels;
        await embed.dispose();
        return { data: Array.from(data), dims, truncated, ran };
      },
      { texts: golden.cases.map((c) => c.text), kernels },
    );
    test.skip(lacks(kernels, browserName, r.failed ?? ''), sevenBits);
    expect(r.failed).toBeUndefined();
    expect(kernels === 'auto' ? Object.keys(variants) : [kernels]).toContain(r.ran);
    expect(r.dims).toEqual([golden.cases.length, 256]);
    const got = rows(r.data!, 256);
    const cosines = golden.cases.map((c, i) => cosine(got[i]!, c.embedding));
    for (const [i, c] of golden.cases.entries()) {
      expect.soft(cosines[i], c.text).toBeGreaterThanOrEqual(0.999);
      expect.soft(r.truncated![i], c.text).toBe(c.sentence_ids.length > 117); // max_sentence_tokens of config.json
    }
    console.log(`${r.ran}: the worst cosine of ${cosines.length} is ${Math.min(...cosines).toFixed(6)}`);
  });
}

test('one text at a time gives the same vectors as all at once', async ({ page }) => {
  const worst = await page.evaluate(async (texts) => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const all = await embed(texts, { pooling: 'prompt', normalize: true });
    let worst = 0;
    for (let i = 0; i < texts.length; i++) {
      const one = await embed(texts[i]!, { pooling: 'prompt', normalize: true });
      for (let j = 0; j < 256; j++) worst = Math.max(worst, Math.abs(one.data[j]! - all.data[256 * i + j]!));
    }
    await embed.dispose();
    return worst;
  }, golden.cases.slice(0, 12).map((c) => c.text));
  expect(worst).toBeLessThanOrEqual(1e-6); // batches are ragged, so a row never sees its neighbours
});

test('f32 vectors are within 2e-4 of the reference kernels', async ({ page }) => {
  test.setTimeout(600_000); // the server computes the expected ones first
  const result = await page.evaluate(async () => {
    const expected = await (await fetch('/f32/expected.json')).json();
    const embed = await lodestone.pipeline('feature-extraction', '/f32/', { dtype: 'f32' });
    const worst: Record<string, number> = {};
    for (const pooling of ['prompt', 'mean'] as const) {
      const t = await embed(expected.texts, { pooling });
      const want = (expected[pooling] as number[][]).flat();
      worst[pooling] = Math.max(...want.map((v, i) => Math.abs(v - t.data[i]!)));
    }
    const { dtype } = embed;
    await embed.dispose();
    return { worst, dtype };
  });
  expect(result.dtype).toBe('f32');
  expect(result.worst['prompt']).toBeLessThanOrEqual(2e-4); // DESIGN: f32 against the vectors
  expect(result.worst['mean']).toBeLessThanOrEqual(2e-4);
});

test('f32 weights that are quantised while loading agree with the q8 folder', async ({ page }) => {
  const worst = await page.evaluate(async () => {
    const texts = ['Guten Morgen', 'Où est la gare ?', 'Good morning'];
    const out: Float32Array[] = [];
    const types: string[] = [];
    for (const model of [lodestone.DEFAULT_MODEL, '/f32/']) {
      const embed = await lodestone.pipeline('feature-extraction', model, { dtype: 'q8' });
      types.push(embed.dtype);
      out.push((await embed(texts, { pooling: 'prompt', normalize: true })).data);
      await embed.dispose();
    }
    const cosines = texts.map((_, i) => {
      let s = 0;
      for (let j = 0; j < 256; j++) s += out[0]![256 * i + j]! * out[1]![256 * i + j]!;
      return s;
    });
    return { cosines, types };
  });
  expect(worst.types).toEqual(['q8', 'q8']);
  for (const c of worst.cosines) expect(c).toBeGreaterThanOrEqual(0.9999); // the same numbers were quantised twice
});

test('f32 vectors of the original weights are within 2e-4 of the golden ones', async ({ page }) => {
  test.skip(!process.env['LODESTONE_F32_MODEL'], 'needs LODESTONE_F32_MODEL, the folder of the default model before quantisation');
  const data = await page.evaluate(async (texts) => {
    const embed = await lodestone.pipeline('feature-extraction', '/original/', { dtype: 'f32' });
    const t = await embed(texts, { pooling: 'prompt' });
    return Array.from(t.data);
  }, golden.cases.map((c) => c.text));
  const got = rows(data, 256);
  for (const [i, c] of golden.cases.entries()) {
    const worst = Math.max(...c.embedding.map((v, j) => Math.abs(v - got[i]![j]!)));
    expect.soft(worst, c.text).toBeLessThanOrEqual(2e-4);
  }
});

test('a translation is nearer than another sentence', async ({ page }) => {
  const sims = await page.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const { data } = await embed(['Where is the station?', 'Wo ist der Bahnhof?', 'Où est la gare ?', 'I like strawberry cake.'], {
      pooling: 'auto',
      normalize: true,
    });
    const dot = (a: number, b: number): number => {
      let s = 0;
      for (let j = 0; j < 256; j++) s += data[256 * a + j]! * data[256 * b + j]!;
      return s;
    };
    await embed.dispose();
    return { de: dot(0, 1), fr: dot(0, 2), other: dot(0, 3), length: dot(0, 0) };
  });
  expect(sims.length).toBeCloseTo(1, 5);
  expect(sims.de).toBeGreaterThan(sims.other + 0.2);
  expect(sims.fr).toBeGreaterThan(sims.other + 0.2);
});
