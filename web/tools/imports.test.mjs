// node --test web/tools/imports.test.mjs
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { imports, problems } from './imports.mjs';

/** The problems of a folder with these files. */
async function check(t, files) {
  const root = await mkdtemp(path.join(os.tmpdir(), 'imports-'));
  t.after(() => rm(root, { recursive: true }));
  for (const [file, source] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), source);
  }
  return problems(root);
}

test('web/src has no cycle, and its folders import only what is below them', async () => {
  assert.deepEqual(await problems(fileURLToPath(new URL('../src', import.meta.url))), []);
});

test('every form of an import is found, and nothing in a comment', () => {
  const source = `
    import a from './a.js';
    import { b } from "../b.js";
    import type { C } from './c.js';
    import {
      type D,
      e,
    } from './d.js';
    import * as f from './f.js';
    import './g.js';
    export { h } from './h.js';
    export type * from './i.js';
    const j = await import('./j.js');
    type K = import('./k.js').K;
    import l from 'package';
    // import m from './m.js';
    /* import n from './n.js'; */
    const url = 'https://example.com/o.js'; import { p } from './p.js';`;
  const all = ['a', '../b', 'c', 'd', 'f', 'g', 'h', 'i', 'j', 'k', 'p'].map((name) => path.posix.join('page', `${name}.ts`));
  assert.deepEqual(imports(source, 'page/file.ts'), all);
});

test('a cycle is found, of types too', async (t) => {
  const found = await check(t, {
    'page/a.ts': "import { b } from './b.js';",
    'page/b.ts': "import type { C } from './c.js';",
    'page/c.ts': "export type { A } from './a.js';",
  });
  assert.deepEqual(found, ['cycle: page/a.ts → page/b.ts → page/c.ts → page/a.ts']);
});

test('a file that imports itself is a cycle', async (t) => {
  assert.deepEqual(await check(t, { 'page/a.ts': "import { b } from './a.js';" }), ['cycle: page/a.ts → page/a.ts']);
});

test('two files that import the same third make no cycle', async (t) => {
  const found = await check(t, { 'page/a.ts': "import './b.js'; import './c.js';", 'page/b.ts': "import './c.js';", 'page/c.ts': '' });
  assert.deepEqual(found, []);
});

test('a folder may not import one beside it or above it', async (t) => {
  const files = { 'page/a.ts': '', 'worker/a.ts': '', 'protocol/a.ts': '', 'tasks/a.ts': '', 'models/a.ts': '' };
  for (const [file, target] of [
    ['protocol/b.ts', 'page/a'],
    ['protocol/b.ts', 'worker/a'],
    ['page/b.ts', 'worker/a'],
    ['worker/b.ts', 'page/a'],
    ['page/b.ts', 'tasks/a'],
    ['tasks/b.ts', 'models/a'],
    ['index.ts', 'worker/a'],
  ]) {
    const specifier = file.includes('/') ? `../${target}.js` : `./${target}.js`;
    const found = await check(t, { ...files, [file]: `import type { A } from '${specifier}';` });
    assert.equal(found.length, 1, file);
    assert.match(found[0], new RegExp(`^${file}: imports ${target}.ts, but .* may import only`));
  }
});

test('an import of a missing file and a folder without a rule are found', async (t) => {
  const found = await check(t, { 'page/a.ts': "import './b.js';", 'shared/c.ts': '' });
  assert.match(found[0], /^page\/a\.ts: imports page\/b\.ts, which does not exist/);
  assert.match(found[1], /^shared\/c\.ts: .* no folder shared\//);
});
