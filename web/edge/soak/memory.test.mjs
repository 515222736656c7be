// The memory of an isolate after 10,000 requests. make edge-soak
//
// Cloudflare allows 128 MB, "including the JavaScript heap and
// WebAssembly allocations" (developers.cloudflare.com/workers/platform/limits/#memory), and
// workerd enforces nothing: so V8 keeps the objects of finished requests for long, of an
// empty worker as well. What is asserted is the isolate's memory at any time, what of it
// stays after a collection, and what the process has beyond that of an empty worker which
// answered as many requests. A collection makes the process larger, since V8 takes a
// snapshot: the process is measured before.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { inspect, resident } from '../inspector.mjs';
import { startWorkerd } from '../workerd.mjs';
import { each, ID, LIMIT, mb, post, TEXTS, vectors, wasmMemory, withWorker } from '../test/worker.mjs';

/** The resident set of a worker that does nothing, after as many requests. */
async function emptyWorker(requests) {
  const dist = await mkdtemp(path.join(os.tmpdir(), 'lodestone-edge-'));
  await writeFile(path.join(dist, 'worker.mjs'), 'export default { async fetch(r) { await r.text(); return new Response("ok"); } };');
  const w = await startWorkerd({ address: '127.0.0.1:0', dist, stdio: 'ignore', modules: [], inspect: true });
  try {
    await each(requests, 8, async (i) => (await post(w, '/', { model: ID, input: TEXTS[i % TEXTS.length] })).text());
    return resident(w.child.pid);
  } finally {
    w.child.kill('SIGKILL');
    await rm(dist, { recursive: true, force: true });
  }
}

/** The memory of a worker with both models after so many requests. */
async function memoryAfter(requests) {
  const y = { most: 0 };
  await withWorker({ inspect: true }, async (w) => {
    const v8 = await inspect(w.inspector);
    try {
      const isolate = async () => (await v8.heap()) + (await wasmMemory(w));
      assert.equal((await post(w, '/v1/entities', { input: 'Ada lived in London.' })).status, 200);
      await each(requests, 8, async (i) => {
        if (i % 250 === 0) y.most = Math.max(y.most, await isolate());
        await vectors(await post(w, '/v1/embeddings', { model: ID, input: TEXTS[i % TEXTS.length] }));
      });
      y.process = resident(w.child.pid);
      await v8.collect();
      y.isolate = await isolate();
    } finally {
      v8.close(); // an open connection keeps this process alive
    }
  });
  return y;
}

test('10,000 requests leave memory where it was, below the limit of an isolate', async (t) => {
  const few = await memoryAfter(2000);
  const many = await memoryAfter(10_000);
  const empty = await emptyWorker(10_000);
  t.diagnostic(`isolate: ${mb(few.isolate)} after 2,000 requests and a collection, ${mb(many.isolate)} after 10,000; ${mb(many.most)} at most before it`);
  t.diagnostic(`process: ${mb(many.process)} after 10,000 requests; of an empty worker ${mb(empty)}`);
  assert.ok(many.isolate < few.isolate + 4e6, `the isolate grew from ${mb(few.isolate)} to ${mb(many.isolate)}`);
  assert.ok(many.most <= LIMIT, `the isolate took ${mb(many.most)}`);
  assert.ok(many.process - empty <= LIMIT, `the process takes ${mb(many.process - empty)} more than that of an empty worker`);
});
