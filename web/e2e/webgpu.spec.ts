// The GPU: its kernels against the reference, models against the golden vectors, and what a
// page gets. Chromium's software adapter (SwiftShader) computes, which is slow: make test runs
// a part, and make webgpu everything (LODESTONE_WEBGPU=all).
import { readdirSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { cosine, open, rows } from './harness.js';

interface Result {
  op: string;
  name: string;
  err: string;
}

declare global {
  var encoder: Awaited<ReturnType<typeof globalThis.lodestone.pipeline<'feature-extraction'>>>;
}

const whole = process.env['LODESTONE_WEBGPU'] === 'all';
test.setTimeout(1_500_000);

/** Runs wasm/kerneltest on the GPU and returns the results that are wrong. */
async function table(page: Page, query: string): Promise<{ cases: number; wrong: string[] }> {
  await page.goto(`/e2e/webgpu-kernels.html?${query}`);
  await page.waitForFunction(() => globalThis.__kerneltestEnded, undefined, { timeout: 1_400_000, polling: 500 });
  const r = await page.evaluate(() => ({ table: globalThis.__kerneltest, failed: globalThis.__kerneltestFailed }));
  expect(r.failed).toBeUndefined();
  expect(r.table?.error).toBeUndefined();
  expect(r.table!.backend).toBe('webgpu');
  const wrong = (JSON.parse(r.table!.results) as Result[]).filter((x) => x.err !== '');
  expect(r.table!.failed).toBe(wrong.length);
  return { cases: r.table!.cases, wrong: wrong.map((x) => `${x.op} ${x.name}: ${x.err}`) };
}

for (const { name, query, least } of whole
  ? [
      { name: 'every case', query: '', least: 6000 },
      { name: 'a third of the cases in memory of small buffers', query: 'of=3&largest=128&segment=65536', least: 1500 },
      { name: 'a third of the cases without the packed dot product', query: 'of=3&largest=128&emulate', least: 1500 },
    ]
  : [{ name: 'a part of the cases up to 128', query: 'of=23&largest=128', least: 200 }]) {
  test(`${name} agree with the reference`, async ({ page }) => {
    const { cases, wrong } = await table(page, query);
    expect(cases).toBeGreaterThan(least);
    expect(wrong.slice(0, 20)).toEqual([]);
  });
}

const CALLS = whole ? 5000 : 200;
test(`${CALLS} random calls agree with the reference`, async ({ page }) => {
  const { cases, wrong } = await table(page, `random=${CALLS}&seed=17`);
  expect(cases).toBe(CALLS);
  expect(wrong.slice(0, 20)).toEqual([]);
});

interface Report {
  directory: string;
  dtype: string;
  outputs: { name: string; worst: number | null; cosine: number | null; pass: boolean }[] | null;
  same: number;
  choices: number;
  error: string;
}

/** Why the cosine is less: see models/golden, TestInt8StaysCloseToTheVectors. */
const Q8_EXCEPTIONS: Record<string, number> = { dec_xmoe_top1_cap25: 0.98 };
const testdata = new URL('../../models/golden/testdata/', import.meta.url);
const sets = [
  { below: './', weights: 'weights.safetensors', count: 39, some: ['enc_subln_relpos', 'dec_subln_xpos', 'enc_moe_top2_all_cap25'] },
  { below: './families/', weights: 'model.safetensors', count: 36, some: ['bert', 'gpt2_lm', 'llama', 'm2m100'] },
];

test(`${whole ? 'every' : 'a part of the'} architectures and families agree with their golden vectors in f32, int8 and 4 bits`, async ({ page }) => {
  await page.goto('/e2e/golden.html?webgpu');
  expect(await page.evaluate(() => globalThis.__goldenReady.then(() => '', String))).toBe('');
  const wrong: string[] = [];
  let exact = 1;
  for (const { below, weights, count, some } of sets) {
    const all = readdirSync(new URL(below, testdata), { withFileTypes: true })
      .filter((f) => f.isDirectory() && f.name !== 'families' && f.name !== 'make')
      .map((f) => f.name);
    expect(all.length).toBe(count);
    for (const directory of (whole ? all : some).map((name) => below.slice(2) + name)) {
      const reports = (await page.evaluate(([directory, weights]) => globalThis.__goldenVerify([directory], weights, ['f32', 'q8', 'q4']), [
        directory,
        weights,
      ] as const)) as Report[];
      for (const r of reports) {
        if (r.error !== '' || !r.outputs?.length) wrong.push(`${directory} ${r.dtype}: ${r.error || 'no outputs'}`);
        for (const o of r.outputs ?? []) {
          if (r.dtype === 'f32') exact = Math.min(exact, o.cosine ?? -1);
          if (!o.pass && !(r.dtype === 'q8' && (o.cosine ?? 0) >= (Q8_EXCEPTIONS[directory] ?? 1))) {
            wrong.push(`${directory} ${r.dtype} ${o.name}: worst error ${o.worst}, cosine ${o.cosine}`);
          }
        }
        if (r.dtype === 'f32' && r.same !== r.choices) wrong.push(`${directory}: ${r.same} of ${r.choices} tokens are routed as on the processor`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(exact).toBeGreaterThan(0.9999);
});

const TEXTS = ['Guten Morgen', 'A ship sailed into the harbour at dawn, and nobody saw it.', 'Le chat dort.'];

for (const dtype of whole ? (['f32', 'f16', 'q8', 'q4'] as const) : (['q8'] as const)) {
  test(`a pipeline on the GPU gives the vectors of the processor in ${dtype}, and says where it runs`, async ({ page }) => {
    await open(page);
    const r = await page.evaluate(
      async ([texts, dtype]) => {
        const run = async (device: 'wasm' | 'webgpu', dtype: 'f32' | 'f16' | 'q8' | 'q4') => {
          const embed = await globalThis.lodestone.pipeline('feature-extraction', '/f32/', { device, dtype });
          const { data } = await embed(texts, { pooling: 'mean', normalize: true });
          const { webgpu, reasons } = embed.capabilities();
          const memory = await embed.memory();
          const r = { data: [...data], dim: embed.dim, device: embed.device, webgpu, reason: reasons.webgpu, gpu: memory.gpuBytes };
          await embed.dispose();
          return r;
        };
        return { exact: await run('wasm', 'f32'), processor: await run('wasm', dtype), gpu: await run('webgpu', dtype) };
      },
      [TEXTS, dtype] as const,
    );
    expect([r.processor.device, r.processor.webgpu, r.processor.gpu]).toEqual(['wasm', false, 0]);
    expect([r.gpu.device, r.gpu.webgpu]).toEqual(['webgpu', true]);
    expect(r.gpu.reason).toMatch(/^device 'webgpu' was asked for \(.*swiftshader/);
    expect(r.gpu.gpu).toBeGreaterThan(1 << 20);
    const [exact, processor, gpu] = [r.exact, r.processor, r.gpu].map((x) => rows(x.data, x.dim)) as [number[][], number[][], number[][]];
    exact.forEach((want, i) => {
      const have = cosine(want, gpu[i]!);
      if (dtype === 'f32') expect(have).toBeGreaterThan(0.9999);
      else if (dtype === 'f16') expect(have).toBeGreaterThan(0.999);
      else expect(have).toBeGreaterThan(cosine(want, processor[i]!) - 1e-3);
    });
  });
}

test('a pass of an encoder is one command buffer, with one read', async ({ page }) => {
  await open(page);
  await page.evaluate(async () => {
    globalThis.encoder = await globalThis.lodestone.pipeline('feature-extraction', globalThis.lodestone.DEFAULT_MODEL, { device: 'webgpu' });
    await globalThis.encoder('Guten Morgen');
  });
  const played = async () => {
    const all = await Promise.all(page.workers().map((w) => w.evaluate(() => globalThis.__lodestoneWebgpu && { ...globalThis.__lodestoneWebgpu.played })));
    return all.find((p) => p)!;
  };
  const before = await played();
  await page.evaluate(() => globalThis.encoder('A ship sailed into the harbour at dawn.').then(() => {}));
  const after = await played();
  expect(after.commands - before.commands).toBeGreaterThan(30);
  expect([after.submits - before.submits, after.reads - before.reads, after.pipelines - before.pipelines]).toEqual([1, 1, 0]);
});

// A decoder with its cache of keys and values, and an encoder with a decoder, in f32.
const decoders = [['text-generation', 'gpt2', 200], ['translation', 'm2m', 24]] as const;
for (const [task, model, most] of whole ? decoders : decoders.slice(0, 1)) {
  const count = whole ? most : 16;
  test(`greedy decoding of ${count} tokens by ${model} gives the tokens of the processor`, async ({ page }) => {
    await open(page);
    const r = await page.evaluate(
      async ([task, model, count]) => {
        const run = async (device: 'wasm' | 'webgpu') => {
          const options = { max_new_tokens: count, min_new_tokens: count, do_sample: false };
          if (task === 'translation') {
            const translate = await globalThis.lodestone.pipeline(task, `/tiny/${model}`, { device });
            const out = await translate(['a b c d', 'hello there'], { src_lang: 'en', tgt_lang: 'de', ...options });
            await translate.dispose();
            return { device: translate.device, text: JSON.stringify(out) };
          }
          const write = await globalThis.lodestone.pipeline(task, `/tiny/${model}`, { device });
          const out = await write(['hello', 'a longer beginning'], options);
          await write.dispose();
          return { device: write.device, text: JSON.stringify(out) };
        };
        return { processor: await run('wasm'), gpu: await run('webgpu') };
      },
      [task, model, count] as const,
    );
    expect(r.gpu.device).toBe('webgpu');
    expect(r.processor.text.length).toBeGreaterThan(count);
    expect(r.gpu.text).toBe(r.processor.text);
  });
}

test("device 'auto' measures once, takes the faster device and remembers", async ({ page }) => {
  await open(page);
  const load = () =>
    page.evaluate(async () => {
      const embed = await globalThis.lodestone.pipeline('feature-extraction', globalThis.lodestone.DEFAULT_MODEL);
      const r = { device: embed.device, reason: embed.capabilities().reasons.webgpu, kept: localStorage.getItem('lodestone-devices') };
      await embed.dispose();
      return r;
    });
  const fetched: string[] = [];
  page.on('request', (r) => fetched.push(new URL(r.url()).pathname));
  const first = await load();
  // A processor that plays a GPU is slower than the processor itself.
  expect(first.device).toBe('wasm');
  expect(first.reason).toMatch(/^a pass of a sentence took .* ms on the processor and .* ms on the GPU \(.*swiftshader.*\), one of a batch/);
  expect(Object.values(JSON.parse(first.kept!).times)).toHaveLength(1);
  expect(fetched).toContain('/webgpu.js');
  fetched.length = 0;
  expect(await load()).toEqual(first);
  expect(fetched).not.toContain('/webgpu.js');
});
