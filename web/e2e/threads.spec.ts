// Threads: the kernels by themselves, then the engine with them.
import { expect, type Page, test as plain } from '@playwright/test';
import { golden } from './golden.js';
import { open, test } from './harness.js';
import { lacks, sevenBits } from './variants.js';

interface Table {
  error?: string;
  backend: string;
  cases: number;
  failed: number;
  results: string;
  bounds: string;
  /** Tiles that other threads than the caller ran. */
  shared: number;
}

declare global {
  /** See page/threads.js. */
  function inWorker(task: { task: string; variant: string; threads: number; rounds?: number; random?: { seed: number; calls: number } }): Promise<unknown>;
}

async function inWorker<T>(page: Page, task: Parameters<typeof globalThis.inWorker>[0]): Promise<T> {
  await page.goto('/e2e/threads.html');
  await page.waitForFunction(() => 'inWorker' in globalThis);
  return (await page.evaluate((task) => globalThis.inWorker(task), task)) as T;
}

const texts = golden.cases.map((c) => c.text);

// These start the kernels' workers from a worker, which Firefox does not always do.
const some = 'workers of workers run in Chromium';

// The forms of one module do not differ in how a call is cut into tiles, so that the fused
// ones run on fewer numbers of threads.
const variants = { simd128: { table: [1, 2, 4], bits: [2, 3, 8] }, relaxed: { table: [1, 2, 4], bits: [2, 3, 8] }, fused: { table: [1, 2], bits: [2] }, fused8: { table: [1, 2], bits: [2] } };

/** Runs a task, or skips the test where this processor has no eight bits. */
async function onThreads<T>(page: Page, browserName: string, task: Parameters<typeof globalThis.inWorker>[0]): Promise<T> {
  try {
    return await inWorker<T>(page, task);
  } catch (e) {
    plain.skip(lacks(task.variant, browserName, String(e)), sevenBits);
    throw e;
  }
}

for (const [variant, on] of Object.entries(variants)) {
  plain.describe(`kernels, ${variant}`, () => {
    for (const threads of on.table) {
      plain(`every case agrees with the reference on ${threads} threads`, async ({ page, browserName }) => {
        plain.skip(browserName !== 'chromium' && (variant !== 'simd128' || threads > 1), some);
        plain.setTimeout(600_000);
        const table = await onThreads<Table>(page, browserName, { task: 'table', variant, threads });
        if (threads > 1) expect(table.shared).toBeGreaterThan(100); // or one thread did it all
        expect(table.error).toBeUndefined();
        expect(table.backend).toBe(variant);
        const results = JSON.parse(table.results) as { op: string; name: string; err: string }[];
        expect(results.length).toBeGreaterThan(1000);
        expect(results.filter((r) => r.err !== '').map((r) => `${r.op} ${r.name}: ${r.err}`)).toEqual([]);
        expect((JSON.parse(table.bounds) as { err: string }[]).map((b) => b.err).filter((e) => e !== '')).toEqual([]);
      });
    }

    for (const threads of on.bits) {
      plain(`${threads} threads give the bits of one`, async ({ page, browserName }) => {
        plain.skip(browserName !== 'chromium', some);
        const r = await onThreads<{ checked: number; wrong: string[]; shared: number }>(page, browserName, { task: 'bits', variant, threads, rounds: 60 });
        expect(r.checked).toBe(60 * 10);
        expect(r.wrong).toEqual([]);
        expect(r.shared).toBeGreaterThan(100); // or one thread was compared with itself
      });
    }
  });
}

for (const variant of ['simd128', 'relaxed', 'fused', 'fused8']) {
  plain(`${variant}: tiles of a thread that stands still are run by the caller, with the bits of one thread`, async ({ page, browserName }) => {
    plain.skip(browserName !== 'chromium', some);
    const r = await onThreads<{ checked: number; wrong: string[]; taken: number; held: number }>(page, browserName, { task: 'stolen', variant, threads: 2, rounds: 150 });
    expect(r.checked).toBe(150 * 4);
    expect(r.wrong).toEqual([]);
    expect(r.taken).toBeGreaterThan(0); // or the thief got nothing
    expect(r.held).toBe(0);
  });
}

plain('a tile that traps makes the caller trap, instead of waiting for it', async ({ page, browserName }) => {
  test.skip(browserName !== 'chromium', some);
  expect(await inWorker(page, { task: 'failure', variant: 'simd128', threads: 2 })).toBe('trapped');
});

/** The vectors of the golden texts, and what the handle said meanwhile. */
async function embedWith(page: Page, threads: number | 'auto', texts: string[]) {
  return page.evaluate(
    async ({ threads, texts }) => {
      const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads });
      await embed(texts.slice(0, 2)); // threads may join meanwhile
      const began = performance.now();
      while (typeof threads === 'number' && embed.capabilities().threads < threads && performance.now() - began < 10_000) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const { data } = await embed(texts, { pooling: 'prompt' });
      const now = embed.capabilities();
      const memory = await embed.memory();
      await embed.dispose();
      return { bits: Array.from(new Uint32Array(data.buffer)), threads: now.threads, reason: now.reasons.threads, memory, after: embed.capabilities().threads };
    },
    { threads, texts },
  );
}

test('vectors are the same on one, two and three threads to the last bit', async ({ page }) => {
  const one = await embedWith(page, 1, texts);
  expect(one).toMatchObject({ threads: 1, reason: 'one thread was asked for' });
  for (const threads of [2, 3]) {
    const many = await embedWith(page, threads, texts);
    expect(many).toMatchObject({ threads, reason: `${threads} threads were asked for`, after: 0 });
    expect(many.bits.length).toBe(one.bits.length);
    expect(many.bits.findIndex((b, i) => b !== one.bits[i]), 'the first number that differs').toBe(-1);
  }
});

test('states of a model are handed over from shared memory', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const out: Uint32Array[] = [];
    const shared: boolean[] = [];
    for (const threads of [1, 2]) {
      const model = await lodestone.AutoModel.from_pretrained(lodestone.DEFAULT_MODEL, { threads });
      const ids = BigInt64Array.from({ length: 60 }, (_, i) => BigInt(100 + i));
      const { last_hidden_state } = await model({ input_ids: new lodestone.Tensor('int64', ids, [2, 30]) });
      shared.push(!(last_hidden_state.data.buffer instanceof ArrayBuffer));
      out.push(new Uint32Array(last_hidden_state.data.buffer));
      await model.dispose();
    }
    return { shared, differ: out[0]!.findIndex((b, i) => b !== out[1]![i]), length: out[0]!.length };
  });
  expect(r).toEqual({ shared: [false, false], differ: -1, length: 2 * 30 * 256 });
});

test('auto takes threads if they are faster, and says what it found', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const began = performance.now();
    while (!/times as fast/.test(embed.capabilities().reasons.threads) && performance.now() - began < 15_000) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { threads, reasons } = embed.capabilities();
    await embed.dispose();
    return { threads, reason: reasons.threads, processors: navigator.hardwareConcurrency };
  });
  console.log(`threads: ${r.threads} of ${r.processors} processors: ${r.reason}`);
  const gain = Number(/([\d.]+) times as fast/.exec(r.reason)?.[1]);
  expect(r.reason).toMatch(/^(one thread: )?\d threads are [\d.]+ times as fast as one here/);
  if (gain >= 1.105) expect(r.threads).toBeGreaterThan(1);
  if (gain < 1.095) expect(r.threads).toBe(1);
});

test('what is no number of threads is refused by name', async ({ page }) => {
  const failures = await page.evaluate(async () => {
    const out = [];
    for (const threads of [0, -1, 'x', 1.5, NaN, true]) {
      out.push(await failure(lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads: threads as number })));
      out.push(await failure(lodestone.AutoModel.from_pretrained(lodestone.DEFAULT_MODEL, { threads: threads as number })));
    }
    return out;
  });
  expect(failures.map((f) => f.code)).toEqual(failures.map(() => 'invalid_argument'));
  expect(failures[0]!.message).toBe("pipeline: threads: 0, expected 'auto' or a whole number of at least 1");
  expect(failures[5]!.message).toBe("AutoModel.from_pretrained: threads: \"x\", expected 'auto' or a whole number of at least 1");
  expect(page.workers().length).toBe(0); // nothing was started
});

test('more threads than the kernels take are as many as they take', async ({ page }) => {
  const r = await embedWith(page, 8, texts.slice(0, 4));
  expect(r.threads).toBe(8);
  const reason = await page.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads: 100 });
    const { threads } = embed.capabilities().reasons;
    await embed.dispose();
    return threads;
  });
  expect(reason).toContain('100 threads were asked for, the kernels take at most 8');
});

test('dispose ends the threads too', async ({ page }) => {
  await embedWith(page, 4, texts.slice(0, 4));
  await expect.poll(() => page.workers().length).toBe(0);
  // While a call runs, and while the threads are only starting.
  const codes = await page.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads: 4 });
    const pending = failure(embed(Array.from({ length: 500 }, () => 'a long list of the same sentence')));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await embed.dispose();
    const early = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads: 8 });
    await early.dispose();
    return (await pending).code;
  });
  expect(codes).toBe('disposed');
  await expect.poll(() => page.workers().length).toBe(0);
});

/** What a worker of the page says that loads a model; so many of the workers that it starts never run. */
function nested(page: Page, mute: number): Promise<{ dims?: number[]; threads?: number; reason: string }> {
  return page.evaluate(
    (mute) =>
      new Promise<{ dims?: number[]; threads?: number; reason: string }>((resolve) => {
        const worker = new Worker('/e2e/nested.js', { type: 'module' });
        worker.onmessage = ({ data }) => {
          worker.terminate();
          resolve(data);
        };
        worker.onerror = (e) => resolve({ reason: e.message });
        worker.postMessage({ threads: 2, mute });
      }),
    mute,
  );
}

test('a page whose own worker loads a model has threads, but one in Firefox', async ({ page, browserName }) => {
  const r = await nested(page, 0);
  expect(r.dims).toEqual([1, 256]);
  if (browserName === 'firefox') expect(r).toMatchObject({ threads: 1, reason: expect.stringContaining('Firefox') });
  else expect(r.reason).toContain('2 threads were asked for');
});

test('where Firefox never runs a worker that a worker starts another one is started, and after three it is said', async ({ page, browserName }) => {
  test.skip(browserName !== 'firefox', 'others run every worker');
  expect((await nested(page, 1)).dims).toEqual([1, 256]);
  expect((await nested(page, 3)).reason).toMatch(/engine_missing|did not run within 5 seconds/);
});

/** Keeps the kernel workers of the page in globalThis.kernelWorkers, or never starts them. */
async function watchKernelWorkers(page: Page, mute: boolean): Promise<void> {
  await page.evaluate((mute) => {
    const Real = Worker;
    const kernelWorkers: Worker[] = [];
    Object.assign(globalThis, { kernelWorkers });
    globalThis.Worker = class extends Real {
      constructor(url: string | URL, options?: WorkerOptions) {
        const kernels = options?.name === 'lodestone-kernels';
        super(kernels && mute ? '/e2e/mute.js' : url, options);
        if (kernels) kernelWorkers.push(this);
      }
    };
  }, mute);
}

test('a kernel worker that dies takes no call with it, and changes no bit', async ({ page }) => {
  const want = await embedWith(page, 1, texts.slice(0, 6));
  await watchKernelWorkers(page, false);
  const r = await page.evaluate(async (texts) => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads: 3 });
    await embed(texts.slice(0, 2));
    const began = performance.now();
    while (embed.capabilities().threads < 3 && performance.now() - began < 10_000) await new Promise((resolve) => setTimeout(resolve, 20));
    const { threads } = embed.capabilities();
    (globalThis as unknown as { kernelWorkers: Worker[] }).kernelWorkers[0]!.terminate();
    await new Promise((resolve) => setTimeout(resolve, 200)); // it dies asleep
    const { data } = await embed(texts, { pooling: 'prompt' });
    await embed.dispose();
    return { threads, bits: Array.from(new Uint32Array(data.buffer)) };
  }, texts.slice(0, 6));
  expect(r.threads).toBe(3);
  expect(r.bits).toEqual(want.bits);
});

test('the page wakes the threads for a call and lets them sleep after it', async ({ page }) => {
  const heard = await page.evaluate(async () => {
    const heard: string[] = [];
    const { notify, store } = Atomics;
    Atomics.notify = ((all: Int32Array, at: number) => {
      heard.push('notify');
      return notify(all, at);
    }) as typeof notify;
    Atomics.store = ((all: Int32Array, at: number, value: number) => {
      heard.push(`awake ${value}`);
      return store(all, at, value);
    }) as typeof store;
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads: 2 });
    while (embed.capabilities().threads < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    heard.length = 0;
    await embed('a text', { pooling: 'prompt' });
    await embed.dispose();
    return heard;
  });
  expect(heard).toEqual(['awake 1', 'notify', 'awake 0']);
});

test('a kernel worker that never answers delays nothing', async ({ page }) => {
  await watchKernelWorkers(page, true);
  const r = await page.evaluate(async () => {
    const began = performance.now();
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads: 3 });
    const { dims } = await embed('a text', { pooling: 'prompt' });
    const first = performance.now() - began;
    while (!embed.capabilities().reasons.threads.includes('did not start') && performance.now() - began < 30_000) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { threads, reasons } = embed.capabilities();
    await embed('another', { pooling: 'prompt' });
    await embed.dispose();
    return { dims, first, threads, reason: reasons.threads };
  });
  expect(r).toMatchObject({ dims: [1, 256], threads: 1 });
  expect(r.reason).toContain('within 10 seconds');
  expect(r.first).toBeLessThan(9_000);
});

test('a tokenizer has no threads', async ({ page }) => {
  await page.evaluate(async () => {
    (globalThis as { kept?: unknown }).kept = await lodestone.AutoTokenizer.from_pretrained(lodestone.DEFAULT_MODEL);
  });
  expect(page.workers().length).toBe(1);
});

/** Opens the page with answers that lack some headers. */
async function without(page: Page, headers: string[]): Promise<void> {
  await page.route('**/*', async (route) => {
    const response = await route.fetch();
    const kept = Object.fromEntries(Object.entries(response.headers()).filter(([name]) => !headers.includes(name)));
    await route.fulfill({ response, headers: kept });
  });
  await open(page);
}

plain('a page that is not isolated has one thread and the same vectors', async ({ page }) => {
  await open(page);
  const want = await embedWith(page, 1, texts.slice(0, 6));
  await without(page, ['cross-origin-opener-policy', 'cross-origin-embedder-policy']);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  const have = await page.evaluate(async (texts) => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads: 2 });
    const { data } = await embed(texts, { pooling: 'prompt' });
    const { threads, reasons } = embed.capabilities();
    const page = lodestone.capabilities();
    await embed.dispose();
    return { bits: Array.from(new Uint32Array(data.buffer)), threads, reason: reasons.threads, page: page.threads };
  }, texts.slice(0, 6));
  expect(have).toMatchObject({ threads: 1, page: 1 });
  expect(have.reason).toContain('cross-origin isolation');
  expect(have.bits).toEqual(want.bits);
});

for (const missing of ['kernels-shared', 'worker.js']) {
  test(`where the kernel workers get no ${missing} one thread runs`, async ({ page }) => {
    await page.evaluate((missing) => {
      if (missing === 'worker.js') {
        const Real = Worker;
        globalThis.Worker = class extends Real {
          constructor(url: string | URL, options?: WorkerOptions) {
            super(options?.name === 'lodestone-kernels' ? '/missing' : url, options);
          }
        };
        return;
      }
      const post = Worker.prototype.postMessage;
      Worker.prototype.postMessage = function (this: Worker, message: { type: string; assets?: Record<string, unknown> }, ...rest: []) {
        const url = `${location.origin}/missing`;
        if (message.type === 'start') message.assets!['sharedKernels'] = { simd128: url, relaxed: url };
        return post.call(this, message, ...rest);
      };
    }, missing);
    const say = missing === 'worker.js' ? 'did not start' : 'status 404';
    const r = await page.evaluate(async (say) => {
      const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads: 2 });
      await embed('a text');
      const began = performance.now();
      while (!embed.capabilities().reasons.threads.includes(say) && performance.now() - began < 10_000) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const { dims } = await embed('another', { pooling: 'mean' });
      const { threads, reasons } = embed.capabilities();
      await embed.dispose();
      return { dims, threads, reason: reasons.threads };
    }, say);
    expect(r).toMatchObject({ dims: [1, 256], threads: 1 });
    expect(r.reason).toContain(say);
    expect(r.reason).toContain(missing === 'worker.js' ? missing : '/missing');
  });
}
