// The worker under workerd, end to end: make edge-test
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startWorkerd } from './workerd.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const ID = 'prompt-magneto-en-de-fr';
const TOKEN = 'a-token-of-this-test';

/** Starts a worker on any port; change, if given, changes a copy of its files first. */
async function worker({ vars = {}, change } = {}) {
  const dist = await mkdtemp(path.join(os.tmpdir(), 'lodestone-edge-'));
  await cp(path.join(here, 'dist'), dist, { recursive: true });
  await change?.(path.join(dist, 'assets/models'));
  const w = await startWorkerd({ address: '127.0.0.1:0', vars, dist, stdio: process.env.EDGE_LOG ? 'inherit' : 'ignore' });
  return {
    ...w,
    models: path.join(dist, 'assets/models'),
    async end() {
      w.child.kill();
      await rm(dist, { recursive: true, force: true });
    },
  };
}

const post = (w, to, body, headers = {}) =>
  fetch(w.url + to, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}`, ...headers } });

const vectors = async (r) => {
  const text = await r.text();
  assert.equal(r.status, 200, text);
  return JSON.parse(text).data.map((d) => d.embedding);
};

/** What lode embed --normalize writes for texts in one call. */
function lodeEmbed(texts) {
  return new Promise((resolve, reject) => {
    const child = execFile(lode, ['embed', '--model', `weights/${ID}`, '--normalize'], { cwd: root, encoding: 'utf8' }, (e, out) =>
      e ? reject(e) : resolve(out.trim().split('\n').map((line) => JSON.parse(line))),
    );
    child.stdin.end(`${texts.join('\n')}\n`);
  });
}

/** The largest resident set of a process so far and now, in MB. */
async function memory(pid) {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)[1]) / 1024;
  return { peak: of('VmHWM'), now: of('VmRSS') };
}

const TEXTS = ['Guten Morgen', 'good morning', 'The cat sat on the mat.', 'Die Katze 🙂 schläft.'];
let shared, tools, lode, alone, together;
before(async () => {
  tools = await mkdtemp(path.join(os.tmpdir(), 'lodestone-edge-'));
  lode = path.join(tools, 'lode');
  await promisify(execFile)('go', ['build', '-o', lode, './weights/lode'], { cwd: root });
  together = await lodeEmbed(TEXTS);
  alone = [];
  for (const text of TEXTS) alone.push((await lodeEmbed([text]))[0]);
  shared = await worker({ vars: { TOKENS: `another-token-of-it ${TOKEN}`, ORIGINS: 'https://a.example' } });
});
after(async () => {
  await shared?.end();
  await rm(tools, { recursive: true, force: true });
});

test('concurrent first requests load the model once, and vectors are those of lode embed to the bit', async () => {
  const answers = await Promise.all(TEXTS.flatMap((input) => [input, [input]]).map((input) => post(shared, '/v1/embeddings', { model: ID, input })));
  for (let i = 0; i < answers.length; i++) assert.deepEqual((await vectors(answers[i]))[0], alone[i >> 1]);
  assert.deepEqual(await vectors(await post(shared, '/v1/embeddings', { model: ID, input: TEXTS })), together);
  const base64 = await vectors(await post(shared, '/v1/embeddings', { model: ID, input: TEXTS, encoding_format: 'base64' }));
  for (const [i, text] of base64.entries()) {
    const bytes = Buffer.from(text, 'base64');
    const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    assert.deepEqual(floats, Float32Array.from(together[i]));
  }
  const metrics = await (await fetch(`${shared.url}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } })).text();
  assert.match(metrics, new RegExp(`lodestone_model_loads_total\\{model="${ID}",outcome="success"\\} 1`));
});

test('a second model is opened by the request that needs it', async () => {
  const text = 'Angela Merkel wohnt in Berlin 🙂.';
  const y = await (await post(shared, '/v1/entities', { input: text })).json();
  const berlin = y.data[0].entities.find((e) => e.text === 'Berlin');
  assert.equal(text.slice(berlin.utf16_start, berlin.utf16_end), 'Berlin');
  assert.equal(berlin.label, 'LOC');
  const ranked = await (await post(shared, '/v1/rerank', { query: 'Guten Morgen', documents: ['The stock market fell.', 'good morning'] })).json();
  assert.deepEqual(ranked.results.map((r) => r.index), [1, 0]);
});

test('bad requests are refused by name', async () => {
  const refused = async (status, r, name) => {
    const text = await r.text();
    assert.equal(r.status, status, text);
    assert.ok(text.includes(name), text);
    assert.match(r.headers.get('x-request-id'), /^req_/);
  };
  await refused(400, await post(shared, '/v1/embeddings', '{"model":'), 'JSON');
  await refused(400, await post(shared, '/v1/embeddings', ''), 'JSON');
  await refused(400, await post(shared, '/v1/embeddings', { model: ID, input: '' }), '"input"');
  await refused(400, await post(shared, '/v1/embeddings', { model: ID, input: 'a', dimensions: 8 }), '"dimensions"');
  await refused(404, await post(shared, '/v1/embeddings', { model: 'none', input: 'a' }), '"model"');
  await refused(413, await post(shared, '/v1/embeddings', { model: ID, input: 'a'.repeat(1 << 20) }), 'body_too_large');
  await refused(415, await post(shared, '/v1/embeddings', 'a', { 'Content-Type': 'text/plain' }), 'Content-Type');
  await refused(401, await post(shared, '/v1/embeddings', { model: ID, input: 'a' }, { Authorization: 'Bearer none-of-our-tokens' }), 'Authorization');
  await refused(405, await fetch(`${shared.url}/v1/embeddings`), 'POST');
  await refused(404, await fetch(`${shared.url}/models/${ID}/config.json`), 'openapi');
  await refused(422, await post(shared, '/embed', { inputs: 7 }), 'error_type');
  // A body without a length that is longer than the limit.
  let left = 64; // parts of 64 KiB
  const chunks = new ReadableStream({
    pull: (c) => (left-- > 0 ? c.enqueue(new Uint8Array(1 << 16).fill(97)) : c.close()),
  });
  const long = await fetch(`${shared.url}/v1/embeddings`, { method: 'POST', body: chunks, duplex: 'half', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}` } }).catch((e) => e);
  if (!(long instanceof Error)) await refused(413, long, 'body_too_large'); // it may be cut off before it has read the answer
});

test('a page of a configured origin may call', async () => {
  const r = await fetch(`${shared.url}/v1/embeddings`, { method: 'OPTIONS', headers: { Origin: 'https://a.example', 'Access-Control-Request-Method': 'POST' } });
  assert.equal(r.status, 204);
  assert.equal(r.headers.get('access-control-allow-origin'), 'https://a.example');
});

test('slow bodies and clients that leave keep nobody waiting', async () => {
  const open = () => {
    const r = http.request(`${shared.url}/v1/embeddings`, { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}`, 'Content-Length': 1000 } });
    r.on('error', () => {}); // it is destroyed below
    r.write('{"model":');
    return r;
  };
  const slow = Array.from({ length: 80 }, open);
  await vectors(await post(shared, '/v1/embeddings', { model: ID, input: 'a' }));
  for (const r of slow) r.destroy();
  await vectors(await post(shared, '/v1/embeddings', { model: ID, input: 'a' }));
});

test('whoever leaves during the first load does not end it for others', async () => {
  const w = await worker();
  try {
    const gone = new AbortController();
    const first = fetch(`${w.url}/v1/embeddings`, { method: 'POST', body: JSON.stringify({ model: ID, input: 'a' }), headers: { 'Content-Type': 'application/json' }, signal: gone.signal });
    const second = post(w, '/v1/embeddings', { model: ID, input: 'a' });
    gone.abort();
    await assert.rejects(first);
    await vectors(await second);
    await vectors(await post(w, '/v1/embeddings', { model: ID, input: 'a' }));
  } finally {
    await w.end();
  }
});

test('weights that are missing, cut or changed are refused, and the next request tries again', async () => {
  const file = (models) => path.join(models, ID, 'model.safetensors.0');
  const whole = await readFile(file(path.join(here, 'dist/assets/models')));
  const changed = Buffer.from(whole);
  changed[changed.length >> 1] ^= 1;
  const w = await worker({ change: (models) => rm(file(models)) });
  try {
    const refused = async () => {
      const r = await post(w, '/v1/embeddings', { model: ID, input: 'a' });
      const text = await r.text();
      assert.equal(r.status, 503, text);
      assert.ok(text.includes('model_unavailable') && r.headers.get('retry-after'), text);
    };
    await refused();
    await writeFile(file(w.models), whole.subarray(0, 1 << 20));
    await refused();
    await writeFile(file(w.models), changed);
    await refused();
    await writeFile(file(w.models), whole);
    await vectors(await post(w, '/v1/embeddings', { model: ID, input: 'a' }));
  } finally {
    await w.end();
  }
});

test('a model in several parts is the same model', async () => {
  const w = await worker({
    async change(models) {
      const dir = path.join(models, ID);
      const whole = await readFile(path.join(dir, 'model.safetensors.0'));
      const sizes = [1000, 1 << 20, 3_000_001];
      sizes.push(whole.length - sizes.reduce((a, b) => a + b));
      let at = 0;
      for (const [i, n] of sizes.entries()) await writeFile(path.join(dir, `model.safetensors.${i}`), whole.subarray(at, (at += n)));
      await writeFile(path.join(dir, 'parts.json'), JSON.stringify({ 'model.safetensors': sizes }));
    },
  });
  try {
    assert.deepEqual(await vectors(await post(w, '/v1/embeddings', { model: ID, input: TEXTS })), together);
  } finally {
    await w.end();
  }
});

test('1000 requests, eight at a time: the same vectors, and memory stays', async (t) => {
  const run = async (n) => {
    let next = 0;
    const took = [];
    const client = async () => {
      for (let i = next++; i < n; i = next++) {
        const began = performance.now();
        const [v] = await vectors(await post(shared, '/v1/embeddings', { model: ID, input: TEXTS[i % TEXTS.length] }));
        took.push(performance.now() - began);
        assert.deepEqual(v, alone[i % TEXTS.length]);
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));
    return took.sort((a, b) => a - b);
  };
  await run(200);
  const warm = await memory(shared.child.pid);
  const began = performance.now();
  const took = await run(1000);
  const seconds = (performance.now() - began) / 1000;
  const end = await memory(shared.child.pid);
  t.diagnostic(`${(1000 / seconds).toFixed(0)} requests a second, latency p50 ${took[500].toFixed(1)} ms, p99 ${took[990].toFixed(1)} ms`);
  t.diagnostic(`workerd: ${warm.now.toFixed(0)} MB after 200 requests, ${end.now.toFixed(0)} MB after 1200, ${end.peak.toFixed(0)} MB at most`);
  assert.ok(end.now < warm.now + 16, `${warm.now} MB became ${end.now} MB`);
});
