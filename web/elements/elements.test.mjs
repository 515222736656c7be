// node --test web/elements/elements.test.mjs
//
// What holds for all elements: their languages, what they import, and their sizes.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { buildElements, ELEMENTS } from './build.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const locales = path.join(here, 'locales');
const json = async (name) => JSON.parse(await readFile(path.join(locales, name), 'utf8'));
let out;

before(async () => {
  out = await mkdtemp(path.join(os.tmpdir(), 'elements-'));
  await buildElements(out);
});
after(() => rm(out, { recursive: true }));

test('there are at least 20 languages, and strings.ts names each', async () => {
  const files = (await readdir(locales)).map((f) => f.replace('.json', '')).sort();
  assert.ok(files.length >= 20, files.join());
  const [, list] = /LANGUAGES[^=]*= \[([^\]]*)\]/.exec(await readFile(path.join(here, 'shared/strings.ts'), 'utf8'));
  assert.deepEqual([...list.matchAll(/'([a-z]+)'/g)].map((m) => m[1]).concat('en').sort(), files);
});

test('each language has every text, with the same places and the plural forms that it needs', async () => {
  const english = await json('en.json');
  const wrong = [];
  for (const file of await readdir(locales)) {
    const language = file.replace('.json', '');
    const strings = await json(file);
    assert.deepEqual(Object.keys(strings), Object.keys(english), file);
    const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, value] of Object.entries(strings)) {
      const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join();
      const wanted = places(typeof english[key] === 'string' ? english[key] : english[key].other);
      if (typeof value === 'string') {
        if (places(value) !== wanted || !value.trim()) wrong.push(`${file} ${key}: ${value}`);
        continue;
      }
      if (places(value.other) !== wanted) wrong.push(`${file} ${key}: ${value.other}`);
      // "many" of Spanish, French, Italian and Portuguese is for millions: the form of "other" serves it.
      for (const form of Object.keys(value)) if (!categories.includes(form)) wrong.push(`${file} ${key}: ${language} has no form ${form}`);
      for (const form of categories) if (!(form in value) && !(form === 'many' && ['es', 'fr', 'it', 'pt'].includes(language))) wrong.push(`${file} ${key}: the form ${form} is missing`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('each text is used', async () => {
  const sources = (await readdir(here, { recursive: true })).filter((f) => f.endsWith('.ts'));
  const text = (await Promise.all(sources.map((f) => readFile(path.join(here, f), 'utf8')))).join('\n');
  const unused = Object.keys(await json('en.json')).filter((key) => !text.includes(`'${key}'`));
  assert.deepEqual(unused, []);
});

test('an element imports nothing but the module for pages and its own files, when it needs them', async () => {
  for (const name of [...ELEMENTS, 'search-worker']) {
    const code = await readFile(path.join(out, `${name}.js`), 'utf8');
    const imported = [...code.matchAll(/\bimport\s*\(\s*(["'`])([^"'`]+)\1/g)].map((m) => m[2]);
    assert.deepEqual([...new Set(imported)].filter((f) => f !== '../lodestone.js'), [], name);
    assert.doesNotMatch(code, /^import|;import[\s{*]/, `${name} imports when it is loaded`);
  }
  for (const file of (await readdir(here, { recursive: true })).filter((f) => f.endsWith('.ts'))) {
    const outside = [...(await readFile(path.join(here, file), 'utf8')).matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((m) => path.posix.join(path.posix.dirname(file), m[1])).filter((f) => f.startsWith('..'));
    assert.deepEqual([...new Set(outside)].filter((f) => f !== '../src/index.js'), [], file);
  }
});

test('a server can import an element', async () => {
  for (const name of ELEMENTS) await import(path.join(out, `${name}.js`));
});

test('the search with its first two stages takes at most 40 kB compressed', async () => {
  let size = 0;
  for (const file of ['lodestone-search.js', 'search-worker.js']) size += gzipSync(await readFile(path.join(out, file)), { level: 9 }).length;
  assert.ok(size <= 40_000, `${size} bytes`);
});
