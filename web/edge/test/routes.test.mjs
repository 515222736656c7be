// The addresses and fields of the service under workerd: what an input may be, Text Embeddings
// Inference's addresses, and the kernels that the worker takes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ID, post, TAGGER, TEXTS, vectors, withWorker, worker } from './worker.mjs';

let shared;
before(async () => (shared = await worker({})));
after(() => shared?.end());

const E = '/v1/embeddings';
const json = async (r, status = 200) => {
  const text = await r.text();
  assert.equal(r.status, status, text);
  return JSON.parse(text);
};
const embed = async (input, more = {}) => json(await post(shared, E, { model: ID, input, ...more }));

test('an input is a string, strings, ids, or arrays of ids', async () => {
  const tokens = await json(await post(shared, '/tokenize', { inputs: TEXTS, add_special_tokens: false }));
  const ids = tokens.map((list) => list.map((t) => t.id));
  const together = (await embed(TEXTS)).data.map((d) => d.embedding);
  assert.deepEqual((await embed(ids)).data.map((d) => d.embedding), together);
  const alone = (await embed(TEXTS[2])).data[0].embedding;
  for (const input of [[TEXTS[2]], ids[2], [ids[2]]]) {
    const y = await embed(input);
    assert.deepEqual(y.data, [{ object: 'embedding', index: 0, embedding: alone }]);
    assert.deepEqual([y.object, y.model, y.usage], ['list', ID, { prompt_tokens: ids[2].length, total_tokens: ids[2].length }]);
  }
});

test('base64 is little-endian float32, user is ignored, and dimensions are those that the model was trained for', async () => {
  const floats = (await embed('a')).data[0].embedding;
  const bytes = Buffer.from((await embed('a', { encoding_format: 'base64', user: 'u', dimensions: 256 })).data[0].embedding, 'base64');
  assert.equal(bytes.length, 4 * 256);
  assert.deepEqual(floats.map((_, i) => bytes.readFloatLE(4 * i)), floats.map(Math.fround));
  const length = Math.sqrt(floats.reduce((sum, x) => sum + x * x, 0));
  assert.ok(Math.abs(length - 1) < 1e-5, `a vector of length ${length}`);
  const { error } = await json(await post(shared, E, { model: ID, input: 'a', dimensions: 128 }), 400);
  assert.equal(error.param, 'dimensions');
});

test('2,048 texts are a request', async () => {
  const { data } = await embed(Array.from({ length: 2048 }, (_, i) => `${i % 10}`), { encoding_format: 'base64' });
  assert.deepEqual(data.map((d) => d.index), Array.from({ length: 2048 }, (_, i) => i));
});

test('models are listed, and each has an address', async () => {
  const { object, data } = await json(await fetch(`${shared.url}/v1/models`));
  assert.deepEqual([object, data.map((m) => [m.id, m.object])], ['list', [[ID, 'model'], [TAGGER, 'model']]]);
  assert.deepEqual(await json(await fetch(`${shared.url}/v1/models/${ID}`)), data[0]);
  assert.equal((await json(await fetch(`${shared.url}/v1/models/none`), 404)).error.param, 'model');
});

test('the addresses of Text Embeddings Inference answer in its form', async () => {
  assert.equal((await fetch(`${shared.url}/health`)).status, 200);
  const info = await json(await fetch(`${shared.url}/info`));
  assert.deepEqual([info.model_id, info.max_client_batch_size], [ID, 2048]);
  const [one] = await json(await post(shared, '/embed', { inputs: TEXTS[0] }));
  assert.deepEqual([one], await vectors(await post(shared, E, { model: ID, input: TEXTS[0] })));
  const ranks = await json(await post(shared, '/rerank', { query: 'Guten Morgen', texts: ['The stock market fell.', 'good morning'], return_text: true }));
  assert.deepEqual(ranks.map((r) => [r.index, r.text]), [[1, 'good morning'], [0, 'The stock market fell.']]);
  const [tokens] = await json(await post(shared, '/tokenize', { inputs: 'good morning', add_special_tokens: false }));
  assert.deepEqual([tokens[0].start, tokens.at(-1).stop], [0, 'good morning'.length]);
  const refused = await json(await post(shared, '/embed', { inputs: '' }), 400);
  assert.equal(refused.error_type, 'Empty');
});

test('an answer states its length, its time and its id, and is not cached', async () => {
  const r = await post(shared, E, { model: ID, input: 'a' });
  const text = await r.text();
  assert.equal(r.headers.get('content-length'), String(Buffer.byteLength(text)));
  assert.match(r.headers.get('server-timing'), /load;dur=.*tokenize;dur=.*queue;dur=.*model;dur=.*total;dur=/);
  assert.match(r.headers.get('x-request-id'), /^req_[0-9a-f]{24}$/);
  assert.deepEqual([r.headers.get('content-type'), r.headers.get('cache-control'), r.headers.get('x-content-type-options')], ['application/json', 'no-store', 'nosniff']);
  const head = await fetch(`${shared.url}/v1/models`, { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text()], [200, '']);
});

test('kernels that are not known are refused', async () => {
  await withWorker({ vars: { KERNELS: 'fast' } }, async (w) => {
    assert.equal((await json(await post(w, E, { model: ID, input: 'a' }), 503)).error.code, 'unavailable');
    assert.match(w.log(), /the variable KERNELS is fast; expected simd128 or relaxed/);
  });
});
