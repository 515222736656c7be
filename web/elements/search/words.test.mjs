// node --test web/elements/search/words.test.mjs
//
// Words, terms and stems. stems.tsv holds what the Go module github.com/blevesearch/snowballstem
// v0.9.0 makes of words: the indexer uses it, and a query has to find the same stems.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from './compile.mjs';

const { alternatives, compare, term, words } = await load('words.ts');
const { editDistance, closest, tolerance } = await load('edit-distance.ts');

test('stems are those of Snowball for English, German and French', () => {
  const wrong = [];
  const rows = readFileSync(new URL('testdata/stems.tsv', import.meta.url), 'utf8').trim().split('\n');
  for (const row of rows) {
    const [language, word, stem] = row.split('\t');
    const found = term({ text: word, letters: true }, language);
    if (found !== stem) wrong.push(`${language} ${word}: ${found}, expected ${stem}`);
  }
  assert.ok(rows.length >= 3000, `${rows.length} words`);
  assert.deepEqual(wrong, []);
});

test('words are runs of letters, marks, digits and underscores, with their parts', () => {
  const cases = [
    ['The quick-brown fox', ['the', 'quick', 'brown', 'fox']],
    ['pg_stat_activity', ['pg_stat_activity', 'pg', 'stat', 'activity']],
    ['__init__', ['init']],
    ['ArrayList', ['arraylist', 'array', 'list']],
    ['HTTPServer', ['httpserver']],
    ['utf8', ['utf8', 'utf']],
    ['x86', ['x86', '86']],
    ['ﬁle', ['file']], // NFKC
    ['soft\u00adhyphen', ['softhyphen']],
    ['İstanbul', ['istanbul']],
    ['ΣΟΦΟΣ', ['σοφοσ']], // no final sigma: lower case without context
    ['東京都', ['東京', '京都']],
    ['東', ['東']],
    ['Go言語', ['go', '言語']],
    ['ภาษา', ['ภา', 'าษ', 'ษา']],
    ['😀 🎉', []],
    ['a'.repeat(64), ['a'.repeat(64)]],
    ['a'.repeat(65), []],
    ['', []],
  ];
  for (const [text, expected] of cases) assert.deepEqual(words(text).map((w) => w.text), expected, text);
});

test('a word with a digit or an underscore has no stem', () => {
  assert.equal(term({ text: 'tables2', letters: false }, 'en'), 'tables2');
  assert.equal(term({ text: 'tables', letters: true }, 'en'), 'tabl');
  assert.equal(term({ text: 'tables', letters: true }, 'it'), 'tables');
});

test('a word has the stems of all languages of the index, each once', () => {
  assert.deepEqual(alternatives({ text: 'nation', letters: true }, ['en', 'fr']), ['nation']);
  assert.deepEqual(alternatives({ text: 'katzen', letters: true }, ['en', 'de']), ['katzen', 'katz']);
  assert.deepEqual(alternatives({ text: 'é'.repeat(40), letters: false }, ['en']), []); // 80 bytes
});

test('texts are compared as their bytes in UTF-8', () => {
  const texts = ['a', 'z', 'é', '\uffee', '😀', 'ab', 'aé', 'a😀', 'a\uffee'];
  const bytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  for (const a of texts) for (const b of texts) assert.equal(Math.sign(compare(a, b)), bytes(a, b), `${a} ${b}`);
});

test('edits are insertions, deletions, replacements and swaps of neighbours', () => {
  const cases = [
    ['table', 'table', 0],
    ['tabel', 'table', 1],
    ['tble', 'table', 1],
    ['tabble', 'table', 1],
    ['cable', 'table', 1],
    ['abcd', 'badc', 2],
    ['partitoned', 'partitioned', 1],
    ['kitten', 'sitting', 3], // more than 2
    ['', 'ab', 2],
  ];
  for (const [a, b, n] of cases) assert.equal(editDistance([...a], [...b], 2), Math.min(n, 3), `${a} ${b}`);
  assert.deepEqual([3, 4, 7, 8].map(tolerance), [0, 1, 1, 2]);
});

test('the closest word has the fewest edits, then the same first letter, then the greater frequency', () => {
  const list = [{ word: 'cable', frequency: 9 }, { word: 'tables', frequency: 1 }, { word: 'tablet', frequency: 3 }, { word: 'label', frequency: 9 }];
  assert.deepEqual(closest('tabel', [{ word: 'table', frequency: 1 }, ...list]), { word: 'table', edits: 1 });
  assert.deepEqual(closest('tablex', list), { word: 'tablet', edits: 1 });
  assert.equal(closest('xyzzy', list), null);
  assert.equal(closest('abc', list), null);
});
