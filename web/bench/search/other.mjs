// The other engines on the same pages and questions: Pagefind, MiniSearch and Orama, each with
// its defaults for English. Writes ENGINE.json beside questions.json: a list of pages for
// each question.
//
//	node other.mjs DIR      (DIR has pages/ and questions.json)
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// npm's packages lie beside this file, or in another folder.
const modules = path.resolve(process.env.SEARCH_BENCH_MODULES ?? path.dirname(fileURLToPath(import.meta.url)));
const require = createRequire(path.join(modules, 'x.js'));
const dir = path.resolve(process.argv[2]);
const questions = JSON.parse(readFileSync(path.join(dir, 'questions.json'), 'utf8'));

function write(engine, lists) {
  writeFileSync(path.join(dir, `${engine}.json`), JSON.stringify(lists));
  console.log(`${engine}: ${lists.filter((l) => l.length > 0).length} of ${lists.length} questions have results`);
}

/** Pagefind as it is: its own extraction of the pages, its own index, its own search. */
async function pagefind() {
  const out = path.join(dir, 'pagefind');
  rmSync(out, { recursive: true, force: true });
  const bin = path.join(modules, 'node_modules/pagefind/lib/runner/bin.cjs');
  const run = spawnSync(process.execPath, [bin, '--site', path.join(dir, 'pages'), '--output-path', out, '--force-language', 'en'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(run.stderr + run.stdout);
  // Its module fetches; here the files are on disk.
  globalThis.fetch = async (url) => new Response(readFileSync(path.join(out, new URL(url, 'http://x/').pathname.replace(/^.*?\/pagefind\//, ''))));
  globalThis.location = new URL('http://x/');
  globalThis.window = globalThis;
  globalThis.document = { querySelector: () => ({ getAttribute: () => 'en' }), documentElement: { lang: 'en' }, currentScript: null };
  const api = await import(pathToFileURL(path.join(out, 'pagefind.js')).href);
  await api.options({ basePath: 'http://x/pagefind/', baseUrl: '/' });
  const lists = [];
  for (const q of questions) {
    const found = await api.search(q.text);
    const data = await Promise.all(found.results.slice(0, 10).map((r) => r.data()));
    lists.push(data.map((d) => decodeURI(d.raw_url ?? d.url).replace(/^\//, '').replace(/(^|\/)$/, '$1index.html')));
  }
  write('pagefind', lists);
}

/** The pages as `lode index` reads them: title, headings and text. */
const pages = () => readFileSync(path.join(dir, 'pages.jsonl'), 'utf8').trim().split('\n').map((l) => JSON.parse(l));

function minisearch() {
  const MiniSearch = require('minisearch');
  const index = new (MiniSearch.default ?? MiniSearch)({ fields: ['title', 'headings', 'text'], idField: 'id', searchOptions: { boost: { title: 2, headings: 1.5 }, prefix: true, fuzzy: 0.2 } });
  index.addAll(pages());
  write('minisearch', questions.map((q) => index.search(q.text).slice(0, 10).map((r) => r.id)));
}

async function orama() {
  const { create, insertMultiple, search } = await import(pathToFileURL(require.resolve('@orama/orama')).href);
  const db = create({ schema: { id: 'string', title: 'string', headings: 'string', text: 'string' }, language: 'english' });
  await insertMultiple(db, pages());
  const lists = [];
  for (const q of questions) {
    const found = await search(db, { term: q.text, limit: 10, threshold: 1, boost: { title: 2, headings: 1.5 } });
    lists.push(found.hits.map((h) => h.document.id));
  }
  write('orama', lists);
}

const only = process.argv[3];
for (const engine of [minisearch, orama, pagefind].filter((e) => !only || e.name === only)) {
  try { await engine(); } catch (e) { console.error(engine.name, e); process.exitCode = 1; }
}
