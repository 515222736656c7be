// Vectors of the worker are those of the page and of lode, for the clients that people use.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Validator } from '@seriousme/openapi-schema-validator';
import { CohereClient, CohereClientV2 } from 'cohere-ai';
import OpenAI from 'openai';
import { chromium } from 'playwright-core';
import { serve } from '../../bench/server.mjs';
import { each, ID, metric, post, root, TAGGER, TEXTS, TOKEN, vectors, withWorker, worker } from './worker.mjs';

let shared, alone, together, relaxed;
before(async () => {
  ({ simd128: [alone, together], relaxed: [, relaxed] } = await pageEmbeds(TEXTS));
  shared = await worker({ vars: { TOKENS: `another-token-of-it ${TOKEN}`, ORIGINS: 'https://a.example', KERNELS: 'simd128' } });
});
after(() => shared?.end());

/** The unit vectors that a page in Chromium computes with two kinds of kernels: of each text alone, and of all in one call. */
async function pageEmbeds(texts) {
  const server = await serve({ '/': path.join(root, 'web/dist') });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
  try {
    const all = {};
    for (const kernels of ['simd128', 'relaxed']) {
      const page = await browser.newPage();
      await page.goto(`${server.origin}/index.html`);
      all[kernels] = await page.evaluate(
        async ({ texts, id, kernels }) => {
          const { pipeline } = await import(`${location.origin}/lodestone.js`);
          const embed = await pipeline('feature-extraction', id, { kernels });
          const rows = async (input) => (await embed(input, { pooling: 'prompt', normalize: true })).tolist();
          const alone = [];
          for (const text of texts) alone.push((await rows([text]))[0]);
          const together = await rows(texts);
          await embed.dispose();
          return [alone, together];
        },
        { texts, id: `/models/${ID}`, kernels },
      );
      await page.close();
    }
    return all;
  } finally {
    await browser.close();
    server.close();
  }
}

const floats = (base64) => {
  const bytes = Buffer.from(base64, 'base64');
  return Array.from(new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
};
/** JSON has the shortest decimal of a float32; the page hands the float32 itself over. */
const asFloat32 = (v) => Array.from(Float32Array.from(v));

test('concurrent first requests load the model once, and vectors are the page’s to the bit', async () => {
  const answers = await Promise.all(TEXTS.flatMap((input) => [input, [input]]).map((input) => post(shared, '/v1/embeddings', { model: ID, input })));
  for (let i = 0; i < answers.length; i++) assert.deepEqual(asFloat32((await vectors(answers[i]))[0]), alone[i >> 1]);
  const base64 = await vectors(await post(shared, '/v1/embeddings', { model: ID, input: TEXTS, encoding_format: 'base64' }));
  assert.deepEqual(base64.map(floats), together);
  assert.equal(await metric(shared, `lodestone_model_loads_total{model="${ID}",outcome="success"}`), 1);
});

test('1,000 requests, eight at a time, give the page’s vectors to the bit', async () => {
  await each(1000, 8, async (i) => {
    const [v] = await vectors(await post(shared, '/v1/embeddings', { model: ID, input: TEXTS[i % TEXTS.length], encoding_format: 'base64' }));
    assert.deepEqual(floats(v), alone[i % TEXTS.length]);
  });
});

test('with KERNELS=relaxed, vectors are those of a page with these kernels, to the bit', async () => {
  assert.notDeepEqual(relaxed, together);
  await withWorker({ vars: { KERNELS: 'relaxed' } }, async (w) => {
    assert.deepEqual((await vectors(await post(w, '/v1/embeddings', { model: ID, input: TEXTS }))).map(asFloat32), relaxed);
  });
});

test('lode embed --normalize writes the same vectors', async () => {
  const lode = path.join(os.tmpdir(), `lodestone-edge-lode-${process.pid}`);
  await promisify(execFile)('go', ['build', '-o', lode, './weights/lode'], { cwd: root });
  const out = await new Promise((resolve, reject) => {
    const child = execFile(lode, ['embed', '--model', `weights/${ID}`, '--normalize'], { cwd: root }, (e, text) => (e ? reject(e) : resolve(text)));
    child.stdin.end(`${TEXTS.join('\n')}\n`);
  });
  assert.deepEqual(out.trim().split('\n').map((line) => asFloat32(JSON.parse(line))), together);
});

test('the client of OpenAI works unchanged', async () => {
  const client = new OpenAI({ apiKey: TOKEN, baseURL: `${shared.url}/v1`, maxRetries: 0 });
  const y = await client.embeddings.create({ model: ID, input: TEXTS }); // asks for base64 and decodes it
  assert.deepEqual(y.data.map((d) => asFloat32(d.embedding)), together);
  assert.ok(y.usage.prompt_tokens > 0 && y.usage.total_tokens === y.usage.prompt_tokens);
  const one = await client.embeddings.create({ model: ID, input: TEXTS[0], encoding_format: 'float' });
  assert.deepEqual(asFloat32(one.data[0].embedding), alone[0]);
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.deepEqual(ids, [ID, TAGGER]);
  assert.equal((await client.models.retrieve(ID)).object, 'model');
  await assert.rejects(client.embeddings.create({ model: 'none', input: 'a' }), (e) => e instanceof OpenAI.NotFoundError && e.param === 'model' && /^req_/.test(e.requestID));
  await assert.rejects(client.embeddings.create({ model: ID, input: 'a', dimensions: 8 }), (e) => e instanceof OpenAI.BadRequestError && e.code === 'unsupported_dimensions');
  await assert.rejects(new OpenAI({ apiKey: 'none-of-our-tokens', baseURL: `${shared.url}/v1` }).models.list(), OpenAI.AuthenticationError);
});

test('the clients of Cohere work unchanged', async () => {
  const query = { model: ID, query: 'Guten Morgen', documents: ['The stock market fell.', 'good morning'] };
  const two = await new CohereClientV2({ token: TOKEN, environment: shared.url }).rerank({ ...query, topN: 1 });
  assert.deepEqual(two.results.map((r) => r.index), [1]);
  assert.ok(two.results[0].relevanceScore > 0.5 && two.id.startsWith('req_'));
  const one = await new CohereClient({ token: TOKEN, environment: shared.url }).rerank({ ...query, returnDocuments: true });
  assert.deepEqual(one.results.map((r) => [r.index, r.document.text]), [[1, 'good morning'], [0, 'The stock market fell.']]);
  await assert.rejects(new CohereClientV2({ token: TOKEN, environment: shared.url }).rerank({ ...query, model: 'none' }), (e) => e.statusCode === 404);
});

test('entities have the positions of JavaScript', async () => {
  const text = 'Angela Merkel wohnt in Berlin 🙂.';
  const y = await (await post(shared, '/v1/entities', { input: text })).json();
  const berlin = y.data[0].entities.find((e) => e.text === 'Berlin');
  assert.equal(text.slice(berlin.utf16_start, berlin.utf16_end), 'Berlin');
  assert.equal(berlin.label, 'LOC');
});

test('a page of a configured origin may call, and reads the headers', async () => {
  const headers = { Origin: 'https://a.example', 'Access-Control-Request-Method': 'POST' };
  const preflight = await fetch(`${shared.url}/v1/embeddings`, { method: 'OPTIONS', headers });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get('access-control-allow-origin'), 'https://a.example');
  const r = await post(shared, '/v1/embeddings', { model: ID, input: 'a' }, { Origin: 'https://a.example' });
  assert.match(r.headers.get('access-control-expose-headers'), /X-Request-Id.*Server-Timing/);
  assert.match(r.headers.get('x-request-id'), /^req_[0-9a-f]{24}$/);
  assert.match(r.headers.get('server-timing'), /model;dur=.*total;dur=/);
  const other = await post(shared, '/v1/embeddings', { model: ID, input: 'a' }, { Origin: 'https://b.example' });
  assert.equal(other.headers.get('access-control-allow-origin'), null);
});

test('a token is rotated: the older and the newer are accepted', async () => {
  for (const [token, status] of [['another-token-of-it', 200], [TOKEN, 200], ['none-of-our-tokens', 401]]) {
    assert.equal((await fetch(`${shared.url}/v1/models`, { headers: { Authorization: `Bearer ${token}` } })).status, status);
  }
});

test('openapi.json is a valid OpenAPI document', async () => {
  const served = await (await fetch(`${shared.url}/openapi.json`)).json();
  assert.deepEqual(served, JSON.parse(await readFile(path.join(root, 'models/service/openapi.json'), 'utf8')));
  const { valid, errors } = await new Validator().validate(served);
  assert.ok(valid, JSON.stringify(errors));
});
