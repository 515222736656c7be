// Packs the npm packages: node web/package/build.mjs (make package, after make build)
//
//   web/.build/package/lodestone-VERSION.tgz         the module, without models
//   web/.build/package/lodestone-MODEL-VERSION.tgz   one for each model of weights/
//
// The module's package has
//
//   dist/    what a page needs (files.mjs)
//   node/    the entry for Node.js, Deno and Bun; its threads run dist/worker.js
//   types/   the declarations of both
//   docs/    the guide from transformers.js, which the README links
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { imports } from '../tools/imports.mjs';
import { buildID } from '../tools/build-id.mjs';
import { IMPORT_SCRIPT } from '../tools/import-script.mjs';
import { kernelsHash } from '../tools/kernels-hash.mjs';
import { copyModel } from '../tools/model-folder.mjs';
import { PAGE_FILES } from './files.mjs';

const run = promisify(execFile);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const dist = path.join(root, 'web/dist');
const out = path.join(root, 'web/.build/package');
const LICENCES = { 'Apache License': 'Apache-2.0', 'CC BY-SA 4.0': 'CC-BY-SA-4.0' };

process.chdir(root);
const { version, description, license } = JSON.parse(await readFile('package.json', 'utf8'));
const common = { version, license, repository: 'github:lodestone-wasm/lodestone' };
await rm(out, { recursive: true, force: true });
await core();
for (const name of (await readdir('weights')).sort()) {
  if (await stat(`weights/${name}/manifest.json`).catch(() => null)) await model(name);
}

/** The module. */
async function core() {
  const to = path.join(out, 'lodestone');
  for (const file of PAGE_FILES) await cp(path.join(dist, file), path.join(to, 'dist', file));
  // The source map stays in the repository.
  const script = await readFile(path.join(to, 'dist/lodestone.js'), 'utf8');
  await writeFile(path.join(to, 'dist/lodestone.js'), script.replace(/\/\/# sourceMappingURL=.*\n?$/, ''));
  await nodeEntry(path.join(to, 'node'));
  await types(path.join(to, 'types'));
  for (const file of ['LICENSE', 'CHANGELOG.md', 'web/ERRORS.md']) await cp(file, path.join(to, path.basename(file)));
  const readme = await readFile('web/README.md', 'utf8');
  await writeFile(path.join(to, 'README.md'), `${readme.split('\n## The source\n')[0].trimEnd()}\n`); // the source is not in the package
  // A link that leaves the package becomes its words.
  const migration = await readFile('web/docs/migration.md', 'utf8');
  await mkdir(path.join(to, 'docs'), { recursive: true });
  await writeFile(path.join(to, 'docs/migration.md'), migration.replace(/\[([^\]]+)\]\(\.\.\/\.\.\/[^)]*\)/g, '$1'));
  const page = './dist/lodestone.js';
  const node = './node/lodestone.js';
  const entry = { types: './types/index.d.ts', workerd: page, deno: node, bun: node, worker: page, browser: page, node, default: page };
  await pack(to, {
    name: 'lodestone',
    description,
    keywords: ['transformers', 'embeddings', 'webassembly', 'nlp', 'browser'],
    engines: { node: '>=22' },
    sideEffects: false,
    types: entry.types,
    exports: { '.': entry, './dist/*': './dist/*', './package.json': './package.json' },
  });
}

/** The entry for Node.js: the same source with another host. */
async function nodeEntry(to) {
  const host = {
    name: 'host',
    setup: (b) => b.onResolve({ filter: /\/host\.js$/ }, ({ importer }) => (/\/src\/node\//.test(importer) ? null : { path: path.join(root, 'web/src/node/host.ts') })),
  };
  await build({
    absWorkingDir: root,
    entryPoints: { lodestone: 'web/src/index.ts', worker: 'web/src/node/worker.ts' },
    outdir: to,
    define: { BUILD: JSON.stringify(await buildID(root)), KERNELS_HASH: JSON.stringify(await kernelsHash()) },
    banner: { js: IMPORT_SCRIPT },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minifyWhitespace: true, // names stay, and lines are short: stack traces print them
    lineLimit: 160,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [host],
  });
}

/** The declarations that index.d.ts reaches. */
async function types(to) {
  const from = path.join(dist, 'types');
  const done = new Set();
  const visit = async (file) => {
    if (done.has(file)) return;
    done.add(file);
    const text = await readFile(path.join(from, file), 'utf8');
    await mkdir(path.join(to, path.dirname(file)), { recursive: true });
    await writeFile(path.join(to, file), text);
    for (const target of imports(text, file)) {
      if (target.startsWith('..')) throw new Error(`package: types/${file} imports ${target}, which is not in the package`);
      await visit(target.replace(/\.ts$/, '.d.ts'));
    }
  };
  await visit('index.d.ts');
  // Names of browsers' types that a project for Node.js lacks; where they are known, this adds nothing.
  const browsers = ['DataTransfer', 'FileList', 'FileSystemDirectoryHandle', 'Worker', 'WorkerOptions'];
  await writeFile(path.join(to, 'globals.d.ts'), browsers.map((name) => `interface ${name} {}\n`).join(''));
  const index = path.join(to, 'index.d.ts');
  await writeFile(index, `/// <reference path="./globals.d.ts" />\n${await readFile(index, 'utf8')}`);
}

/** A model. */
async function model(name) {
  const to = path.join(out, `lodestone-${name}`);
  await copyModel(`weights/${name}`, to);
  const text = await readFile(path.join(to, 'LICENSE'), 'utf8');
  const found = Object.entries(LICENCES).find(([words]) => text.includes(words));
  if (!found) throw new Error(`package: weights/${name}/LICENSE is none of ${Object.keys(LICENCES).join(', ')}`);
  await cp(path.join(to, 'MODEL_CARD.md'), path.join(to, 'README.md'));
  await pack(to, { name: `lodestone-${name}`, description: `The model ${name} of Lodestone, as a folder of files.`, license: found[1], exports: { './*': './*' } });
}

/** Writes package.json and the tarball. */
async function pack(folder, fields) {
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify({ ...common, type: 'module', ...fields }, null, 2)}\n`);
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', out], { cwd: folder });
  const [{ filename, size, unpackedSize }] = JSON.parse(stdout);
  console.log(`web/.build/package/${filename}  ${(size / 1e6).toFixed(2)} MB, unpacked ${(unpackedSize / 1e6).toFixed(2)} MB`);
}
