// The package in Node.js 22, Deno and Bun: the same calls, and with the same kernels the vectors
// of the page to the last bit; in workerd: the import. The runtimes are packages of npm.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { launch } from './browsers.mjs';
import { install } from './install.mjs';
import { test } from './limited.mjs';
import { model, root, tools } from './paths.mjs';

const run = promisify(execFile);
const arm = process.arch === 'arm64';
const RUNTIMES = {
  'Node.js 22': [path.join(tools, `node-linux-${process.arch}/bin/node`)],
  Deno: [path.join(tools, `@deno/linux-${process.arch}-glibc/deno`), 'run', '--allow-all', '--no-lock'],
  Bun: [path.join(tools, `@oven/bun-linux-${arm ? 'aarch64' : 'x64'}/bin/bun`)],
};
let browsers;
let folder;

before(async () => {
  browsers = await launch();
  folder = await install('node');
  for (const [program] of Object.values(RUNTIMES)) await chmod(program, 0o755);
});
after(() => browsers?.close());

for (const [name, [program, ...args]] of Object.entries(RUNTIMES)) {
  for (const threads of ['1', '2']) {
    test(`${name}, ${threads} thread(s): the vector of the page, and the process ends by itself`, async () => {
      for (const kernels of ['simd128', 'relaxed']) {
        const { stdout } = await run(program, [...args, 'main.js', model, kernels, threads], { cwd: folder, timeout: 240_000 });
        const shown = JSON.parse(stdout);
        assert.equal(shown.kernels, kernels);
        assert.deepEqual(shown.ids[1], shown.ids[0]);
        assert.equal(shown.threads, Number(threads));
        for (const browser of browsers.names) {
          const want = browsers.vectors[browser][kernels];
          // JavaScriptCore, Bun's engine, rounds a relaxed multiply-add twice, as WebAssembly allows; V8 and SpiderMonkey round once.
          if (name === 'Bun' && kernels === 'relaxed') assert.ok(shown.vector.every((x, i) => Math.abs(x - want[i]) < 1e-5), `${browser}, ${kernels}`);
          else assert.deepEqual(shown.vector, want, `${browser}, ${kernels}`);
        }
      }
    });
  }
}

test('workerd: the module can be imported, and loading a model says what is missing', async (t) => {
  const at = await install('workerd');
  await build({ absWorkingDir: at, entryPoints: ['main.js'], outfile: 'worker.mjs', bundle: true, format: 'esm', conditions: ['workerd', 'worker', 'browser'] });
  await writeFile(path.join(at, 'workerd.capnp'), `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ ( name = "main", worker = ( modules = [ ( name = "worker.mjs", esModule = embed "worker.mjs" ) ], compatibilityDate = "2026-11-01" ) ) ],
  sockets = [ ( name = "http", address = "127.0.0.1:0", http = (), service = "main" ) ]
);
`);
  const { default: program } = createRequire(path.join(root, 'web/edge/package.json'))('workerd');
  const child = spawn(program, ['serve', '--control-fd=3', 'workerd.capnp'], { cwd: at, stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  t.after(() => child.kill());
  const port = await new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`workerd ended with ${code}`)));
    child.stdio[3].on('data', (text) => {
      const listening = /"event":"listen".*"port":(\d+)/.exec(text);
      if (listening) resolve(listening[1]);
    });
  });
  const shown = await (await fetch(`http://127.0.0.1:${port}/`)).json();
  assert.equal(shown.imported, 'function');
  assert.equal(shown.code, 'unsupported_browser');
  assert.match(shown.message, /cannot start workers/);
});
