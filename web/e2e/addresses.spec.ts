// Where a model may come from: model ids in the layout of Hugging Face, local folders, files.
import { expect } from '@playwright/test';
import { test } from './harness.js';

test('a model id is fetched from env.remoteHost by its revision, with the token in the header', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (q) => asked.push(`${new URL(q.url()).pathname} ${q.headers()['authorization'] ?? ''}`.trim()));
  const r = await page.evaluate(async () => {
    const { env } = lodestone;
    env.remoteHost = new URL('/hub', location.href).href + '/';
    const load = async (id: string, options = {}): Promise<string> => {
      const tokenizer = await lodestone.AutoTokenizer.from_pretrained(id, options);
      const ids = await tokenizer.encode('ada');
      await tokenizer.dispose();
      return ids.join();
    };
    const ids = [await load('heads/nli'), await load('heads/nli', { revision: 'v1' }), await load('private/nli', { token: 'a-secret-token' })];
    const failures = {
      revision: await failure(load('heads/nli', { revision: 'v2' })),
      token: await failure(load('private/nli')),
      other: await failure(load('private/nli', { token: 'another-secret' })),
      of: await failure(load('/heads/nli', { revision: 'v1' })),
      local: await failure(load('heads/ranker', { local_files_only: true })),
      misspelt: await failure(load('heads/nli', { reversion: 'v1' })),
      cache: await failure(load('heads/nli', { cache_dir: '/tmp' })),
    };
    env.remotePathTemplate = '{model}/resolve/main/';
    ids.push(await load('heads/nli'));
    env.allowRemoteModels = false;
    const none = await failure(load('heads/nli'));
    env.allowLocalModels = true;
    env.localModelPath = '/';
    ids.push(await load('heads/nli', { local_files_only: true }), await load('nli', { subfolder: '' }).catch(() => 'missing'));
    return { ids, failures, none };
  });
  expect(new Set(r.ids.slice(0, 5)).size).toBe(1);
  expect(r.ids[5]).toBe('missing');
  expect(asked).toContain('/hub/heads/nli/resolve/main/tokenizer.json');
  expect(asked).toContain('/hub/heads/nli/resolve/v1/config.json');
  expect(asked).toContain('/hub/private/nli/resolve/main/config.json Bearer a-secret-token');
  expect(asked).toContain('/heads/nli/config.json');
  const f = r.failures;
  expect(f.revision.message).toContain('status 404 for /hub/heads/nli/resolve/v2/config.json');
  expect(f.token.message).toMatch(/status 401 for \/hub\/private\/nli\/resolve\/main\/(config|manifest|tokenizer)\.json, expected 200; the server wants the option token/);
  expect(f.other.message).toContain('another token than this one');
  expect(JSON.stringify(f)).not.toContain('another-secret');
  expect(f.of.message).toContain('revision: only a model id has one');
  expect(f.local.message).toBe("cache: config.json is not in the browser's storage, and the network is not used (offline); load the model once with the network");
  expect(f.misspelt.message).toContain('did you mean "revision"?');
  expect(f.cache.message).toContain("the browser's storage keeps models; see the option cache");
  expect(r.none.message).toContain('both env.allowRemoteModels and env.allowLocalModels are false');
});

test('local_files_only takes what an earlier load has stored, in a worker and in the page; each revision has its own place', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (q) => asked.push(new URL(q.url()).pathname));
  const r = await page.evaluate(async () => {
    lodestone.env.remoteHost = new URL('/hub/', location.href).href;
    const { AutoTokenizer, cache } = lodestone;
    const first = await AutoTokenizer.from_pretrained('heads/nli', { revision: 'v1' });
    const ids = [await first.encode('ada')];
    await first.dispose();
    const stored = await AutoTokenizer.from_pretrained('heads/nli', { revision: 'v1', local_files_only: true });
    const inPage = await AutoTokenizer.from_pretrained('heads/nli', { revision: 'v1', local_files_only: true, in_page: true });
    ids.push(await stored.encode('ada'), inPage.encode('ada'));
    await stored.dispose();
    const urls = (await cache.list()).map((m) => new URL(m.url).pathname);
    const other = await failure(AutoTokenizer.from_pretrained('heads/nli', { local_files_only: true }));
    const anew = await failure(AutoTokenizer.from_pretrained('heads/nli', { local_files_only: true, cache: 'reload' }));
    const removed = [await cache.delete('heads/nli', { revision: 'v2' }), await cache.delete('heads/nli', { revision: 'v1' })];
    return { ids, urls, other, anew, removed };
  });
  expect(r.ids[0]!.length).toBeGreaterThan(0);
  expect(r.ids[1]).toEqual(r.ids[0]);
  expect(r.ids[2]).toEqual(r.ids[0]);
  expect(r.urls).toEqual(['/hub/heads/nli/resolve/v1/']);
  expect(asked.filter((path) => path.endsWith('/tokenizer.json'))).toEqual(['/hub/heads/nli/resolve/v1/tokenizer.json']);
  expect(r.other).toMatchObject({ code: 'network', message: expect.stringContaining('load the model once with the network') });
  expect(r.anew.message).toContain("local_files_only: true with cache: 'reload', which needs the network");
  expect(r.removed).toEqual([false, true]);
});

test('a local folder is tried first, and then the remote one', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (q) => asked.push(new URL(q.url()).pathname));
  await page.evaluate(async () => {
    Object.assign(lodestone.env, { remoteHost: new URL('/hub/', location.href).href, allowLocalModels: true, localModelPath: '/nothing' });
    const tokenizer = await lodestone.AutoTokenizer.from_pretrained('heads/nli');
    await tokenizer.dispose();
  });
  expect(asked.indexOf('/nothing/heads/nli/config.json')).toBeGreaterThan(-1);
  expect(asked.indexOf('/hub/heads/nli/resolve/main/config.json')).toBeGreaterThan(asked.indexOf('/nothing/heads/nli/config.json'));
});

test('no setting is taken and ignored: unknown ones are refused with the nearest name', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const { env } = lodestone as unknown as { env: Record<string, unknown> & { backends: { onnx: object } } };
    const thrown = (f: () => unknown): string => {
      try {
        f();
      } catch (e) {
        return `${(e as { code: string }).code}: ${(e as Error).message}`;
      }
      return 'nothing';
    };
    return {
      near: thrown(() => (env['remotehost'] = 'x')),
      cache: thrown(() => (env['useBrowserCache'] = true)),
      backends: thrown(() => env.backends.onnx),
      type: thrown(() => (env['allowRemoteModels'] = 'no')),
      dtype: await failure(lodestone.pipeline('ner', '/heads/nli', { dtype: 'bnb4' as never })),
      bits: await failure(lodestone.pipeline('ner', '/heads/nli', { dtype: 'q2' as never })),
      parts: await failure(lodestone.pipeline('ner', '/heads/nli', { dtype: { model: 'q4' } as never })),
      device: await failure(lodestone.pipeline('ner', '/heads/nli', { device: 'webnn-gpu' as never })),
      session: await failure(lodestone.pipeline('ner', '/heads/nli', { session_options: {} } as never)),
      quantized: await failure(lodestone.pipeline('ner', '/heads/nli', { quantized: true } as never)),
      task: await failure(lodestone.pipeline('token-classificaton' as 'ner', '/heads/nli')),
      audio: await failure(lodestone.pipeline('automatic-speech-recognition' as 'ner', '/heads/nli')),
      model: await failure(lodestone.pipeline('ner', undefined as never)),
    };
  });
  expect(r.near).toMatch(/^invalid_argument: env\.remotehost is not known; .*did you mean "remoteHost"\?$/);
  expect(r.cache).toContain('env.useBrowserCache is not known');
  expect(r.cache).toContain('set the option cache where you load a model');
  expect(r.backends).toContain('there is no ONNX runtime; set the options threads and kernels');
  expect(r.type).toContain('env.allowRemoteModels: no, expected a boolean');
  expect(r.dtype.message).toContain("the nearest is 'q4'");
  expect(r.bits.message).toContain("4 bits are the fewest here: the nearest is 'q4'");
  expect(r.parts.message).toContain('dtype: an object; a folder has one model.safetensors and one dtype');
  expect(r.device.message).toContain("the nearest is 'webgpu'");
  expect(r.session.message).toContain('use threads and kernels');
  expect(r.quantized.message).toContain("use dtype: 'q8'");
  expect(r.task.message).toContain("did you mean 'token-classification'?");
  expect(r.audio.message).toContain('models read text here');
  expect(r.model.message).toContain('a token-classification model is not chosen for you');
});

test('the spellings of dtype, device and tasks of transformers.js are those of ours', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const got: string[] = [];
    for (const dtype of ['int8', 'uint8', 'q4f16', 'fp16', 'fp32'] as const) {
      const classify = await lodestone.pipeline('sentiment-analysis', '/heads/sentiment', { dtype, device: 'cpu' });
      got.push(`${classify.task} ${classify.dtype}`);
      await classify.dispose();
    }
    const ner = await lodestone.pipeline('ner', '/heads/bert-entities');
    const embeddings = await lodestone.pipeline('embeddings', '/heads/bert-entities');
    got.push(ner.task, embeddings.task);
    await Promise.all([ner.dispose(), embeddings.dispose()]);
    return got;
  });
  expect(r).toEqual([...['q8', 'q8', 'q4', 'f16', 'f32'].map((d) => `text-classification ${d}`), 'token-classification', 'feature-extraction']);
});

test('files are a model: contents by their names, chosen files, a picked folder, a drop', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const names = ['config.json', 'tokenizer.json', 'model.safetensors'];
    const contents: [string, ArrayBuffer][] = [];
    for (const name of names) contents.push([name, await (await fetch(`/heads/sentiment/${name}`)).arrayBuffer()]);
    const label = async (model: Parameters<typeof lodestone.pipeline>[1]): Promise<string> => {
      const classify = await lodestone.pipeline('text-classification', model);
      const [{ label, score }] = (await classify('ada lives in paris')) as [{ label: string; score: number }];
      const name = classify.model;
      await classify.dispose();
      return `${name} ${label} ${score.toFixed(4)}`;
    };
    const object = Object.fromEntries(contents);
    const map = new Map(contents.map(([name, bytes]) => [name, new Uint8Array(bytes)]));
    const blobs = Object.fromEntries(contents.map(([name, bytes]) => [`my-model/${name}`, new Blob([bytes])]));
    const chosen = contents.map(([name, bytes]) => new File([bytes], name));
    const root = await navigator.storage.getDirectory();
    const folder = await (await root.getDirectoryHandle('picked', { create: true })).getDirectoryHandle('sentiment', { create: true });
    for (const [name, bytes] of contents) {
      const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
      await writable.write(bytes);
      await writable.close();
    }
    const transfer = new DataTransfer();
    for (const file of chosen) transfer.items.add(file);
    const labels = [
      await label('/heads/sentiment'),
      await label(object),
      await label(map),
      await label(blobs),
      await label(chosen),
      await label(await root.getDirectoryHandle('picked')),
      await label(transfer),
    ];
    const failures = {
      none: await failure(label({ 'model.onnx': contents[0]![1] })),
      weights: await failure(label({ 'config.json': contents[0]![1], 'tokenizer.json': contents[1]![1] })),
      tokenizer: await failure(label({ 'config.json': contents[0]![1], 'model.safetensors': contents[2]![1] })),
      two: await failure(label({ 'a/config.json': contents[0]![1], 'b/config.json': contents[0]![1] })),
      type: await failure(label({ 'config.json': 'text' as never })),
      revision: await failure(lodestone.pipeline('ner', object, { revision: 'main' })),
      file: await failure(label((await folder.getFileHandle('config.json')) as never)),
    };
    // After a failure of the worker the files are still there.
    const classify = await lodestone.pipeline('text-classification', object);
    return { labels, failures, bytes: contents[2]![1].byteLength, weights: classify.weight_bytes };
  });
  const result = r.labels[0]!.split(' ').slice(1).join(' ');
  for (const label of r.labels) expect(label.endsWith(result), label).toBe(true);
  expect(r.labels.slice(1).map((l) => l.split(' ')[0])).toEqual(['files:/', 'files:/', 'files:my-model/', 'files:/', 'files:sentiment/', 'files:/']);
  expect(r.bytes).toBeGreaterThan(r.weights / 2); // the contents were not taken away
  const f = r.failures;
  expect(f.none).toMatchObject({ code: 'file_missing', message: expect.stringContaining('no config.json among the files that were given ("model.onnx")') });
  expect(f.weights).toMatchObject({ code: 'file_missing', message: expect.stringContaining('no model.safetensors among the files that were given ("config.json", "tokenizer.json")') });
  expect(f.tokenizer.code).toBe('tokenizer_missing');
  expect(f.two.message).toContain('several folders of models, "a/config.json" and "b/config.json"');
  expect(f.type.message).toContain('"config.json" is neither a Blob nor an ArrayBuffer nor a typed array');
  expect(f.revision.message).toContain('revision: only a model id has one');
  expect(f.file.message).toContain('one file, "config.json"; expected the folder that holds it');
});
