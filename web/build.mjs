// Builds web/dist, everything that a page needs: node web/build.mjs
//
//   lodestone.js, lodestone.d.ts, types/   the module
//   worker.js                              the script of every worker, with Go's glue inside
//   engine.wasm.gz, kernels.wasm           the engine
//   webgpu.js                              the bridge to a GPU, fetched where there is one
//   engine.js                              the worker's script for a tokenizer in the page, fetched with the first one
//   vectors.js                             the worker of an index of vectors, fetched with the first one
//   chat.wasm.gz                           chat templates, fetched with the first chat
//   thex.wasm.gz, evaluator.wasm.gz        both sides of encrypted runs, for the demo's view "Private"
//   kernels-relaxed.wasm                   the kernels in a browser with relaxed SIMD
//   kernels-shared.wasm                    the kernels in a page that may have threads
//   models/prompt-magneto-en-de-fr/        the default model
//   models/…                               the models that views of the demo and the examples load on demand
//   elements/                              custom elements: search, entities, translation
//   examples/                              a page for each task
//   index.html, app.wasm, …                the demo
//
// Programs that only the browser tests run go to web/.build/test.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { IMPORT_SCRIPT } from './tools/import-script.mjs';
import { kernelsHash } from './tools/kernels-hash.mjs';
import { copyModel } from './tools/model-folder.mjs';
import { buildID, stamped } from './tools/build-id.mjs';
import { buildElements } from './elements/build.mjs';
import { mergeData } from './tools/wasm-data.mjs';
import { clearLines } from './tools/wasm-lines.mjs';

const run = promisify(execFile);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'web/dist');
const test = path.join(root, 'web/.build/test');
// The engine is downloaded: inlining costs more bytes than time, but in the tokenizer's loops
// and in the maps that they look pieces up in.
const MAPS = ['internal/runtime/maps', 'internal/runtime/atomic'];
const lean = (...inlined) => ['-gcflags=all=-l', ...inlined.map((p) => `-gcflags=${p}=`)];
const ENGINE = lean('github.com/lodestone-wasm/lodestone/models/tokenizer', ...MAPS);
// The demo's program, too: what Vugu generates is long, and inlining makes it a tenth longer.
const APP = lean('github.com/lodestone-wasm/lodestone/ui/similar', 'github.com/lodestone-wasm/lodestone/ui/plot', ...MAPS);
const MODEL = 'prompt-magneto-en-de-fr';
const ON_DEMAND = ['translator-magneto-en-de', 'tagger-magneto-en-de', 'writer-magneto-en', 'kformer-notes-en', 'thex-kinds-en'];

process.chdir(root);
const BUILD = await buildID(root);
await mkdir(dist, { recursive: true });
// What an earlier version of this program wrote.
for (const old of ['engine.wasm', 'chat.wasm', 'kernel-worker.js', 'package.json', 'folder.js', 'model.js', 'ondemand.js']) await rm(path.join(dist, old), { force: true });
await mkdir(test, { recursive: true });
// The two TypeScript steps run beside the Go builds, which are the long ones.
await Promise.all([programs(), module(), declarations(), files(), buildElements(path.join(dist, 'elements'))]);
if (existsSync('web/demo/index.html')) await offline();

/** The Go programs, one after the other: each build uses every core by itself. */
async function programs() {
  // The worker decompresses it: few servers compress WebAssembly, and none has to.
  for (const [name, flags] of [['engine', ENGINE], ['chat', lean(...MAPS)], ['thex', []], ['evaluator', []]]) {
    const program = path.join(root, `web/.build/${name}.wasm`);
    await goBuild(`./wasm/${name}`, program, flags);
    await tool('libdeflate-gzip', ['-12', '-k', '-f', program]); // 5 % smaller than gzip -9, in two seconds
    await cp(`${program}.gz`, path.join(dist, `${name}.wasm.gz`));
  }
  if (existsSync('web/demo/index.html')) await goBuild('./wasm/app', path.join(dist, 'app.wasm'), APP); // the page that runs it
  for (const name of ['kerneltest', 'goldentest']) await goBuild(`./wasm/${name}`, path.join(test, `${name}.wasm`));
}

async function goBuild(pkg, out, flags = []) {
  const env = { ...process.env, GOOS: 'js', GOARCH: 'wasm' };
  await tool('go', ['build', '-trimpath', '-ldflags=-s -w', ...flags, '-o', out, pkg], { env });
  await writeFile(out, stamped(clearLines(mergeData(await readFile(out))), BUILD));
}

/** The module and the worker, each one file. */
async function module() {
  const { stdout } = await run('go', ['env', 'GOROOT']);
  const glue = path.join(stdout.trim(), 'lib/wasm/wasm_exec.js');
  const common = {
    define: { BUILD: JSON.stringify(BUILD), KERNELS_HASH: JSON.stringify(await kernelsHash()) },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    alias: { 'go/wasm_exec': glue },
  };
  await Promise.all([
    build({ ...common, entryPoints: ['web/src/index.ts'], outfile: path.join(dist, 'lodestone.js'), sourcemap: 'linked', banner: { js: IMPORT_SCRIPT } }),
    build({ ...common, entryPoints: ['web/src/worker/main.ts'], outfile: path.join(dist, 'worker.js') }),
    build({ ...common, entryPoints: ['web/src/worker/inline.ts'], outfile: path.join(dist, 'engine.js') }),
    build({ ...common, entryPoints: ['web/src/worker/vectors/main.ts'], outfile: path.join(dist, 'vectors.js') }),
    build({ ...common, entryPoints: ['kernels/webgpu/bridge.mjs'], outfile: path.join(dist, 'webgpu.js') }),
    cp(glue, path.join(dist, 'wasm_exec.js')), // the demo's own program
    cp(glue, path.join(test, 'wasm_exec.js')),
    cp('kernels/simd/imports.mjs', path.join(test, 'imports.mjs')),
    ...['imports', 'bridge', 'wgsl'].map((name) => cp(`kernels/webgpu/${name}.mjs`, path.join(test, `webgpu/${name}.mjs`))),
  ]);
}

/** The types: tsc also refuses what esbuild would let pass. */
async function declarations() {
  const types = path.join(dist, 'types');
  await rm(types, { recursive: true, force: true });
  await tool(process.execPath, [
    path.join(root, 'node_modules/typescript/bin/tsc'),
    ...['-p', 'web/src', '--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--rootDir', 'web/src', '--outDir', types],
  ]);
  await writeFile(path.join(dist, 'lodestone.d.ts'), "export * from './types/index.js';\n");
}

/** What is copied as it is. */
async function files() {
  for (const memory of ['', '-shared']) {
    await kernels(`simd128${memory}`, `kernels${memory}`);
    await kernels(`relaxed${memory}`, `kernels-relaxed${memory}`);
  }
  for (const name of ['simd128', 'relaxed']) await cp(`kernels/simd/${name}-shared.wasm`, path.join(test, `${name}-shared.wasm`));
  const models = path.join(dist, 'models');
  await copyModel(process.env.LODESTONE_MODEL ?? `weights/${MODEL}`, path.join(models, MODEL));
  for (const name of ON_DEMAND) await copyModel(`weights/${name}`, path.join(models, name));
  await cp('web/examples', path.join(dist, 'examples'), { recursive: true });
  for (const file of existsSync('web/demo') ? await readdir('web/demo') : []) {
    if (!file.endsWith('.md')) await cp(path.join('web/demo', file), path.join(dist, file), { recursive: true });
  }
}

/** The demo's service worker, with the files that the page needs without a network, and what tells two builds of them apart. */
async function offline() {
  const rest = /\.map$|\.d\.ts$|\.png$|^engine\.js$|^(chat|thex|evaluator)\.wasm\.gz$|^offline\.js$/; // no view asks for these at its start
  const names = (await readdir(dist, { withFileTypes: true })).filter((f) => f.isFile() && !rest.test(f.name)).map((f) => f.name);
  const hash = createHash('sha256');
  for (const name of names.sort()) hash.update(`${name}\0`).update(await readFile(path.join(dist, name)));
  const script = (await readFile('web/demo/offline.js', 'utf8'))
    .replace("const BUILD = '';", `const BUILD = '${hash.digest('hex').slice(0, 16)}';`)
    .replace('const FILES = [];', `const FILES = ${JSON.stringify(names)};`);
  await writeFile(path.join(dist, 'offline.js'), script);
}

async function kernels(from, to) {
  await writeFile(path.join(dist, `${to}.wasm`), stamped(await readFile(`kernels/simd/${from}.wasm`), BUILD));
}

/** Runs a program; what it printed is shown if it fails. */
async function tool(command, args, options = {}) {
  try {
    await run(command, args, { maxBuffer: 1 << 24, ...options });
  } catch (e) {
    process.stderr.write(`${e.stdout ?? ''}${e.stderr ?? ''}`);
    throw new Error(`build: ${path.basename(command)} ${args.join(' ')} failed`);
  }
}
