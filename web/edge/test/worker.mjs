// What the tests have in common: a worker under workerd on a free port, and requests to it.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startWorkerd } from '../workerd.mjs';

export const edge = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const root = path.resolve(edge, '../..');
export const dist = path.join(edge, 'dist');
export const ID = 'prompt-magneto-en-de-fr';
export const TAGGER = 'tagger-magneto-en-de';
export const TOKEN = 'a-token-of-this-test';
export const TEXTS = ['Guten Morgen', 'good morning', 'The cat sat on the mat.', 'Die Katze 🙂 schläft.'];

/**
 * Starts a worker; change, if given, changes a copy of its files first. log() is what the
 * worker has written.
 */
export async function worker({ vars = {}, change, ...options } = {}) {
  const copy = await mkdtemp(path.join(os.tmpdir(), 'lodestone-edge-'));
  await cp(dist, copy, { recursive: true });
  await change?.(path.join(copy, 'assets/models'));
  const w = await startWorkerd({ address: '127.0.0.1:0', vars, dist: copy, stdio: 'pipe', ...options });
  let log = '';
  for (const stream of [w.child.stdout, w.child.stderr]) stream.on('data', (part) => (log = (log + part).slice(-(1 << 22))));
  return {
    ...w,
    models: path.join(copy, 'assets/models'),
    log: () => log,
    async end() {
      w.child.kill('SIGKILL');
      await rm(copy, { recursive: true, force: true });
    },
  };
}

/** Calls f with a worker, and ends it. */
export async function withWorker(options, f) {
  const w = await worker(options);
  try {
    await f(w);
  } finally {
    await w.end();
  }
}

export const post = (w, to, body, headers = {}) =>
  fetch(w.url + to, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}`, ...headers },
  });

/** The vectors of an answer of /v1/embeddings. */
export async function vectors(r) {
  const text = await r.text();
  assert.equal(r.status, 200, text);
  return JSON.parse(text).data.map((d) => d.embedding);
}

/** Calls f(i) for each i below n, so many at a time. */
export async function each(n, concurrency, f) {
  let next = 0;
  const client = async () => {
    for (let i = next++; i < n; i = next++) await f(i);
  };
  await Promise.all(Array.from({ length: concurrency }, client));
}

/** A metric of /metrics by its name and labels. */
export async function metric(w, name) {
  const text = await (await fetch(`${w.url}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } })).text();
  const line = text.split('\n').find((l) => l.startsWith(`${name} `));
  assert.ok(line, `${name} is not in ${text}`);
  return Number(line.slice(name.length));
}

/** The most memory that Cloudflare allows an isolate, in bytes. */
export const LIMIT = 128e6;

export const mb = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** The bytes of both WebAssembly memories. */
export const wasmMemory = async (w) => (await metric(w, 'lodestone_memory_bytes{part="program"}')) + (await metric(w, 'lodestone_memory_bytes{part="kernels"}'));

/** The weights of a model, as built. */
export const weights = (id) => readFile(path.join(dist, 'assets/models', id, 'model.safetensors.0'));
