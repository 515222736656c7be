// Every input that is wrong: its code, its sentence, and that what follows works.
import { expect } from '@playwright/test';
import { test } from './harness.js';

/** Folders that do not load (web/e2e/server/cases.go): the code and a part of the sentence. */
const folders: [name: string, code: string, sentence: RegExp][] = [
  ['not-safetensors', 'not_safetensors', /not a safetensors file/],
  ['pytorch', 'not_safetensors', /PyTorch/],
  ['truncated', 'truncated', /fetch the file again/],
  ['truncated-unknown-length', 'truncated', /fetch the file again/],
  ['trailing', 'not_safetensors', /after the last tensor/],
  ['header-too-large', 'header_too_large', /94371840/],
  ['tensor-overlap', 'tensor_overlap', /overlaps|share/],
  ['missing-tensor', 'missing_tensor', /layers\.3\.ffn\.fc2\.bias/],
  ['wrong-shape', 'wrong_shape', /layers\.0\.ffn\.fc1\.weight/],
  ['unsupported-dtype', 'unsupported_dtype', /F8_E4M3/],
  ['html', 'html_instead_of_model', /got HTML from \/f\/html\/.*: the server answered with a page instead of 404/],
  ['html-unlabelled', 'html_instead_of_model', /HTML/],
  ['tokenizer-missing', 'tokenizer_missing', /status 404 for \/f\/tokenizer-missing\/tokenizer\.json/],
  ['tokenizer-unsupported', 'tokenizer_unsupported', /SentenceMagic.*supported: .*Unigram/],
  ['tokenizer-invalid', 'tokenizer_invalid', /tokenizer/],
  ['tokenizer-other', 'tokenizer_invalid', /16384.*16000/],
  ['config-invalid', 'config_invalid', /encoder_layers|-4/],
  ['config-unsupported', 'config_unsupported', /mamba/],
  ['manifest-invalid', 'manifest_invalid', /manifest\.json/],
  ['flipped-bit', 'integrity', /model\.safetensors.*SHA-256/],
  ['other-tokenizer', 'integrity', /tokenizer\.json" has \d+ bytes, manifest\.json says \d+/],
  ['shards-escape', 'not_safetensors', /plain file name/],
  ['too-big', 'out_of_memory', /1048576×2048/],
  ['broken', 'network', /connection broke after \d+ of \d+ bytes/],
  ['error-500', 'http_status', /status 500 for \/f\/error-500\/config\.json/],
  ['empty', 'http_status', /status 404 for \/f\/empty\/config\.json/],
];

for (const [name, code, sentence] of folders) {
  test(`${name} is refused as ${code}`, async ({ page }) => {
    const r = await page.evaluate(async (name) => {
      const failed = await failure(lodestone.pipeline('feature-extraction', `/f/${name}`));
      // A fresh handle works, and this one has left nothing behind.
      const tokenizer = await lodestone.AutoTokenizer.from_pretrained('/f/good/');
      const ids = await tokenizer.encode('Guten Morgen');
      await tokenizer.dispose();
      return { failed, ids };
    }, name);
    expect(r.failed.isLodestone).toBe(true);
    expect(r.failed.name).toBe('LodestoneError');
    expect(r.failed.message).toMatch(sentence);
    expect(r.failed.code).toBe(code);
    expect(r.ids.length).toBeGreaterThan(2);
  });
}

for (const name of ['verified', 'shards', 'many-shards', 'no-ranges', 'html-manifest']) {
  test(`${name} loads`, async ({ page }) => {
    const r = await page.evaluate(async (name) => {
      const embed = await lodestone.pipeline('feature-extraction', `/f/${name}/`);
      const { dims } = await embed('Guten Morgen', { pooling: 'prompt' });
      const { verified } = embed;
      await embed.dispose();
      return { dims, verified };
    }, name);
    expect(r.dims).toEqual([1, 256]);
    expect(r.verified).toBe(name === 'verified');
  });
}

test('a vector that is not finite never passes for a result', async ({ page }) => {
  const failed = await page.evaluate(async () => {
    // Refused while loading or when it shows: never silent.
    return failure(lodestone.pipeline('feature-extraction', '/f/nan-scale/').then((embed) => embed(['Guten Morgen', 'hello'], { pooling: 'prompt' })));
  });
  expect(failed.code).toBe('invalid_weight');
});

test('no answer at all is network', async ({ page }) => {
  await page.route('**/nowhere/**', (route) => route.abort());
  const failed = await page.evaluate(() => failure(lodestone.pipeline('feature-extraction', '/nowhere/')));
  expect(failed.code).toBe('network');
  expect(failed.message).toContain('no response for');
});

test('texts that cannot be taken are refused, and the handle works afterwards', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const failures = {
      long: await failure(embed(['short', 'x'.repeat(1 << 20)])),
      high: await failure(embed(['ok', 'ab\ud800cd'])),
      low: await failure(embed('\udc00')),
      number: await failure(embed([1 as unknown as string])),
      nothing: await failure(embed(undefined as unknown as string)),
      empty: await failure(embed([])),
      pooling: await failure(embed('a', { pooling: 'max' as 'mean' })),
      option: await failure(embed('a', { layers: 3 } as object)),
      normalize: await failure(embed('a', { normalize: 'yes' as unknown as boolean })),
    };
    const { dims } = await embed('Guten Morgen \ud83d\ude42', { pooling: 'prompt' }); // a pair is well formed
    await embed.dispose();
    return { failures, dims };
  });
  const f = r.failures;
  expect(f.long.code).toBe('text_too_long');
  expect(f.long.message).toMatch(/text 1 has 1048576 UTF-16 units, the limit is 524288/);
  expect(f.high.code).toBe('invalid_text');
  expect(f.high.message).toMatch(/text 1 has a lone surrogate U\+D800 at UTF-16 position 2/);
  expect(f.high.details).toEqual({ index: 1, position: 2 });
  expect(f.low.code).toBe('invalid_text');
  expect(f.low.message).toMatch(/text 0 has a lone surrogate U\+DC00 at UTF-16 position 0/);
  for (const name of ['number', 'nothing', 'empty', 'pooling', 'option', 'normalize'] as const) {
    expect(f[name].code, name).toBe('invalid_argument');
  }
  expect(f.number.message).toContain('element 0 is 1, expected a string');
  expect(f.pooling.message).toContain(`"max" is not supported; supported: 'none', 'mean', 'cls', 'first_token', 'last_token', 'eos', 'prompt', 'auto'`);
  expect(f.option.message).toContain('option "layers" is not known');
  expect(r.dims).toEqual([1, 256]);
});

test('arguments of pipeline that are not known are refused by name, before anything is fetched', async ({ page }) => {
  const requests: string[] = [];
  page.on('request', (q) => requests.push(q.url()));
  const f = await page.evaluate(async () => {
    const load = (task: string, model: unknown, options?: object) =>
      failure(lodestone.pipeline(task as 'feature-extraction', model as string, options));
    const m = lodestone.DEFAULT_MODEL;
    return {
      task: await load('image-segmentation', m),
      none: await load(undefined as unknown as string, m),
      dtype: await load('feature-extraction', m, { dtype: 'q3' }),
      device: await load('feature-extraction', m, { device: 'cuda' as 'wasm' }),
      option: await load('feature-extraction', m, { revison: 'main' }),
      model: await load('feature-extraction', 7),
      scheme: await load('feature-extraction', 'file:///etc/'),
      callback: await load('feature-extraction', m, { progress_callback: 'log' }),
      signal: await load('feature-extraction', m, { signal: true }),
    };
  });
  for (const [name, failed] of Object.entries(f)) expect(failed.code, name).toBe('invalid_argument');
  expect(f.task.message).toContain(`"image-segmentation" is not supported; supported: 'feature-extraction'`);
  expect(f.dtype.message).toContain(`dtype: "q3" is not supported; supported: 'auto', 'q8', 'q4', 'f16', 'fp16', 'f32', 'fp32', 'int8', 'uint8', 'q4f16'; did you mean 'q8'?`);
  expect(f.device.message).toContain(`device: "cuda" is not supported; supported: 'auto', 'wasm', 'webgpu', 'cpu', 'gpu'; the nearest is 'webgpu'`);
  expect(f.option.message).toContain('option "revison" is not known; known: dtype, device, threads, kernels, progress_callback, signal, stall_timeout, retries, cache, offline, integrity, revision, subfolder, local_files_only, token; did you mean "revision"?');
  expect(f.scheme.message).toContain('scheme file:');
  expect(requests).toEqual([]);
});

test('abort during a load takes effect at once', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const controller = new AbortController();
    let seen = 0;
    let started = 0;
    const failed = await failure(
      lodestone.pipeline('feature-extraction', '/f/slow/', {
        signal: controller.signal,
        progress_callback: (e) => {
          if (e.status === 'progress' && e.file === 'model.safetensors' && ++seen === 3) {
            started = performance.now();
            controller.abort();
          }
        },
      }),
    );
    const took = performance.now() - started;
    const embed = await lodestone.pipeline('feature-extraction', '/f/good/');
    const { dims } = await embed('hello', { pooling: 'prompt' });
    await embed.dispose();
    const before = await failure(lodestone.pipeline('feature-extraction', '/f/good/', { signal: controller.signal }));
    return { failed, took, dims, before };
  });
  expect(r.failed.code).toBe('aborted');
  expect(r.took).toBeLessThan(100); // DESIGN: abort takes effect within 100 ms
  expect(r.dims).toEqual([1, 256]);
  expect(r.before.code).toBe('aborted');
});

test('abort during a run stops the worker, and the handle works afterwards', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const texts = Array.from({ length: 4000 }, (_, i) => `Sentence number ${i} is about the weather in the north of the country and about nothing else.`);
    const whole = performance.now();
    const done = embed(texts.slice(0, 400), { pooling: 'prompt' });
    await done;
    const perText = (performance.now() - whole) / 400;

    const controller = new AbortController();
    const run = failure(embed(texts, { pooling: 'prompt', signal: controller.signal }));
    await new Promise((resolve) => setTimeout(resolve, 150));
    const started = performance.now();
    controller.abort();
    const failed = await run;
    const rejected = performance.now() - started;
    // The next call can only be answered when the worker has stopped the first.
    const { dims } = await embed('hello', { pooling: 'prompt' });
    const stopped = performance.now() - started;
    const memory = await embed.memory();
    await embed.dispose();
    return { failed, rejected, stopped, dims, would: perText * 4000, memory };
  });
  expect(r.failed.code).toBe('aborted');
  console.log(`abort: rejected after ${r.rejected.toFixed(1)} ms, worker free after ${r.stopped.toFixed(1)} ms, of a run of ${r.would.toFixed(0)} ms`);
  expect(r.would).toBeGreaterThan(600); // otherwise there was nothing to abort
  // Shares of the run, since a busy machine stretches everything: the worker stopped long before the end.
  expect(r.rejected).toBeLessThan(r.would / 10);
  expect(r.stopped).toBeLessThan(r.would / 4);
  expect(r.dims).toEqual([1, 256]);
});
