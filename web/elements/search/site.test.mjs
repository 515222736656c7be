// node --test web/elements/search/site.test.mjs
//
// The index of a site: the pages that the Go reader finds (testdata/queries.jsonl, made by
// testdata/main.go), and sentences instead of exceptions when something is wrong with it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { load } from './compile.mjs';

const { openSite, Searcher, similar } = await load('site.ts', 'searcher.ts', 'static-vectors.ts');

const folder = new URL('../../examples/sites/hugo/site/search/', import.meta.url);
const address = 'https://example.org/docs/search/';

/** The files of the index, by path. */
function files() {
  const all = new Map([['manifest.json', readFileSync(new URL('manifest.json', folder))]]);
  for (const name of readdirSync(new URL('chunks/', folder))) all.set(`chunks/${name}`, readFileSync(new URL(`chunks/${name}`, folder)));
  return all;
}

/** Opens an index from files in memory. `log` gets the path of each request. */
function open(from, { budget = Infinity, log = [], answer = (body) => new Response(body, { headers: { 'content-length': body.length } }) } = {}) {
  const fetch = async (url) => {
    const path = url.slice(address.length);
    log.push(path);
    const body = from.get(path);
    return body === undefined ? new Response('404', { status: 404 }) : answer(body, path);
  };
  return openSite(address, { fetch, budget });
}

async function search(site, query, options = {}) {
  let last;
  for await (const answer of new Searcher(site).search({ query, limit: 100, meaning: false, filters: {}, ...options })) last = answer;
  return last;
}
const numbers = (answer) => answer.pages.map((p) => p.page);

const code = (wanted) => (e) => e.name === 'IndexError' && e.code === wanted && e.message.length > 20;

test('keywords, vectors and their fusion find what the Go reader finds, in the same order', async () => {
  const site = await open(files());
  const rows = readFileSync(new URL('testdata/queries.jsonl', import.meta.url), 'utf8').trim().split('\n').map((l) => JSON.parse(l));
  assert.ok(rows.length >= 20);
  for (const row of rows) {
    const keywords = await search(site, row.query);
    assert.deepEqual(numbers(keywords), row.keywords, `keywords: ${row.query}`);
    const corrected = Object.entries(row.corrected);
    if (corrected.length === 1) assert.equal(keywords.didYouMean, row.query.replace(...corrected[0]), row.query);
    const near = row.query.trim() ? await similar(site, row.query) : null;
    const pages = near?.known ? [...new Set(near.passages.map((p) => site.pageOf(p.passage)))] : [];
    assert.deepEqual(pages, row.static, `static: ${row.query}`);
    // Pages that have no word of the query and are not similar enough are no answer.
    const shown = row.fused.filter((page) => row.keywords.includes(page) || row.similar.includes(page));
    assert.deepEqual(numbers(await search(site, row.query, { meaning: true })), shown, `fused: ${row.query}`);
  }
});

test('a German query finds English pages', async () => {
  const answer = await search(await open(files()), 'Schlüssel vergessen ', { meaning: true });
  assert.equal(answer.pages[0].title, 'Questions'); // "I forgot the key"
  assert.equal(answer.stage, 'fused');
});

test('a result names its page, its section and the sentence', async () => {
  const [page] = (await search(await open(files()), 'dry-run ')).pages;
  assert.equal(page.title, 'Backups');
  assert.equal(page.url, 'https://example.org/docs/backup.html');
  assert.equal(page.attributes.section, 'Guide');
  assert.deepEqual(page.passages[0].headings, ['Restore']);
  assert.ok(page.passages[0].url.startsWith('https://example.org/docs/backup.html#restore:~:text='), page.passages[0].url);
});

test('filters let pages through that have one of the values', async () => {
  const site = await open(files());
  assert.deepEqual(site.facets[0].name, 'section');
  const all = await search(site, 'notes ');
  const some = await search(site, 'notes ', { filters: { section: ['Help', 'Reference'] } });
  const of = (answer, ...sections) => answer.pages.filter((p) => sections.includes(p.attributes.section)).map((p) => p.title).sort();
  assert.ok(of(all, 'Guide').length > 0);
  assert.deepEqual(of(some, 'Guide', 'Start'), []);
  assert.deepEqual(of(some, 'Help', 'Reference'), of(all, 'Help', 'Reference'));
  assert.deepEqual((await search(site, 'notes ', { filters: { section: ['No such'] } })).pages, []);
});

test('a query transfers few files, and no file twice', async () => {
  const log = [];
  const site = await open(files(), { log });
  await search(site, 'restore a backup ', { meaning: true });
  const first = log.length;
  assert.ok(first < 40, `${first} requests of ${files().size}`);
  await search(site, 'restore a backup ', { meaning: true });
  assert.equal(log.length, first);
  assert.equal(new Set(log).size, first);
});

test('the budget is not passed by one byte, and what fits is shown', async () => {
  const whole = await open(files());
  await search(whole, 'restore a backup ');
  const keywords = whole.store.transferred;
  await search(whole, 'restore a backup ', { meaning: true });
  const both = whole.store.transferred;
  for (const budget of [both - 1, Math.floor((keywords + both) / 2), Math.floor(keywords / 2)]) {
    let site;
    try {
      site = await open(files(), { budget });
    } catch (e) {
      assert.ok(code('overBudget')(e), e);
      continue;
    }
    const answer = await search(site, 'restore a backup ', { meaning: true });
    assert.ok(site.store.transferred <= budget, `${site.store.transferred} of ${budget}`);
    assert.ok(answer.problems.includes('overBudget'));
    if (budget > keywords + 4096) assert.equal(answer.pages[0].title, 'Backups');
  }
});

test('a manifest that is wrong is refused with the reason', async () => {
  const manifest = JSON.parse(files().get('manifest.json'));
  const cases = [
    ['not JSON', '<!doctype html>', 'failed'],
    ['another format', { ...manifest, format: 'pagefind' }, 'failed'],
    ['an older version', { ...manifest, version: 1 }, 'otherVersion'],
    ['a newer version', { ...manifest, version: 3 }, 'otherVersion'],
    ['a language without its table', { ...manifest, translates: 'xx', tables: { ...manifest.tables, translations: undefined } }, 'damaged'],
    ['no tables', { ...manifest, tables: {} }, 'damaged'],
    ['a count that is none', { ...manifest, pages: -1 }, 'damaged'],
    ['more passages than memory', { ...manifest, passages: 1e12 }, 'damaged'],
    ['another number of pages', { ...manifest, pages: manifest.pages + 1 }, 'damaged'],
    ['a list', [], 'damaged'],
  ];
  for (const [name, content, wanted] of cases) {
    const from = files().set('manifest.json', typeof content === 'string' ? content : JSON.stringify(content));
    await assert.rejects(open(from), code(wanted), name);
  }
  const none = files();
  none.delete('manifest.json');
  await assert.rejects(open(none), code('failed'));
  await assert.rejects(open(files().set('manifest.json', ' '.repeat(300 << 10))), code('damaged'));
});

test('a chunk that is missing or damaged costs its part of the answer only', async () => {
  const log = [];
  await search(await open(files(), { log }), 'restore a backup ');
  const texts = log.filter((path) => gunzip(files().get(path)).startsWith('LSTX'));
  assert.ok(texts.length > 0);
  const cases = {
    missing: () => undefined,
    'one bit': (body) => Buffer.from(body.map((b, i) => (i === body.length >> 1 ? b ^ 1 : b))),
    'cut off': (body) => body.subarray(0, body.length >> 1),
    'another chunk': () => files().get(log[1]),
  };
  for (const [name, change] of Object.entries(cases)) {
    const from = files();
    const damaged = change(from.get(texts[0]));
    if (damaged === undefined) from.delete(texts[0]);
    else from.set(texts[0], damaged);
    const answer = await search(await open(from), 'restore a backup ');
    assert.deepEqual(answer.problems, ['damaged'], name);
    assert.ok(answer.total > answer.pages.length, name);
  }
});

test('what is offline in the middle comes back when the network does', async () => {
  let online = true;
  const site = await open(files(), {
    answer: (body) => {
      if (!online) throw new TypeError('Failed to fetch');
      return new Response(body);
    },
  });
  online = false;
  const without = await search(site, 'backup ');
  assert.deepEqual(without.problems, ['offline']);
  assert.deepEqual(without.pages, []);
  online = true;
  const back = await search(site, 'backup ');
  assert.deepEqual(back.problems, []);
  assert.equal(back.pages[0].title, 'Backups');
});

test('whatever bytes a chunk has, the reader ends in values or in an IndexError', async () => {
  // Each chunk that a query reads is changed in a thousand ways; its name is made to fit, so that
  // the fields are read. The numbers come from a generator with a fixed seed.
  let state = 1;
  const random = (n) => (state = (state * 48271) % 2147483647) % n;
  const log = [];
  await search(await open(files(), { log }), 'restore a backup ', { meaning: true, filters: { section: ['Guide'] } });
  const chunks = log.filter((path) => path.startsWith('chunks/'));
  const kinds = new Set();
  for (let round = 0; round < 300; round++) {
    const path = chunks[round % chunks.length];
    const from = files();
    const content = Buffer.from(gunzipSync(from.get(path)));
    kinds.add(content.toString('latin1', 0, 4));
    for (let n = random(4); n >= 0; n--) content[random(Math.min(content.length, 300))] = random(256);
    const body = gzipSync(random(5) === 0 ? content.subarray(0, random(content.length)) : content);
    rename(from, path.slice(7, 39), body);
    try {
      const site = await open(from);
      const answer = await search(site, 'restore a backup ', { meaning: true, filters: { section: ['Guide'] } });
      for (const problem of answer.problems) assert.ok(['damaged', 'otherVersion', 'unknownScript'].includes(problem), `${path}: ${problem}`);
    } catch (e) {
      assert.equal(e.name, 'IndexError', `${path}: ${e.stack}`);
    }
  }
  assert.ok(kinds.size >= 10, [...kinds].join());
});

function gunzip(body) {
  return body[0] === 0x1f ? gunzipSync(body).toString('latin1', 0, 4) : '';
}

/** Puts a body in the place of a chunk, under its own hash, in all files that name it. */
function rename(from, name, body) {
  const sha256 = createHash('sha256').update(body).digest('hex');
  const now = sha256.slice(0, 32);
  if (name === now) return;
  from.delete(`chunks/${name}.bin`);
  from.set(`chunks/${now}.bin`, body);
  const manifest = from.get('manifest.json').toString();
  if (manifest.includes(name)) {
    const json = JSON.parse(manifest);
    for (const table of [...Object.values(json.tables), ...json.facets.map((f) => f.table)]) if (table.file === name) Object.assign(table, { file: now, sha256, size: body.length });
    from.set('manifest.json', Buffer.from(JSON.stringify(json)));
  }
  const [old, fresh] = [Buffer.from(name, 'hex'), Buffer.from(now, 'hex')];
  for (const [path, packed] of [...from]) {
    if (!path.startsWith('chunks/') || path === `chunks/${now}.bin`) continue;
    let content = gunzipSync(packed);
    if (!content.includes(old)) continue;
    content = Buffer.from(content);
    for (let at = content.indexOf(old); at >= 0; at = content.indexOf(old, at)) fresh.copy(content, at);
    rename(from, path.slice(7, 39), gzipSync(content));
  }
}
