// What is in the package: its size, its files, its types, and what its entries may do.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PAGE_FILES } from './files.mjs';
import { install, tarball } from './install.mjs';
import { core, root, tools } from './paths.mjs';

const MB = 1e6;
const files = () => readdirSync(core, { recursive: true }).filter((f) => statSync(path.join(core, f)).isFile()).sort();
const read = (file) => readFileSync(path.join(core, file), 'utf8');

test('the package has at most 2.5 MB on disk, without demo and models', async () => {
  const unpacked = files().reduce((sum, f) => sum + statSync(path.join(core, f)).size, 0);
  assert.ok(unpacked <= 2.5 * MB, `${unpacked} bytes`);
  assert.ok(statSync(await tarball('lodestone')).size <= 2.5 * MB);
  assert.deepEqual(files().filter((f) => /safetensors|tokenizer\.json|app\.wasm|index\.html/.test(f)), []);
});

test('what a page loads of it stays within the budget', () => {
  execFileSync(path.join(root, 'web/tools/size.sh'), [path.join(core, 'dist')]);
});

test('the package has README, LICENSE, CHANGELOG, and the files that package.json names', () => {
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'ERRORS.md']) assert.ok(files().includes(file), file);
  const { exports, types } = JSON.parse(read('package.json'));
  for (const target of [types, ...Object.values(exports['.'])]) assert.ok(existsSync(path.join(core, target)), target);
  assert.deepEqual(['workerd', 'worker', 'browser', 'node', 'default'].filter((c) => !(c in exports['.'])), []);
});

test("links of the package's documents lead to files of the package", () => {
  for (const file of ['README.md', 'docs/migration.md']) {
    const targets = [...read(file).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map((m) => m[1]).filter((t) => !/^[a-z]+:/.test(t));
    assert.ok(targets.length > 0);
    assert.deepEqual(targets.filter((t) => !existsSync(path.join(core, path.dirname(file), t))), [], file);
  }
});

test('dist/ holds exactly the files that web/README.md lists', () => {
  const section = readFileSync(path.join(root, 'web/README.md'), 'utf8').split('\n## Without a bundler\n')[1].split('\n## ')[0];
  const listed = [...section.matchAll(/^\| `([\w.-]+)`/gm)].map((m) => m[1]);
  assert.deepEqual(listed.sort(), [...PAGE_FILES].sort());
  assert.deepEqual(readdirSync(path.join(core, 'dist')).sort(), [...PAGE_FILES].sort());
});

test('every model of weights/ is a package of its own, with its card and licence', async () => {
  const models = readdirSync(path.join(root, 'weights')).filter((f) => existsSync(path.join(root, 'weights', f, 'manifest.json')));
  assert.equal(models.length, 7);
  for (const name of models) {
    const listed = execFileSync('tar', ['-tzf', await tarball(`lodestone-${name}`)], { encoding: 'utf8' }).split('\n');
    for (const file of ['package.json', 'README.md', 'MODEL_CARD.md', 'LICENSE', 'config.json', 'tokenizer.json', 'model.safetensors', 'manifest.json']) {
      assert.ok(listed.includes(`package/${file}`), `${name}: ${file}`);
    }
  }
});

test('the entry for pages names no module of Node.js, and no server but the one of model ids', () => {
  // env.remoteHost: nothing is requested from it unless a page loads a model by its id.
  for (const [file, servers] of Object.entries({ 'dist/lodestone.js': ['https://huggingface.co'], 'dist/worker.js': [] })) {
    const text = read(file);
    assert.doesNotMatch(text, /\bnode:|\brequire\(|\bfrom\s*["']|\bimport\s*["']/, file);
    assert.deepEqual(text.match(/https?:\/\/[\w.-]+/g) ?? [], servers, file);
  }
});

test('addresses of files have the form that bundlers rewrite, and import.meta.url has no other use', () => {
  const text = read('dist/lodestone.js');
  const found = [...text.matchAll(/new URL\("\.\/([\w.-]+)",import\.meta\.url\)/g)].map((m) => m[1]);
  assert.deepEqual(found.sort(), PAGE_FILES.filter((f) => f !== 'lodestone.js').sort());
  assert.equal(text.split('import.meta').length - 1, found.length);
});

test('importing the entry for pages does nothing, whatever its address', () => {
  // Every function that could do work throws while the module is imported.
  const script = `
    const source = ${JSON.stringify(read('dist/lodestone.js'))};
    const url = 'data:text/javascript,' + encodeURIComponent(source); // like blob:, an address without a folder
    const kept = {};
    for (const name of ['URL', 'fetch', 'setTimeout', 'queueMicrotask', 'MessageChannel', 'WebAssembly', 'performance', 'navigator', 'crypto']) {
      kept[name] = Object.getOwnPropertyDescriptor(globalThis, name);
      Object.defineProperty(globalThis, name, { configurable: true, get() { throw new Error(name + ' is used at import'); } });
    }
    const before = Reflect.ownKeys(globalThis).length;
    const names = Object.keys(await import(url));
    const after = Reflect.ownKeys(globalThis).length;
    for (const name of Object.keys(kept)) if (kept[name]) Object.defineProperty(globalThis, name, kept[name]);
    console.log(JSON.stringify({ names, same: before === after }));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(status, 0, stderr.slice(-500));
  const { names, same } = JSON.parse(stdout);
  assert.ok(same);
  assert.ok(names.includes('pipeline'));
});

const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, noEmit: true, target: 'es2022', types: [] };
const projects = {
  'a page with a bundler': { ...strict, module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'] },
  'a page with nodenext': { ...strict, module: 'nodenext', moduleResolution: 'nodenext', lib: ['es2022', 'dom', 'dom.iterable'] },
  'Node.js, without the types of browsers': { ...strict, module: 'nodenext', moduleResolution: 'nodenext', lib: ['es2024'], types: ['node'], typeRoots: [path.join(tools, '@types')] },
};
for (const [name, compilerOptions] of Object.entries(projects)) {
  test(`the types compile under strict, with skipLibCheck false: ${name}`, async () => {
    const folder = await install('types', `types-${Object.keys(projects).indexOf(name)}`);
    const config = path.join(folder, 'tsconfig.json');
    writeFileSync(config, JSON.stringify({ compilerOptions, files: ['page.ts'] }));
    const { status, stdout } = spawnSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', config], { encoding: 'utf8' });
    assert.equal(status, 0, stdout.slice(0, 2000));
  });
}
