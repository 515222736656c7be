// The memory of an isolate. Cloudflare allows 128 MB, "including the JavaScript heap and
// WebAssembly allocations" (developers.cloudflare.com/workers/platform/limits/#memory), and
// workerd enforces nothing: so V8 keeps the objects of finished requests for long, of an
// empty worker as well. What is asserted is the isolate's memory at any time, what of it
// stays after a collection, and what the process has beyond that of an empty worker which
// answered as many requests.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { inspect, resident } from '../inspector.mjs';
import { startWorkerd } from '../workerd.mjs';
import { each, ID, metric, post, TEXTS, vectors, withWorker } from './worker.mjs';

const LIMIT = 128e6;
const MB = 1e6;

/** Both WebAssembly memories. */
const wasm = async (w) => (await metric(w, 'lodestone_memory_bytes{part="program"}')) + (await metric(w, 'lodestone_memory_bytes{part="kernels"}'));

/** The resident set of a worker that does nothing, after as many requests and a collection. */
async function emptyWorker(requests) {
  const dist = await mkdtemp(path.join(os.tmpdir(), 'lodestone-edge-'));
  await writeFile(path.join(dist, 'worker.mjs'), 'export default { async fetch(r) { await r.text(); return new Response("ok"); } };');
  const w = await startWorkerd({ address: '127.0.0.1:0', dist, stdio: 'ignore', modules: [], inspect: true });
  const v8 = await inspect(w.inspector);
  try {
    await each(requests, 8, async (i) => (await post(w, '/', { model: ID, input: TEXTS[i % TEXTS.length] })).text());
    await v8.collect();
    return resident(w.child.pid);
  } finally {
    v8.close();
    w.child.kill();
    await rm(dist, { recursive: true, force: true });
  }
}

test('10,000 requests leave memory where it was, below the limit of an isolate', async (t) => {
  const empty = await emptyWorker(11_000);
  await withWorker({ inspect: true }, async (w) => {
    const v8 = await inspect(w.inspector);
    let most = 0;
    const run = (n) => each(n, 8, async (i) => {
      if (i % 250 === 0) most = Math.max(most, (await v8.heap()) + (await wasm(w)));
      await vectors(await post(w, '/v1/embeddings', { model: ID, input: TEXTS[i % TEXTS.length] }));
    });
    const after = async (n) => {
      await run(n);
      await v8.collect();
      return { isolate: (await v8.heap()) + (await wasm(w)), process: resident(w.child.pid) };
    };
    const mb = (n) => `${(n / MB).toFixed(1)} MB`;
    assert.equal((await post(w, '/v1/entities', { input: 'Ada lived in London.' })).status, 200); // both models
    const first = await after(1000);
    const last = await after(10_000);
    t.diagnostic(`isolate: ${mb(first.isolate)} after 1,000 requests and a collection, ${mb(last.isolate)} after 11,000, ${mb(most)} at most`);
    t.diagnostic(`process: ${mb(first.process)}, then ${mb(last.process)}; an empty worker after 11,000 requests: ${mb(empty)}`);
    assert.ok(last.isolate < first.isolate + 4 * MB, `the isolate grew from ${mb(first.isolate)} to ${mb(last.isolate)}`);
    assert.ok(most <= LIMIT, `the isolate took ${mb(most)}`);
    assert.ok(last.process - empty <= LIMIT, `the process takes ${mb(last.process - empty)} more than that of an empty worker`);
    v8.close();
  });
});

test('the largest requests stay below the limit of an isolate', async (t) => {
  await withWorker({ inspect: true }, async (w) => {
    const v8 = await inspect(w.inspector);
    let most = 0;
    const long = 'a '.repeat(100);
    for (const input of [Array.from({ length: 2048 }, (_, i) => `text ${i}`), Array.from({ length: 160 }, () => long), ['a'.repeat(1000)]]) {
      for (const encoding_format of ['float', 'base64']) {
        const r = await post(w, '/v1/embeddings', { model: ID, input, encoding_format });
        assert.ok([200, 400].includes(r.status), await r.text()); // 400: too many tokens, counted before anything is computed
        await r.body?.cancel();
        most = Math.max(most, (await v8.heap()) + (await wasm(w)));
      }
    }
    t.diagnostic(`the isolate took ${(most / MB).toFixed(1)} MB at most`);
    assert.ok(most <= LIMIT, `the isolate took ${(most / MB).toFixed(1)} MB`);
    v8.close();
  });
});
