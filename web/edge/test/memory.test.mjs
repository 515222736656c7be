// The memory of an isolate while it answers its largest requests. What 10,000 requests leave
// is in soak/memory.test.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from '../inspector.mjs';
import { ID, LIMIT, mb, post, wasmMemory, withWorker } from './worker.mjs';

test('the largest requests stay below the limit of an isolate', async (t) => {
  await withWorker({ inspect: true, vars: { BUDGET: '600000' } }, async (w) => {
    const v8 = await inspect(w.inspector);
    let most = 0;
    const long = 'a '.repeat(100);
    for (const input of [Array.from({ length: 2048 }, (_, i) => `text ${i}`), Array.from({ length: 160 }, () => long), ['a'.repeat(1000)]]) {
      for (const encoding_format of ['float', 'base64']) {
        const r = await post(w, '/v1/embeddings', { model: ID, input, encoding_format });
        assert.ok([200, 400].includes(r.status), await r.text()); // 400: too many tokens, counted before anything is computed
        await r.body?.cancel();
        most = Math.max(most, (await v8.heap()) + (await wasmMemory(w)));
      }
    }
    t.diagnostic(`the isolate took ${mb(most)} at most`);
    assert.ok(most <= LIMIT, `the isolate took ${mb(most)}`);
    v8.close();
  });
});
