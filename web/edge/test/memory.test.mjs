// The memory of an isolate while it answers its largest requests. What 10,000 requests leave
// is in soak/memory.test.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from '../inspector.mjs';
import { ID, LIMIT, mb, post, wasmMemory, withWorker } from './worker.mjs';

test('the largest requests stay below the limit of an isolate', async (t) => {
  await withWorker({ inspect: true, vars: { BUDGET: '600000' } }, async (w) => {
    const v8 = await inspect(w.inspector);
    try {
      let most = 0;
      const texts = Array.from({ length: 2048 }, (_, i) => `text ${i}`);
      const long = Array.from({ length: 160 }, () => 'a '.repeat(100));
      for (const [input, status] of [[texts, 200], [long, 200], [[...long, ...long, ...long], 400], ['a'.repeat(1000), 400]]) {
        for (const encoding_format of ['float', 'base64']) {
          const r = await post(w, '/v1/embeddings', { model: ID, input, encoding_format });
          const text = await r.text();
          assert.equal(r.status, status, text.slice(0, 200)); // 400: too many tokens, counted before anything is computed
          most = Math.max(most, (await v8.heap()) + (await wasmMemory(w)));
        }
      }
      t.diagnostic(`the isolate took ${mb(most)} at most`);
      assert.ok(most <= LIMIT, `the isolate took ${mb(most)}`);
    } finally {
      v8.close(); // an open connection keeps this process alive
    }
  });
});
