// Builds web/edge/dist, all that an edge worker consists of: node web/edge/build.mjs
//
//   worker.mjs    the script; it imports the two modules below statically
//   edge.wasm     the Go program
//   kernels.wasm, kernels-relaxed.wasm  the kernels without and with relaxed SIMD
//   assets/       static assets: the model folders, files in parts of at most 25 MiB
//
// MODELS in wrangler.jsonc names the models; each is a folder of weights/.
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { mergeData } from '../tools/wasm-data.mjs';
import { clearLines } from '../tools/wasm-lines.mjs';
import { configuration } from './configuration.mjs';
import { MODULES } from './workerd.mjs';

const run = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const dist = path.join(here, 'dist');
/** The most bytes of a static asset: 25 MiB. EDGE_PART is smaller in tests. */
const PART = Number(process.env.EDGE_PART ?? 25 << 20);

process.chdir(root);
await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
const program = path.join(dist, 'edge.wasm');
await run('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', program, './wasm/edge'], { env: { ...process.env, GOOS: 'js', GOARCH: 'wasm' } });
await writeFile(program, clearLines(mergeData(await readFile(program))));
await cp('kernels/simd/simd128.wasm', path.join(dist, 'kernels.wasm'));
await cp('kernels/simd/relaxed.wasm', path.join(dist, 'kernels-relaxed.wasm'));
const { stdout } = await run('go', ['list', '-m', '-f', '{{.Dir}}', 'github.com/syumai/workers']);
const glue = path.join(stdout.trim(), 'cmd/workers-assets-gen/assets/wasm_exec_go.js');
await build({
  entryPoints: [path.join(here, 'worker.mjs')],
  outfile: path.join(dist, 'worker.mjs'),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  external: ['*.wasm', 'node:crypto'],
  alias: { 'workers/wasm_exec': glue },
  legalComments: 'inline',
  logLevel: 'warning',
});
const { vars } = await configuration();
for (const { id } of JSON.parse(vars.MODELS)) await model(id);
const sizes = await Promise.all(['worker.mjs', ...MODULES].map(async (f) => gzipSync(await readFile(path.join(dist, f)), { level: 9 }).length));
console.log(`edge: ${(sizes.reduce((a, b) => a + b) / 1e6).toFixed(2)} MB gzip without models`);

/** The files of a model folder. */
async function model(id) {
  const to = path.join(dist, 'assets/models', id);
  await mkdir(to, { recursive: true });
  const parts = {};
  for (const name of ['manifest.json', 'config.json', 'generation_config.json', 'tokenizer.json', 'model.safetensors']) {
    const file = path.join('weights', id, name);
    if (!(await stat(file).catch(() => null))) continue;
    if (name !== 'model.safetensors') {
      await cp(file, path.join(to, name));
      continue;
    }
    const bytes = await readFile(file);
    parts[name] = [];
    for (let at = 0; at < bytes.length; at += PART) {
      const part = bytes.subarray(at, at + PART);
      await writeFile(path.join(to, `${name}.${parts[name].length}`), part);
      parts[name].push(part.length);
    }
  }
  await writeFile(path.join(to, 'parts.json'), JSON.stringify(parts));
}
