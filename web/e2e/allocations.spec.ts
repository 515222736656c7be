// What the worker allocates while it generates: nothing for a token. Chromium's sampling
// profiler counts what V8 allocates in the worker, with what was collected since.
import { expect, type Page } from '@playwright/test';
import { test } from './harness.js';

interface Node {
  callFrame: { functionName: string };
  selfSize: number;
  children: Node[];
}

/** Sends commands of the DevTools protocol to the page's worker. */
async function workerSession(page: Page): Promise<(method: string, params?: object) => Promise<unknown>> {
  const session = await page.context().newCDPSession(page);
  const attached = new Promise<string>((resolve) =>
    session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
      if (targetInfo.url.endsWith('/worker.js')) resolve(sessionId);
    }),
  );
  const waiting = new Map<number, (m: { result?: unknown; error?: unknown }) => void>();
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const m = JSON.parse(message) as { id?: number; result?: unknown; error?: unknown };
    if (m.id !== undefined) waiting.get(m.id)?.(m);
  });
  await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  const sessionId = await attached;
  let last = 0;
  return (method, params = {}) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, ({ result, error }) => (error ? reject(new Error(JSON.stringify(error))) : resolve(result)));
      session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) }).catch(reject);
    });
}

/** The bytes of each function, by its name. */
function byFunction(node: Node, bytes = new Map<string, number>()): Map<string, number> {
  const name = node.callFrame.functionName;
  bytes.set(name, (bytes.get(name) ?? 0) + node.selfSize);
  for (const child of node.children) byFunction(child, bytes);
  return bytes;
}

test('a token that is streamed allocates nothing in the worker', async ({ page, browserName }) => {
  test.skip(browserName !== 'chromium', 'Firefox has no protocol that tells what a worker allocates');
  await page.evaluate(async () => {
    const generator = await lodestone.pipeline('text-generation', '/tiny/gpt2', { threads: 1 });
    const suppress_tokens = Array.from({ length: 128 }, (_, i) => i + 128); // what is left are whole characters
    Object.assign(globalThis, {
      async generated(max_new_tokens: number) {
        let text = '';
        const began = performance.now();
        for await (const piece of generator.stream('hello', { max_new_tokens, eos_token_id: [], suppress_tokens })) text += piece;
        return { ms: performance.now() - began, characters: text.length };
      },
    });
  });
  const generated = (n: number) => page.evaluate((n) => (globalThis as unknown as { generated(n: number): Promise<{ ms: number; characters: number }> }).generated(n), n);
  for (let i = 0; i < 4; i++) await generated(500); // until the browser has compiled all
  const send = await workerSession(page);
  const measured = async (n: number) => {
    await send('HeapProfiler.startSampling', { samplingInterval: 16, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true });
    const { ms, characters } = await generated(n);
    const { profile } = (await send('HeapProfiler.stopSampling')) as { profile: { head: Node } };
    expect(characters).toBeGreaterThanOrEqual(n);
    const bytes = byFunction(profile.head);
    return { ms, bytes, all: [...bytes.values()].reduce((a, b) => a + b, 0) };
  };
  await send('HeapProfiler.enable');
  await measured(500); // the profiler has it compiled again
  const tokens = 1500;
  const { ms, bytes, all } = await measured(tokens);
  // What remains belongs to the call, and to what comes by the clock: messages, turns of the event loop.
  console.log(`allocations: ${(all / tokens).toFixed(1)} bytes a token in all, ${all} for ${tokens} tokens in ${ms.toFixed(0)} ms`);
  const often = [...bytes].sort((a, b) => b[1] - a[1]).slice(0, 8).map(([name, n]) => `${name} ${n}`);
  expect(all, often.join(', ')).toBeLessThan(16 * tokens + 30_000 + 2500 * (ms / 16));
  // What Go calls for each token: half a byte would be an object for some of them.
  for (const name of ['token', 'add', 'read', 'write']) expect(bytes.get(name) ?? 0, name).toBeLessThan(tokens / 2);
  expect(bytes.get('now') ?? 0).toBeLessThan(16 * (3 + ms)); // a number, each time that the clock is looked at
});
