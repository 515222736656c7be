// The module's behaviour: progress, capabilities, order of calls, life of a handle,
// tensors, tokenizer and model by themselves.
import { execFileSync } from 'node:child_process';
import { expect } from '@playwright/test';
import { test } from './harness.js';
import { lacks } from './variants.js';

test('progress comes in the words of transformers.js, and at once', async ({ page }) => {
  const events = await page.evaluate(async () => {
    const t0 = performance.now();
    const events: { at: number; status: string; file: string; loaded: number; total: number; progress: number; files: object | undefined }[] = [];
    const embed = await lodestone.pipeline('feature-extraction', '/f/verified/', {
      progress_callback: (e) =>
        events.push({
          at: performance.now() - t0,
          status: e.status,
          file: 'file' in e ? e.file : '',
          loaded: 'loaded' in e ? e.loaded : 0,
          total: 'total' in e ? e.total : 0,
          progress: 'progress' in e ? e.progress : 0,
          files: 'files' in e ? e.files : undefined,
        }),
    });
    await embed.dispose();
    return events;
  });
  expect(events[0]!.at).toBeLessThan(200); // DESIGN: first progress event
  expect(events.filter((e) => e.status === 'initiate').map((e) => e.file)).toEqual(['config.json', 'tokenizer.json', 'model.safetensors']);
  expect(events.at(-1)!.status).toBe('ready');
  for (const file of ['config.json', 'tokenizer.json', 'model.safetensors']) {
    const of = events.filter((e) => e.file === file).map((e) => e.status);
    expect(of[0], file).toBe('initiate');
    expect(of[1], file).toBe('download');
    expect(of.at(-1), file).toBe('done');
    expect(of.slice(2, -1).every((s) => s === 'progress'), `${file}: ${of}`).toBe(true);
  }
  const weights = events.filter((e) => e.status === 'progress' && e.file === 'model.safetensors');
  expect(weights.every((e, i) => i === 0 || e.loaded >= weights[i - 1]!.loaded)).toBe(true);
  expect(weights.at(-1)!.loaded).toBe(weights.at(-1)!.total);
  expect(weights.at(-1)!.progress).toBe(100);
  const total = events.filter((e) => e.status === 'progress_total');
  expect(total.at(-1)!.progress).toBe(100);
  expect(Object.keys(total.at(-1)!.files!)).toEqual(expect.arrayContaining(['config.json', 'manifest.json', 'model.safetensors', 'tokenizer.json']));
});

test('capabilities say what runs and why nothing better does', async ({ page, browserName }) => {
  const c = await page.evaluate(() => lodestone.capabilities());
  expect(c).toMatchObject({ kernels: 'relaxed', webgpu: browserName === 'chromium', crossOriginIsolated: true, sharedArrayBuffer: true });
  const processors = await page.evaluate(() => navigator.hardwareConcurrency);
  expect(c.threads).toBe(Math.min(processors, 4));
  expect(c.reasons.threads).toContain(c.threads > 1 ? `up to ${c.threads} threads` : 'one thread');
  expect(c.reasons.webgpu).toContain('WebGPU');
});

test('every variant of the kernels can be asked for, and they agree', async ({ page, browserName }) => {
  const r = await page.evaluate(async () => {
    const out: { name: string; reason: string; data: number[] }[] = [];
    let eightBits = '';
    for (const kernels of ['simd128', 'relaxed', 'fused', 'auto', 'fused8'] as const) {
      let embed;
      try {
        embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { kernels });
      } catch (e) {
        if (kernels !== 'fused8') throw e;
        eightBits = String(e);
        continue;
      }
      const { data } = await embed('Where is the nearest train station?', { pooling: 'prompt', normalize: true });
      const c = embed.capabilities();
      out.push({ name: c.kernels, reason: c.reasons.kernels, data: Array.from(data) });
      await embed.dispose();
    }
    return { out, eightBits, unknown: await failure(lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { kernels: 'avx' as never })) };
  });
  expect(r.out.slice(0, 3).map((x) => x.name)).toEqual(['simd128', 'relaxed', 'fused']);
  expect(['relaxed', 'fused', 'fused8']).toContain(r.out[3]!.name);
  expect(r.out[3]!.reason).toBe('chosen by its speed here');
  if (r.eightBits === '') expect(r.out[4]).toMatchObject({ name: 'fused8', reason: 'fused8 was asked for' });
  else expect(lacks('fused8', browserName, r.eightBits), r.eightBits).toBe(true);
  for (const x of r.out) {
    const cosine = x.data.reduce((s, v, i) => s + v * r.out[0]!.data[i]!, 0);
    expect(cosine, x.name).toBeGreaterThan(0.9999);
  }
  expect(r.unknown).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining("kernels: \"avx\" is not supported; supported: 'auto', 'simd128', 'relaxed', 'fused', 'fused8'") });
});

test('a handle tells what it holds', async ({ page }) => {
  const h = await page.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', '/f/verified');
    const { task, model, dtype, device, dim, max_length, weight_bytes, verified } = embed;
    const memory = await embed.memory();
    await embed.dispose();
    return { task, model, dtype, device, dim, max_length, weight_bytes, verified, memory };
  });
  expect(h).toMatchObject({ task: 'feature-extraction', dtype: 'q8', device: 'wasm', dim: 256, max_length: 128, verified: true });
  expect(h.model).toMatch(/\/f\/verified\/$/);
  expect(h.memory.kernelBytes).toBeGreaterThan(h.weight_bytes);
  expect(h.memory.usedBytes).toBeGreaterThanOrEqual(h.weight_bytes);
});

test('dispose rejects what was pending and what comes after, and ends the worker', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const pending = [failure(embed(Array.from({ length: 500 }, () => 'a long list'))), failure(embed('queued'))];
    await embed.dispose();
    await embed.dispose(); // twice does no harm
    return [...(await Promise.all(pending)), await failure(embed('late')), await failure(embed.memory())];
  });
  expect(r.map((f) => f.code)).toEqual(['disposed', 'disposed', 'disposed', 'disposed']);
  await expect.poll(() => page.workers().length).toBe(0);
});

test('calls run in the order in which they were made, and an aborted one never starts', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const started: string[] = [];
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (this: Worker, message: { type: string; request?: { op: string; texts?: string[] } }, ...rest: []) {
      if (message.type === 'request' && message.request!.op === 'feature-extraction') started.push(message.request!.texts![0]!);
      return post.call(this, message, ...rest);
    };
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const ended: string[] = [];
    const controller = new AbortController();
    const calls = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      embed(Array.from({ length: 50 }, () => name), name === 'c' ? { signal: controller.signal } : {}).then(
        () => ended.push(name),
        (e) => ended.push(`${name}: ${e.code}`),
      ),
    );
    controller.abort();
    await Promise.all(calls);
    await embed.dispose();
    Worker.prototype.postMessage = post;
    return { started, ended };
  });
  expect(r.started).toEqual(['a', 'b', 'd', 'e']);
  expect(r.ended).toEqual(['c: aborted', 'a', 'b', 'd', 'e']);
});

test('a listener of a signal does not stay behind', async ({ page }) => {
  const left = await page.evaluate(async () => {
    const controller = new AbortController();
    let left = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((...a: Parameters<typeof add>) => (left++, add(...a))) as typeof signal.addEventListener;
    signal.removeEventListener = ((...a: Parameters<typeof remove>) => (left--, remove(...a))) as typeof signal.removeEventListener;
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { signal });
    for (let i = 0; i < 10; i++) await embed('a', { signal });
    controller.abort(); // after the fact: nothing happens
    await embed('a');
    await embed.dispose();
    return left;
  });
  expect(left).toBe(0);
});

test('when the worker fails, what was pending rejects and the next call works', async ({ page, browserName }) => {
  test.skip(browserName === 'firefox', 'Playwright cannot evaluate code in a worker of Firefox');
  await page.evaluate(async () => {
    const g = globalThis as unknown as Record<string, unknown>;
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    g['embed'] = embed;
    g['pending'] = [failure(embed(Array.from({ length: 3000 }, () => 'This runs when the worker fails.'))), failure(embed('queued'))];
  });
  await page.workers()[0]!.evaluate(() => void setTimeout(() => { throw new Error('sabotage'); }));
  const r = await page.evaluate(async () => {
    const g = globalThis as unknown as { embed: Awaited<ReturnType<typeof lodestone.pipeline<'feature-extraction'>>>; pending: Promise<{ code: string; message: string }>[] };
    const failures = await Promise.all(g.pending);
    const { dims } = await g.embed('Guten Morgen', { pooling: 'prompt' });
    await g.embed.dispose();
    return { failures, dims };
  });
  expect(r.failures.map((f) => f.code)).toEqual(['engine_crashed', 'engine_crashed']);
  expect(r.failures[0]!.message).toContain('sabotage');
  expect(r.dims).toEqual([1, 256]);
});

test('when the Go program panics, what was pending rejects and the next call works', async ({ page, browserName }) => {
  test.skip(browserName === 'firefox', 'Playwright cannot evaluate code in a worker of Firefox');
  await page.evaluate(async () => {
    const g = globalThis as unknown as Record<string, unknown>;
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    g['embed'] = embed;
    g['pending'] = failure(embed(Array.from({ length: 3000 }, () => 'This runs when the program panics.')));
  });
  // A callback that is none: Go's call of it panics outside of every recover.
  await page.workers()[0]!.evaluate(() => {
    const g = globalThis as unknown as { __lodestone: { call(...a: unknown[]): void } };
    setTimeout(() => g.__lodestone.call('no-such-operation', {}, { turn: () => Promise.resolve(), aborted: false }, null, null, false));
  });
  const r = await page.evaluate(async () => {
    const g = globalThis as unknown as { embed: Awaited<ReturnType<typeof lodestone.pipeline<'feature-extraction'>>>; pending: Promise<{ code: string; message: string }> };
    const failed = await g.pending;
    const { dims } = await g.embed('Guten Morgen', { pooling: 'prompt' });
    await g.embed.dispose();
    return { failed, dims };
  });
  expect(r.failed.code).toBe('engine_crashed');
  expect(r.failed.message).toContain('the engine ended (panic');
  expect(r.dims).toEqual([1, 256]);
});

test('two models work at the same time', async ({ page }) => {
  const same = await page.evaluate(async () => {
    // Two that choose at the same time on a busy machine may choose different kernels, which round differently.
    const [a, b] = await Promise.all([0, 1].map(() => lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { kernels: 'simd128' })));
    const texts = ['eins', 'two', 'trois'];
    const [x, y] = await Promise.all([a!(texts, { pooling: 'prompt' }), b!(texts, { pooling: 'prompt' })]);
    await a!.dispose();
    const z = await b!(texts, { pooling: 'prompt' }); // the other one lives on
    await b!.dispose();
    return x!.data.every((v, i) => v === y!.data[i] && v === z.data[i]);
  });
  expect(same).toBe(true);
});

test('Tensor checks its shape and lists its elements', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const { Tensor } = lodestone;
    const t = new Tensor('float32', Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    const ids = new Tensor('int64', BigInt64Array.of(7n, 8n), [1, 2]);
    const bad = async (make: () => unknown) => failure((async () => make())());
    return {
      list: t.tolist(),
      size: t.size,
      dims: t.dims,
      type: t.type,
      ids: (ids.tolist() as bigint[][]).map((row) => row.map(String)),
      shape: await bad(() => new Tensor('float32', new Float32Array(5), [2, 3])),
      array: await bad(() => new Tensor('float32', [1, 2] as never, [2])),
      type2: await bad(() => new Tensor('int8' as 'int64', new BigInt64Array(1), [1])),
    };
  });
  expect(r).toMatchObject({ list: [[1, 2, 3], [4, 5, 6]], size: 6, dims: [2, 3], type: 'float32', ids: [['7', '8']] });
  expect(r.shape).toMatchObject({ code: 'invalid_argument', message: 'tensor: 5 elements, but dims [2, 3] need 6' });
  expect(r.array.code).toBe('invalid_argument');
  expect(r.type2.code).toBe('invalid_argument');
});

test('a tokenizer gives ids, mask and offsets in UTF-16', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const tokenizer = await lodestone.AutoTokenizer.from_pretrained(lodestone.DEFAULT_MODEL);
    const texts = ['Guten Morgen 🙂 zusammen', 'Hi'];
    const b = await tokenizer(texts, { padding: true, return_offsets_mapping: true });
    const pair = await tokenizer('a', { text_pair: 'b', return_offsets_mapping: true });
    const cut = await tokenizer('one two three four five six seven', { truncation: true, max_length: 5 });
    const wide = await tokenizer('Hi', { padding: 'max_length', max_length: 12 });
    const out = {
      ids: Array.from(b.input_ids.data, Number),
      mask: Array.from(b.attention_mask.data, Number),
      dims: b.input_ids.dims,
      spans: b.offset_mapping!.map((row, i) => row.map(([from, to]) => texts[i]!.slice(from, to))),
      pad: tokenizer.pad_token_id,
      pairTypes: pair.token_type_ids !== undefined,
      pairLength: pair.input_ids.dims[1],
      cut: cut.input_ids.dims,
      wide: wide.input_ids.dims,
      decoded: await tokenizer.decode(await tokenizer.encode(texts[0]!), { skip_special_tokens: true }),
      injected: await tokenizer.encode('a <mask>'),
      split: await tokenizer.encode('a <mask>', { split_special_tokens: true }),
      vocab: tokenizer.vocab_size,
      uneven: await failure(tokenizer(texts)),
      id: await failure(tokenizer.decode([-1])),
      pairs: await failure(tokenizer(texts, { text_pair: 'one' })),
    };
    await tokenizer.dispose();
    return out;
  });
  const width = r.dims[1]!;
  expect(r.dims[0]).toBe(2);
  expect(r.ids[0]).toBe(0); // <s>
  expect(r.spans[0]!.join('')).toBe('Guten Morgen 🙂 zusammen'); // every character belongs to a token
  expect(r.spans[1]!.join('')).toBe('Hi');
  const real = r.mask.slice(width).filter((v) => v === 1).length;
  expect(r.mask.slice(0, width).every((v) => v === 1)).toBe(true);
  expect(r.ids.slice(width + real).every((v) => v === r.pad)).toBe(true);
  expect(r.pairTypes).toBe(true);
  expect(r.cut).toEqual([1, 5]);
  expect(r.wide).toEqual([1, 12]);
  expect(r.decoded).toContain('Guten Morgen');
  expect(r.injected).toContain(16383); // <mask>
  expect(r.split).not.toContain(16383);
  expect(r.vocab).toBe(16384);
  expect(r.uneven).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('set padding: true') });
  expect(r.id.code).toBe('invalid_argument');
  expect(r.pairs.code).toBe('invalid_argument');
});

test('a model takes what its tokenizer gives, and padding does not change states', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const tokenizer = await lodestone.AutoTokenizer.from_pretrained(lodestone.DEFAULT_MODEL);
    const model = await lodestone.AutoModel.from_pretrained(lodestone.DEFAULT_MODEL, { dtype: 'q8' });
    const texts = ['Guten Morgen', 'This sentence is quite a bit longer than the other.'];
    const both = await tokenizer(texts, { padding: true });
    const alone = await tokenizer(texts[0]!);
    const { last_hidden_state: x } = await model(both);
    const { last_hidden_state: y } = await model(alone);
    let worst = 0;
    for (let i = 0; i < y.size; i++) worst = Math.max(worst, Math.abs(x.data[i]! - y.data[i]!));
    const [, t, d] = x.dims;
    const padding = x.data.subarray(alone.input_ids.dims[1]! * d!, t! * d!);
    const out = {
      dims: x.dims,
      alone: y.dims,
      ids: both.input_ids.dims,
      worst,
      padding: padding.every((v) => v === 0),
      filled: x.data.some((v) => v !== 0),
      far: await failure(model({ input_ids: new lodestone.Tensor('int64', BigInt64Array.of(99999n), [1, 1]) })),
      flat: await failure(model({ input_ids: new lodestone.Tensor('int64', BigInt64Array.of(5n), [1]) })),
      mask: await failure(model({ input_ids: alone.input_ids, attention_mask: both.attention_mask })),
      long: await failure(model({ input_ids: new lodestone.Tensor('int64', new BigInt64Array(300), [1, 300]) })),
      text: await failure(model('Guten Morgen' as never)),
    };
    await tokenizer.dispose();
    await model.dispose();
    return out;
  });
  expect(r.dims).toEqual([...r.ids, 256]);
  expect(r.worst).toBeLessThanOrEqual(1e-5);
  expect(r.padding).toBe(true);
  expect(r.filled).toBe(true);
  for (const name of ['far', 'flat', 'mask', 'long', 'text'] as const) expect(r[name].code, name).toBe('invalid_argument');
  expect(r.far.message).toContain('99999');
});

test('a model that is given ids needs no tokenizer', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const model = await lodestone.AutoModel.from_pretrained('/f/tokenizer-missing/');
    const { last_hidden_state: x } = await model({ input_ids: new lodestone.Tensor('int64', BigInt64Array.of(0n, 5n, 2n), [1, 3]) });
    await model.dispose();
    return { dims: x.dims, filled: x.data.some((v) => v !== 0) };
  });
  expect(r.dims.slice(0, 2)).toEqual([1, 3]);
  expect(r.filled).toBe(true);
});

test('a folder may be named in many ways', async ({ page }) => {
  const requests: string[] = [];
  page.on('request', (q) => requests.push(q.url()));
  const models = await page.evaluate(async () => {
    const loaded: string[] = [];
    for (const model of ['/f/good', '../f/good/', `${location.origin}/f/good`, '/f/good?key=7#part']) {
      const embed = await lodestone.pipeline('feature-extraction', model);
      loaded.push(embed.model.replace(location.origin, ''));
      await embed.dispose();
    }
    return loaded;
  });
  expect(models).toEqual(['/f/good/', '/f/good/', '/f/good/', '/f/good/?key=7']);
  expect(requests.filter((u) => u.endsWith('/f/good/config.json?key=7'))).toHaveLength(1);
});

test('assetsPath moves the engine, and a wrong one is named', async ({ page }) => {
  const r = await page.evaluate(async () => {
    lodestone.env.assetsPath = '/nothing/here';
    const failed = await failure(lodestone.pipeline('feature-extraction', '/f/good/'));
    lodestone.env.assetsPath = new URL('/', location.href).href;
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const { dims } = await embed('a', { pooling: 'prompt' });
    await embed.dispose();
    lodestone.env.assetsPath = '';
    return { failed, dims };
  });
  expect(r.failed.code).toBe('engine_missing');
  expect(r.failed.message).toContain('/nothing/here/worker.js');
  expect(r.dims).toEqual([1, 256]);
});

test('the policy of the page allows no eval, no inline code and no other origin', async ({ page }) => {
  const response = await page.goto('/e2e/');
  const policy = response!.headers()['content-security-policy']!;
  expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
  expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:|blob:/);
});

test('no file of the module names another server than that of model ids', async ({ request }) => {
  for (const file of ['/lodestone.js', '/worker.js', '/engine.js']) {
    const text = await (await request.get(file)).text();
    expect(text.match(/https?:\/\/[\w.-]+/g) ?? [], file).toEqual(file === '/lodestone.js' ? ['https://huggingface.co'] : []);
    expect(text, file).not.toMatch(/\beval\(|new Function\(/);
  }
});

test('importing the module for pages in a runtime without workers does nothing, and loading says what is missing', () => {
  const script = `
    delete globalThis.navigator; // Node 20 has none, newer ones do
    const before = Object.keys(globalThis).join();
    const m = await import(${JSON.stringify(new URL('../dist/lodestone.js', import.meta.url).href)});
    const after = Object.keys(globalThis).join();
    const c = m.capabilities();
    const e = await m.pipeline('feature-extraction', 'http://localhost/model/').catch((e) => e);
    console.log(JSON.stringify({ model: m.DEFAULT_MODEL, same: before === after, kernels: c.kernels, code: e.code, message: e.message }));`;
  const out = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
  expect(out).toMatchObject({ same: true, kernels: expect.stringMatching(/^(simd128|relaxed)$/), code: 'unsupported_browser' });
  expect(out.message).toContain('web workers');
  expect(out.model).toBe('models/prompt-magneto-en-de-fr/');
});
