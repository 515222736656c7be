// node --test web/src/worker/stream.test.mjs
//
// What a ByteStream reads of servers that break, fall silent, or change a file while it is
// read. The clock is the test's: pauses and silences take no time. Real servers and browsers:
// web/e2e/faults.spec.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { build } from 'esbuild';

const { outputFiles } = await build({ entryPoints: [new URL('stream.ts', import.meta.url).pathname], bundle: true, format: 'esm', write: false });
const { ByteStream } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);

const FILE = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7 + (i >> 8)) & 255);

/** A clock that runs only when somebody waits: a timer fires once nothing else can happen. */
function clockOf() {
  const c = { time: 0, timers: new Set() };
  c.clock = {
    now: () => c.time,
    after(ms, callback) {
      const timer = { at: c.time + ms, callback };
      c.timers.add(timer);
      setTimeout(function fire() {
        if (!c.timers.has(timer)) return;
        if ([...c.timers].some((t) => t.at < timer.at)) return void setTimeout(fire, 1);
        c.timers.delete(timer);
        c.time = Math.max(c.time, timer.at);
        callback();
      }, 5);
      return () => c.timers.delete(timer);
    },
  };
  return c;
}

/** The body that a server sends: pieces, and then the end, a broken connection, or silence. */
function body(pieces, end) {
  let i = 0;
  return new ReadableStream({
    pull(controller) {
      if (i < pieces.length) return controller.enqueue(pieces[i++].slice());
      if (end === 'silence') return new Promise(() => {});
      return end === 'break' ? controller.error(new TypeError('network error')) : controller.close();
    },
  });
}

const whole = (file, headers = {}, end = 'end') => new Response(body([file], end), { headers: { 'content-length': String(FILE.length), etag: '"a"', ...headers } });
const part = (file, from, { status = 206, first = from, headers = {}, end = 'end' } = {}) =>
  new Response(body([file.subarray(from)], end), { status, headers: { etag: '"a"', 'content-range': `bytes ${first}-${file.length - 1}/${file.length}`, ...headers } });

/** Reads all of a file that answers serves, by the number of the request. */
async function read(answers, { retries = 3, park = false } = {}) {
  const { clock, ...c } = clockOf();
  const asked = [];
  const retried = [];
  const open = async (from, ifRange) => {
    asked.push({ from, ifRange });
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    return answer(from);
  };
  const s = new ByteStream(
    { name: 'model.safetensors', open, patience: { stallTimeout: 30_000, retries, clock }, signal: new AbortController().signal },
    { begin() {}, add() {}, end() {}, retry: (reason, repetition) => retried.push({ reason, repetition }) },
  );
  const got = [];
  for (;;) {
    const chunk = await s.read(777);
    if (chunk.length === 0) break;
    got.push(...chunk);
    if (park && got.length === 777) await s.park();
  }
  return { got: Uint8Array.from(got), asked, retried, c };
}

const other = FILE.map((b) => b ^ 1);

for (const [name, answers] of [
  ['a connection that breaks goes on where it broke', [() => whole(FILE.subarray(0, 3000), {}, 'break'), (from) => part(FILE, from)]],
  ['a connection that falls silent goes on, too', [() => whole(FILE.subarray(0, 3000), {}, 'silence'), (from) => part(FILE, from)]],
  ['a body that ends before its stated length counts as broken', [() => whole(FILE.subarray(0, 3000)), (from) => part(FILE, from)]],
  ['a server without ranges sends the file again', [() => whole(FILE.subarray(0, 3000), {}, 'break'), () => whole(FILE)]],
  ['a compressed form has the same ETag but for its mark', [() => whole(FILE.subarray(0, 3000), { etag: 'W/"a-gzip"' }, 'break'), (from) => part(FILE, from)]],
]) {
  test(name, async () => {
    const { got, asked, retried } = await read(answers);
    assert.deepEqual(got, FILE);
    assert.equal(asked.length, 2);
    assert.equal(asked[1].from, 3000 - 1024); // 1024 bytes come again, to be compared
    assert.equal(retried.length, 1);
  });
}

test('If-Range holds a strong ETag, or else the date', async () => {
  const strong = await read([() => whole(FILE.subarray(0, 3000), {}, 'break'), (from) => part(FILE, from)]);
  assert.equal(strong.asked[1].ifRange, '"a"');
  const date = 'Mon, 30 Nov 2026 12:00:00 GMT';
  const weak = await read([() => whole(FILE.subarray(0, 3000), { etag: 'W/"a"', 'last-modified': date }, 'break'), (from) => part(FILE, from)]);
  assert.equal(weak.asked[1].ifRange, date);
});

for (const [name, second, code, sentence] of [
  ['another ETag', (from) => part(FILE, from, { headers: { etag: '"b"' } }), 'integrity', /changed on the server while it was read \(ETag "b", before "a"\)/],
  ['another size', (from) => part(FILE.subarray(0, 4000), from), 'integrity', /4000 bytes, before 5000/],
  ['other bytes without an ETag', (from) => part(other, from, { headers: { etag: '' } }), 'integrity', /byte \d+ differs/],
  ['other bytes from the beginning', () => whole(other), 'integrity', /byte \d+ differs/],
  ['another range than was requested', (from) => part(FILE, from + 4, { first: from + 4 }), 'network', /from byte 1980, expected 1976/],
  ['a range that is shifted without a word', (from) => part(FILE, from + 4, { first: from }), 'integrity', /byte \d+ differs/],
  ['no such range', () => new Response(null, { status: 416 }), 'integrity', /ends before byte 3000 of 5000/],
]) {
  for (const park of [false, true]) {
    test(`${name} is refused ${park ? 'after a pause in reading' : 'after a broken connection'}`, async () => {
      // Before a pause only one chunk was read, of 3000 bytes; the connection itself is sound.
      const first = park ? () => new Response(body([FILE.subarray(0, 3000), FILE.subarray(3000)], 'end'), { headers: { 'content-length': '5000', etag: '"a"' } }) : () => whole(FILE.subarray(0, 3000), {}, 'break');
      await assert.rejects(read([first, second], { park }), (e) => e.code === code && sentence.test(e.message));
    });
  }
}

test('after as many repetitions as allowed the error says how much had come', async () => {
  const dead = () => whole(new Uint8Array(0), {}, 'break');
  await assert.rejects(read([() => whole(FILE.subarray(0, 3000), {}, 'break'), dead], { retries: 0 }), /broke after 3000 of 5000 bytes/);
  const silence = (from) => part(FILE.subarray(0, from), from, { end: 'silence', headers: { 'content-range': `bytes ${from}-4999/5000` } });
  await assert.rejects(read([() => whole(FILE.subarray(0, 3000), {}, 'silence'), silence]), (e) => e.code === 'network' && /after 3000 of 5000 bytes.*no answer for 30 seconds/.test(e.message));
});

test('a trickle is silence', async () => {
  const drop = () => {
    let i = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => clock.clock.after(1000, resolve)); // a byte a second
          controller.enqueue(FILE.slice(i, ++i));
        },
      }),
      { headers: { 'content-length': '5000' } },
    );
  };
  const clock = clockOf();
  const s = new ByteStream(
    { name: 'f', open: async () => drop(), patience: { stallTimeout: 30_000, retries: 0, clock: clock.clock }, signal: new AbortController().signal },
    { begin() {}, add() {}, end() {}, retry() {} },
  );
  await assert.rejects(
    (async () => {
      while ((await s.read(10)).length > 0);
    })(),
    /after (29|30) of 5000 bytes.*no answer for 30 seconds/,
  );
});
