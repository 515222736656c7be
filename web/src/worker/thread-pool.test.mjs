// node --test web/src/worker/thread-pool.test.mjs
//
// How many threads a pool takes, and when it times them again, with kernels that are told how
// long a call takes on each number of threads. The real kernels: web/e2e/threads.spec.ts.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { transform } from 'esbuild';

const source = await readFile(new URL('thread-pool.ts', import.meta.url), 'utf8');
const { code } = await transform(source, { loader: 'ts', format: 'esm' });
const { ThreadPool } = await import(`data:text/javascript,${encodeURIComponent(code)}`);

/**
 * A pool whose kernels have a clock of their own. set holds the arguments of set_threads; rates
 * the time of a call, by the number of threads; late the number of late joins since the last
 * query; reports and orders what the pool sent to the page.
 */
function pool(t, { option = 'auto', threads = 2, rates = { 1: 1, 2: 0.5 }, start = true } = {}) {
  const w = { now: 1000, rates, late: 0, set: [], reports: [], orders: [], timers: [] };
  t.mock.method(performance, 'now', () => w.now);
  t.mock.method(globalThis, 'setTimeout', (f, ms) => void w.timers.push({ f, ms }));
  let taken = 1;
  let entered = 0;
  const kernels = {
    set_threads: (n) => {
      w.set.push(n);
      taken = n;
    },
    threads: () => Math.min(taken, entered + 1),
    thread_count: () => entered + 1,
    thread_late: () => {
      const { late } = w;
      w.late = 0;
      return late;
    },
    thread_tiles: () => 1,
    thread_awake: () => 0,
    thread_ticket: () => 0,
    thread_scratch: () => 0,
    linear_f32: () => void (w.now += w.rates[kernels.threads()]),
  };
  const order = (o) => {
    w.orders.push(o.do);
    if (o.do === 'run') entered++;
  };
  w.pool = new ThreadPool(kernels, { threads, auto: option === 'auto', reason: 'planned' }, (r) => w.reports.push(r), order);
  w.threads = () => kernels.threads();
  w.pool.start(null, null);
  if (start) for (let index = 1; index < threads; index++) w.pool.receive({ index, is: 'ready' });
  return w;
}

/** Whether the pool times the threads again. */
function timesAgain(w) {
  const before = w.set.length;
  w.pool.settle();
  return w.set.length > before;
}

test('threads are taken if they are faster, the fastest number of them', (t) => {
  const cases = [
    { threads: 2, rates: { 1: 1, 2: 0.5 }, takes: 2 },
    { threads: 2, rates: { 1: 1, 2: 0.95 }, takes: 1 },
    { threads: 4, rates: { 1: 1, 2: 0.5, 4: 0.7 }, takes: 2 },
    { threads: 4, rates: { 1: 1, 2: 0.5, 4: 0.3 }, takes: 4 },
  ];
  for (const { takes, ...options } of cases) {
    const w = pool(t, options);
    assert.equal(w.threads(), takes);
    assert.equal(w.reports.at(-1).threads, takes);
    assert.match(w.reports.at(-1).reason, /\d threads are \d\.\d\d times as fast as one here/);
    t.mock.restoreAll();
  }
});

test('after late joins threads are timed again, and dropped if they are not faster any more', (t) => {
  const w = pool(t);
  assert.equal(w.threads(), 2);
  w.now += 600;
  w.late = 3;
  w.rates = { 1: 1, 2: 1.5 }; // another program takes the second processor
  assert.ok(timesAgain(w));
  assert.equal(w.threads(), 1);
  assert.deepEqual(w.reports.at(-1), { threads: 1, reason: 'one thread: 2 threads are 0.67 times as fast as one here, 1.1 times are needed' });
});

test('after late joins threads stay if they are still faster', (t) => {
  const w = pool(t);
  w.now += 600;
  w.late = 3;
  assert.ok(timesAgain(w));
  assert.equal(w.threads(), 2);
  w.now += 600;
  assert.ok(!timesAgain(w), 'the late joins were counted twice');
});

test('late joins of several requests add up', (t) => {
  const w = pool(t);
  for (const late of [1, 1]) {
    w.now += 600;
    w.late = late;
    assert.ok(!timesAgain(w));
  }
  w.late = 1;
  assert.ok(timesAgain(w));
});

test('without late joins, or soon after the last timing, threads stay as they are', (t) => {
  const w = pool(t);
  for (let i = 0; i < 100; i++) {
    w.now += 10_000;
    assert.ok(!timesAgain(w));
  }
  w.now += 10_000;
  w.late = 2;
  assert.ok(!timesAgain(w));
  w.late = 1;
  assert.ok(timesAgain(w));
  w.now += 400;
  w.late = 50;
  assert.ok(!timesAgain(w), 'it was timed 0.4 seconds ago');
  w.now += 200;
  assert.ok(timesAgain(w), 'the late joins were dropped');
});

test('while one thread is the fastest, more are tried after a pause that doubles up to a minute', (t) => {
  const w = pool(t, { rates: { 1: 1, 2: 2 } });
  assert.equal(w.threads(), 1);
  const pauses = [];
  for (let since = w.now; pauses.length < 10; ) {
    w.now += 100;
    if (timesAgain(w)) {
      pauses.push(Math.round((w.now - since) / 100) * 100);
      since = w.now;
    }
  }
  for (const [i, pause] of pauses.entries()) {
    const want = Math.min(500 * 2 ** i, 60_000);
    assert.ok(pause >= want && pause < want + 400, `pause ${i} is ${pause} ms, expected ${want}`);
  }
  w.rates = { 1: 1, 2: 0.5 };
  w.now += 61_000;
  assert.ok(timesAgain(w));
  assert.equal(w.threads(), 2);
});

test('a number that was asked for is never timed', (t) => {
  const w = pool(t, { option: 2, rates: { 1: 1, 2: 5 } });
  w.now += 100_000;
  w.late = 100;
  assert.ok(!timesAgain(w));
  assert.deepEqual(w.set, [2]);
  assert.deepEqual(w.reports.at(-1), { threads: 2, reason: 'planned' });
});

test('threads that never start are terminated, and nothing is timed', (t) => {
  const w = pool(t, { start: false });
  assert.deepEqual(w.orders, ['start']);
  w.late = 9;
  w.now += 100_000;
  assert.ok(!timesAgain(w));
  const { f, ms } = w.timers[0];
  assert.equal(ms, 10_000);
  f();
  assert.deepEqual(w.orders, ['start', 'terminate']);
  assert.match(w.reports.at(-1).reason, /did not start a worker for thread 1 within 10 seconds/);
  assert.ok(!timesAgain(w));
});
