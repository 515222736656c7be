// Builds web/dist, everything that a page needs: node web/build.mjs
//
//   lodestone.js, lodestone.d.ts, types/   the module; package.json names them
//   worker.js                              the worker's script, with Go's glue inside
//   engine.js                              the same for a tokenizer in the page, loaded on demand
//   kernel-worker.js                       the script of the kernels' threads
//   engine.wasm, kernels.wasm              the engine
//   chat.wasm                              chat templates, loaded with the first chat
//   kernels-relaxed.wasm                   the kernels in a browser with relaxed SIMD
//   kernels-shared.wasm                    the kernels in a page that may have threads
//   models/prompt-magneto-en-de-fr/        the default model
//   models/…                               the models that views of the demo and the examples load on demand
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
const MODEL_FILES = ['config.json', 'generation_config.json', 'tokenizer.json', 'model.safetensors', 'manifest.json', 'MODEL_CARD.md', 'LICENSE'];
const OPTIONAL = new Set(['generation_config.json', 'manifest.json', 'MODEL_CARD.md']);

process.chdir(root);
await mkdir(dist, { recursive: true });
await mkdir(test, { recursive: true });
// The two TypeScript steps run beside the Go builds, which are the long ones.
await Promise.all([programs(), module(), declarations(), files()]);

/** The Go programs, one after the other: each build uses every core by itself. */
async function programs() {
  await goBuild('./wasm/engine', path.join(dist, 'engine.wasm'), ENGINE);
  await goBuild('./wasm/chat', path.join(dist, 'chat.wasm'), lean(...MAPS));
  if (existsSync('web/demo/index.html')) await goBuild('./wasm/app', path.join(dist, 'app.wasm'), APP); // the page that runs it
  for (const name of ['kerneltest', 'goldentest']) await goBuild(`./wasm/${name}`, path.join(test, `${name}.wasm`));
}

async function goBuild(pkg, out, flags = []) {
  const env = { ...process.env, GOOS: 'js', GOARCH: 'wasm' };
  await tool('go', ['build', '-trimpath', '-ldflags=-s -w', ...flags, '-o', out, pkg], { env });
  await writeFile(out, clearLines(mergeData(await readFile(out))));
}

/** The module and the worker, each one file. */
async function module() {
  const { stdout } = await run('go', ['env', 'GOROOT']);
  const glue = path.join(stdout.trim(), 'lib/wasm/wasm_exec.js');
  const kernels = createHash('sha256');
  for (const name of ['simd128', 'relaxed']) kernels.update(await readFile(`kernels/simd/${name}.wasm`));
  const common = {
    define: { KERNELS_HASH: JSON.stringify(kernels.digest('hex').slice(0, 16)) },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    alias: { 'go/wasm_exec': glue },
  };
  await Promise.all([
    build({ ...common, entryPoints: ['web/src/index.ts'], outfile: path.join(dist, 'lodestone.js'), sourcemap: 'linked', external: ['./engine.js'] }),
    build({ ...common, entryPoints: ['web/src/worker/worker.ts'], outfile: path.join(dist, 'worker.js') }),
    build({ ...common, entryPoints: ['web/src/worker/inline.ts'], outfile: path.join(dist, 'engine.js') }),
    build({ ...common, entryPoints: ['web/src/worker/kernel-worker.ts'], outfile: path.join(dist, 'kernel-worker.js') }),
    cp(glue, path.join(dist, 'wasm_exec.js')), // the demo's own program
    cp(glue, path.join(test, 'wasm_exec.js')),
    cp('kernels/simd/imports.mjs', path.join(test, 'imports.mjs')),
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
  // So that the folder can be installed as a package.
  const { name, version, description, license } = JSON.parse(await readFile('package.json', 'utf8'));
  const entry = { types: './lodestone.d.ts', default: './lodestone.js' };
  const manifest = { name, version, description, license, type: 'module', sideEffects: false, types: entry.types, exports: { '.': entry, './*': './*' } };
  await writeFile(path.join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** What is copied as it is. */
async function files() {
  for (const memory of ['', '-shared']) {
    await cp(`kernels/simd/simd128${memory}.wasm`, path.join(dist, `kernels${memory}.wasm`));
    await cp(`kernels/simd/relaxed${memory}.wasm`, path.join(dist, `kernels-relaxed${memory}.wasm`));
  }
  for (const name of ['simd128', 'relaxed']) await cp(`kernels/simd/${name}-shared.wasm`, path.join(test, `${name}-shared.wasm`));
  await model(MODEL, process.env.LODESTONE_MODEL);
  for (const name of ON_DEMAND) await model(name);
  await cp('web/examples', path.join(dist, 'examples'), { recursive: true });
  for (const file of existsSync('web/demo') ? await readdir('web/demo') : []) {
    if (!file.endsWith('.md')) await cp(path.join('web/demo', file), path.join(dist, file), { recursive: true });
  }
}

/** A model that ships, or the one of another folder in its place. */
async function model(name, from = path.join('weights', name)) {
  const to = path.join(dist, 'models', name);
  await rm(to, { recursive: true, force: true }); // a manifest of other files would refuse these
  for (const file of MODEL_FILES) {
    const source = path.join(from, file);
    if (existsSync(source)) await cp(source, path.join(to, file));
    else if (!OPTIONAL.has(file)) throw new Error(`build: ${source} is missing`);
  }
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
