// A worked example of an index past one isolate: vectors of the edge worker in Postgres with
// pgvector. make edge-pgvector
//
// DATABASE_URL is a database with the extension "vector". Without it, Postgres from PyPI's
// pgserver is started in a folder of its own; PGSERVER is where it lies.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startWorkerd } from './workerd.mjs';

const MODEL = 'prompt-magneto-en-de-fr';
const DOCUMENTS = [
  'The train leaves from platform nine.', 'Our shop is closed on Sundays.', 'The museum opens at ten in the morning.',
  'Dogs must be kept on a lead.', 'Payment is due within thirty days.', 'The doctor is on holiday this week.',
  'Please return books by Friday.', 'The lift is out of order.', 'Tickets are sold at the entrance.', 'It will rain in the afternoon.',
];
const QUERIES = ['Wann öffnet das Museum?', 'Le magasin est fermé le dimanche.', 'Von welchem Gleis fährt der Zug?'];

/** Starts Postgres of pgserver; it does not run as root. */
async function startPostgres() {
  const bin = path.join(process.env.PGSERVER, 'pgserver/pginstall/bin');
  const data = await mkdtemp(path.join(os.tmpdir(), 'lodestone-pgvector-'));
  const user = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (user.uid) await chown(data, user.uid, user.gid);
  execFileSync(path.join(bin, 'initdb'), ['-D', path.join(data, 'db'), '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'], { ...user, stdio: 'ignore', cwd: data });
  const child = spawn(path.join(bin, 'postgres'), ['-D', path.join(data, 'db'), '-k', data, '-c', 'listen_addresses='], { ...user, stdio: 'ignore', cwd: data });
  return {
    connection: { host: data, user: 'postgres', database: 'postgres' },
    async end() {
      child.kill('SIGINT');
      await new Promise((resolve) => (child.exitCode === null ? child.on('exit', resolve) : resolve()));
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function connect(connection) {
  for (let tries = 0; ; tries++) {
    const client = new pg.Client(connection);
    try {
      await client.connect();
      return client;
    } catch (e) {
      if (tries === 100) throw e;
      await new Promise((resolve) => setTimeout(resolve, 200)); // it is starting
    }
  }
}

const postgres = process.env.DATABASE_URL ? { connection: process.env.DATABASE_URL, end() {} } : await startPostgres();
const worker = await startWorkerd({ address: '127.0.0.1:0', stdio: 'ignore' });
const db = await connect(postgres.connection);
try {
  /** Vectors of texts, from the worker. */
  const embed = async (input) => {
    const r = await fetch(`${worker.url}/v1/embeddings`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ model: MODEL, input }) });
    if (!r.ok) throw new Error(await r.text());
    return (await r.json()).data.map((d) => d.embedding);
  };
  const vectors = await embed(DOCUMENTS);
  await db.query('CREATE EXTENSION IF NOT EXISTS vector');
  await db.query(`CREATE TEMPORARY TABLE documents (id int PRIMARY KEY, text text NOT NULL, embedding vector(${vectors[0].length}) NOT NULL)`);
  for (const [id, text] of DOCUMENTS.entries()) {
    await db.query('INSERT INTO documents VALUES ($1, $2, $3)', [id, text, JSON.stringify(vectors[id])]);
  }
  // Vectors have unit length: the inner product is the cosine.
  await db.query('CREATE INDEX ON documents USING hnsw (embedding vector_ip_ops)');
  await db.query('SET enable_seqscan = off'); // so few rows would be read without the index
  const dot = (a, b) => a.reduce((s, x, i) => s + x * b[i], 0);
  for (const [i, vector] of (await embed(QUERIES)).entries()) {
    const { rows } = await db.query('SELECT id, text, -(embedding <#> $1) AS score FROM documents ORDER BY embedding <#> $1 LIMIT 3', [JSON.stringify(vector)]);
    const exact = vectors.map((v, id) => ({ id, score: dot(v, vector) })).sort((a, b) => b.score - a.score).slice(0, 3);
    console.log(`${QUERIES[i]}\n${rows.map((r) => `  ${r.score.toFixed(3)}  ${r.text}`).join('\n')}`);
    assert.deepEqual(rows.map((r) => r.id), exact.map((e) => e.id), 'the index finds what an exact search finds');
    for (const [k, r] of rows.entries()) assert.ok(Math.abs(r.score - exact[k].score) < 1e-5);
  }
  const { rows } = await db.query("SELECT version(), extversion FROM pg_extension WHERE extname = 'vector'");
  console.log(`pgvector ${rows[0].extversion}, ${rows[0].version.split(',')[0]}`);
} finally {
  await db.end();
  await postgres.end();
  worker.child.kill('SIGKILL');
}
