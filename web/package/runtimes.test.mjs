// The package in Node.js 22, Deno and Bun: the same calls, and the vectors of the page to the
// last bit; in workerd: the import. The runtimes are packages of npm.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { launch } from './browsers.mjs';
import { install } from './install.mjs';
import { model, tools } from './paths.mjs';

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
        const { stdout } = await run(program, [...args, 'main.js', model, kernels, threads], { cwd: folder, timeout: 120_000 });
        const shown = JSON.parse(stdout);
        assert.equal(shown.kernels, kernels);
        assert.equal(shown.threads, Number(threads));
        for (const browser of browsers.names) assert.deepEqual(shown.vector, browsers.vectors[browser][kernels], `${browser}, ${kernels}`);
      }
    });
  }
}
