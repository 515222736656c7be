// Models under workerd: loads that fail, parts, a bucket, and models that do not fit together.
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import { bucket } from './bucket.mjs';
import { dist, ID, metric, post, TAGGER, TEXTS, vectors, weights, withWorker } from './worker.mjs';

let together;
before(() => withWorker({}, async (w) => (together = await embed(w))));

const embed = async (w) => vectors(await post(w, '/v1/embeddings', { model: ID, input: TEXTS }));

async function refused(w) {
  const r = await post(w, '/v1/embeddings', { model: ID, input: 'a' });
  const { error } = await r.json();
  assert.deepEqual([r.status, error.code, error.param, r.headers.get('retry-after')], [503, 'model_unavailable', 'model', '5']);
}

test('weights that are missing, cut or changed are refused, and the next request tries again', async () => {
  const whole = await weights(ID);
  const changed = Buffer.from(whole);
  changed[changed.length >> 1] ^= 1;
  const file = (models) => path.join(models, ID, 'model.safetensors.0');
  await withWorker({ change: (models) => rm(file(models)) }, async (w) => {
    await refused(w);
    for (const bad of [whole.subarray(0, 1 << 20), changed]) {
      await writeFile(file(w.models), bad);
      await refused(w);
    }
    await writeFile(file(w.models), whole);
    assert.deepEqual(await embed(w), together);
    assert.equal(await metric(w, `lodestone_model_loads_total{model="${ID}",outcome="failure"}`), 3);
  });
});

test('small files that are missing or changed are refused, and the next request tries again', async () => {
  for (const name of ['config.json', 'tokenizer.json', 'parts.json']) {
    const whole = await readFile(path.join(dist, 'assets/models', ID, name));
    const file = (models) => path.join(models, ID, name);
    await withWorker({ change: (models) => rm(file(models)) }, async (w) => {
      await refused(w);
      await writeFile(file(w.models), '{}');
      await refused(w);
      await writeFile(file(w.models), whole);
      assert.deepEqual(await embed(w), together);
    });
  }
});

test('concurrent first requests share a load that fails, and the next one', async () => {
  await withWorker({ change: (models) => rm(path.join(models, ID, 'config.json')) }, async (w) => {
    await Promise.all(Array.from({ length: 8 }, () => refused(w)));
    await writeFile(path.join(w.models, ID, 'config.json'), await readFile(path.join(dist, 'assets/models', ID, 'config.json')));
    for (const v of await Promise.all(Array.from({ length: 8 }, () => embed(w)))) assert.deepEqual(v, together);
    assert.equal(await metric(w, `lodestone_model_loads_total{model="${ID}",outcome="success"}`), 1);
  });
});

test('a client that leaves during the first load does not end it for others', async () => {
  await withWorker({}, async (w) => {
    const gone = new AbortController();
    const first = fetch(`${w.url}/v1/embeddings`, { method: 'POST', body: JSON.stringify({ model: ID, input: 'a' }), headers: { 'Content-Type': 'application/json' }, signal: gone.signal });
    const second = embed(w);
    gone.abort();
    await assert.rejects(first);
    assert.deepEqual(await second, together);
    assert.deepEqual(await embed(w), together);
  });
});

test('a model in several parts is the same model', async () => {
  const change = async (models) => {
    const dir = path.join(models, ID);
    const whole = await weights(ID);
    const sizes = [1000, 1 << 20, 3_000_001];
    sizes.push(whole.length - sizes.reduce((a, b) => a + b));
    let at = 0;
    for (const [i, n] of sizes.entries()) await writeFile(path.join(dir, `model.safetensors.${i}`), whole.subarray(at, (at += n)));
    await writeFile(path.join(dir, 'parts.json'), JSON.stringify({ 'model.safetensors': sizes }));
  };
  await withWorker({ change }, async (w) => assert.deepEqual(await embed(w), together));
});

test('weights come from an R2 bucket where one is bound', async (t) => {
  const b = await bucket(t);
  // Without the static assets: the bucket alone has the model.
  await withWorker({ bucket: b.address, change: (models) => rm(models, { recursive: true }) }, async (w) => {
    assert.deepEqual(await embed(w), together);
    assert.ok(b.asked.includes(`get models/${ID}/model.safetensors.0`), b.asked.join());
  });
});

test('models that do not fit together are dropped and come back', async () => {
  await withWorker({ vars: { MEMORY: String(10 << 20) } }, async (w) => {
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await embed(w), together);
      assert.equal((await post(w, '/v1/entities', { input: 'Ada lived in London.' })).status, 200);
    }
    assert.deepEqual(await embed(w), together);
    assert.equal(await metric(w, `lodestone_model_loads_total{model="${ID}",outcome="success"}`), 3);
    assert.equal(await metric(w, `lodestone_model_evictions_total{model="${TAGGER}"}`), 2);
    assert.ok((await metric(w, 'lodestone_memory_bytes{part="kernels"}')) < 24 << 20);
  });
});

test('a program that cannot start answers with status 503', async () => {
  await withWorker({ vars: { MODELS: '[]' } }, async (w) => {
    const r = await post(w, '/v1/embeddings', { model: ID, input: 'a' });
    assert.equal(r.status, 503);
    assert.equal(r.headers.get('retry-after'), '1');
  });
});
