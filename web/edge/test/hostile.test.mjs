// Bad input under workerd: each request has the right status and names what is wrong, others
// are served meanwhile, and nothing of a text is logged.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { bucket } from './bucket.mjs';
import { ID, post, TAGGER, TOKEN, vectors, withWorker, worker } from './worker.mjs';

/** It is in every text below, and must not be in a log or an answer. */
const SECRET = 'zirkonium';
const S = JSON.stringify(`the ${SECRET}`);
const M = `"model":"${ID}"`;
const E = '/v1/embeddings';

// [what, status, what the answer names, address, body, headers or method]
const hostile = [
  ['no body', 400, 'JSON', E, ''],
  ['not JSON', 400, 'JSON', E, SECRET],
  ['half a body', 400, 'JSON', E, `{${M},"input":"${SECRET}`],
  ['two bodies', 400, 'JSON', E, `{${M},"input":${S}}{}`],
  ['an array', 400, 'JSON object', E, `[${S}]`],
  ['null', 400, 'JSON object', E, 'null'],
  ['NaN', 400, 'JSON', E, `{${M},"input":${S},"dimensions":NaN}`],
  ['half a surrogate pair', 400, 'surrogate', E, `{${M},"input":"${SECRET} \\ud83d"}`],
  ['a byte that is not UTF-8', 400, 'UTF-8', E, Buffer.concat([Buffer.from(`{${M},"input":"${SECRET}`), Buffer.of(0xff), Buffer.from('"}')])],
  ['deep arrays', 400, 'nested deeper than 32', E, `{${M},"input":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ['no model', 400, '"model"', E, `{"input":${S}}`],
  ['a number for model', 400, '"model"', E, `{"model":7,"input":${S}}`],
  ['an unknown model', 404, '"model"', E, `{"model":"${SECRET}","input":${S}}`],
  ['a model of another task', 404, '"model"', E, `{"model":"${TAGGER}","input":${S}}`],
  ['no input', 400, '"input"', E, `{${M}}`],
  ['an empty string', 400, '"input"', E, `{${M},"input":""}`],
  ['an empty string among others', 400, 'input[1]', E, `{${M},"input":[${S},""]}`],
  ['an empty array', 400, '"input"', E, `{${M},"input":[]}`],
  ['an object', 400, '"input"', E, `{${M},"input":{"text":${S}}}`],
  ['texts and numbers', 400, 'input[1]', E, `{${M},"input":[${S},7]}`],
  ['a negative id', 400, '"input"', E, `{${M},"input":[-1]}`],
  ['an id outside the vocabulary', 400, 'input[1][0]', E, `{${M},"input":[[5],[16384]]}`],
  ['a fraction of an id', 400, 'input[0]', E, `{${M},"input":[1.5]}`],
  ['too many texts', 400, '2048', E, `{${M},"input":[${'"a",'.repeat(2048)}"a"]}`],
  ['too long a text', 400, 'input[1]', E, `{${M},"input":["a","${`${SECRET} `.repeat(300)}"]}`],
  ['too many tokens', 400, '32768 tokens', E, `{${M},"input":[${`"${'a '.repeat(100)}",`.repeat(500)}"a"]}`],
  ['too large a body', 413, 'body_too_large', E, `{${M},"input":"${SECRET.repeat(200_000)}"}`],
  ['an unknown encoding_format', 400, '"encoding_format"', E, `{${M},"input":${S},"encoding_format":"${SECRET}"}`],
  ['dimensions that it was not trained for', 400, '"dimensions"', E, `{${M},"input":${S},"dimensions":8}`],
  ['no address', 404, 'openapi.json', `/v1/${SECRET}`, '{}'],
  ['a static asset', 404, 'openapi.json', `/models/${ID}/config.json`, undefined, { method: 'GET' }],
  ['another method', 405, 'POST', E, undefined, { method: 'GET' }],
  ['no token', 401, 'Authorization', E, `{${M},"input":${S}}`, { Authorization: '' }],
  ['another token', 401, 'Authorization', E, `{${M},"input":${S}}`, { Authorization: `Bearer ${SECRET}` }],
  ['another type', 415, 'Content-Type', E, S, { 'Content-Type': 'text/plain' }],
  ['no query', 400, '"query"', '/v1/rerank', `{"documents":[${S}]}`],
  ['a document without text', 400, 'documents[1]', '/v1/rerank', `{"query":${S},"documents":[${S},{"title":${S}}]}`],
  ['no place to return', 400, '"top_n"', '/v1/rerank', `{"query":${S},"documents":[${S}],"top_n":0}`],
  ['an unknown strategy', 400, '"aggregation_strategy"', '/v1/entities', `{"input":${S},"aggregation_strategy":"${SECRET}"}`],
  ['no model for the task', 404, '"model"', '/v1/translate', `{"input":${S}}`],
  ['another type to embed', 422, 'inputs', '/embed', '{"inputs":7}'],
  ['too long to embed', 413, 'inputs', '/embed', `{"inputs":"${`${SECRET} `.repeat(300)}"}`],
];

let shared;
before(async () => (shared = await worker({ vars: { TOKENS: TOKEN, BUDGET: '600000' } })));
after(() => shared?.end());

const send = (to, body, { method = 'POST', ...headers } = {}) =>
  fetch(shared.url + to, { method, body, headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}`, ...headers } });

test('hostile requests are refused by name, and nothing of their texts is logged', async () => {
  assert.ok(hostile.length >= 40);
  await vectors(await post(shared, E, { model: ID, input: `the ${SECRET}` }));
  for (const [what, status, names, to, body, how] of hostile) {
    const r = await send(to, body, how);
    const text = await r.text();
    assert.equal(r.status, status, `${what}: ${text}`);
    assert.ok(text.includes(names) && !text.includes(SECRET), `${what}: ${text}`);
    assert.match(r.headers.get('x-request-id'), /^req_/, what);
    const { error, error_type } = JSON.parse(text);
    assert.ok(error_type ? typeof error === 'string' : error.message && error.type && 'param' in error && error.code, `${what}: ${text}`);
  }
  await vectors(await post(shared, E, { model: ID, input: `the ${SECRET}` }));
  const lines = shared.log().split('\n').filter((l) => l.includes('"msg":"request"'));
  assert.equal(lines.length, hostile.length + 2);
  for (const part of [SECRET, TOKEN, '127.0.0.1']) assert.ok(!shared.log().includes(part), `${part} is in the log`);
});

test('a body without a length that is longer than the limit is refused', async () => {
  let left = 64; // parts of 64 KiB
  const body = new ReadableStream({ pull: (c) => (left-- > 0 ? c.enqueue(new Uint8Array(1 << 16).fill(97)) : c.close()) });
  const r = await fetch(shared.url + E, { method: 'POST', body, duplex: 'half', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}` } }).catch((e) => e);
  if (r instanceof Error) return; // the connection was closed before the client had read the answer
  assert.equal(r.status, 413);
});

/** A request whose body does not go on. */
function slow(w) {
  const r = http.request(w.url + E, { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}`, 'Content-Length': 1000 } });
  r.on('error', () => {}); // some are destroyed below
  r.write('{"model":');
  return r;
}

test('slow bodies and clients that leave keep nobody waiting', async () => {
  const all = Array.from({ length: 80 }, () => slow(shared));
  await vectors(await post(shared, E, { model: ID, input: 'a' }));
  for (const r of all) r.destroy();
  await vectors(await post(shared, E, { model: ID, input: 'a' }));
});

test('a body that does not arrive within the budget is refused', async () => {
  await withWorker({ vars: { BUDGET: '1000', TOKENS: TOKEN } }, async (w) => {
    const r = await new Promise((resolve) => slow(w).on('response', resolve));
    r.setEncoding('utf8');
    let text = '';
    for await (const part of r) text += part;
    assert.equal(r.statusCode, 400, text);
    assert.equal(JSON.parse(text).error.code, 'incomplete_body');
  });
});

// A bucket that does not answer is what takes long here: a static asset of this machine is
// there at once, and then no timer runs before the answer.
test('a request that takes longer than its budget is given up, and the next one is answered', async (t) => {
  const b = await bucket(t);
  await withWorker({ vars: { TOKENS: TOKEN, BUDGET: '15000' }, bucket: b.address }, async (w) => {
    b.hold();
    const r = await post(w, E, { model: ID, input: 'a' });
    const { error } = await r.json();
    assert.deepEqual([r.status, error.code, error.param], [503, 'unavailable', null]);
    assert.ok(r.headers.get('retry-after') && r.headers.get('x-request-id'));
    b.release();
    await vectors(await post(w, E, { model: ID, input: 'a' }));
  });
});

test('more requests than may wait are refused with status 429, before any work is done', async (t) => {
  const b = await bucket(t);
  await withWorker({ vars: { TOKENS: TOKEN, BUDGET: '600000' }, bucket: b.address }, async (w) => {
    b.hold();
    const statuses = [];
    const all = Array.from({ length: 100 }, async () => {
      const r = await post(w, E, { model: ID, input: SECRET });
      const text = await r.text();
      if (r.status === 429) {
        const { error } = JSON.parse(text);
        assert.deepEqual([error.type, error.code, error.param, r.headers.get('retry-after')], ['rate_limit_error', 'overloaded', null, '1']);
        assert.match(r.headers.get('x-request-id'), /^req_/);
      }
      statuses.push(r.status);
      if (statuses.length === 36) b.release(); // the load goes on once all others are refused
    });
    await Promise.all(all);
    assert.deepEqual(statuses, [...Array(36).fill(429), ...Array(64).fill(200)]);
    assert.ok(!w.log().includes(SECRET));
  });
});
