// The package in pages: bundlers, import maps, plain files, strict policies, other origins.
// Each fixture of fixtures/ installs the tarball, runs in Chromium and in Firefox ESR, and has
// to give the vector of the normal build with the same kernels, to the last bit.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { loadConfigFile } from 'rollup/loadConfigFile';
import webpack from 'webpack';
import { launch, MODEL, showExtension } from './browsers.mjs';
import { PAGE_FILES } from './files.mjs';
import { install, npm, tarball } from './install.mjs';
import { test } from './limited.mjs';
import { core, model, root, tools, work } from './paths.mjs';
import { serve } from './serve.mjs';

const run = promisify(execFile);
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
let browsers;

before(async () => {
  browsers = await launch();
});
after(() => browsers?.close());

/** Compares what a page shows with the vector of the normal build. */
function same(name, shown) {
  assert.equal(shown.message, undefined, `${name}: ${shown.message}`);
  assert.ok(shown.kernels in browsers.vectors[name], `${name}: ${shown.kernels}`);
  assert.equal(shown.vector.length, 256);
  assert.deepEqual(shown.vector, browsers.vectors[name][shown.kernels], name);
  assert.deepEqual(shown.violations, [], name);
}

/** Opens a page in both browsers and compares its vector. */
async function check(url) {
  await Promise.all(browsers.names.map(async (name) => same(name, await browsers.show(name, url))));
}

/** Opens a page in both browsers that fails, and compares its message. */
async function fails(url, pattern) {
  await Promise.all(
    browsers.names.map(async (name) => {
      const shown = await browsers.show(name, url);
      assert.equal(shown.code, 'engine_missing', `${name}: ${JSON.stringify(shown).slice(0, 300)}`);
      assert.match(shown.message, pattern, name);
    }),
  );
}

/** Serves a folder while a test runs. */
async function serving(t, folder, options = {}) {
  const server = await serve(folder, { mounts: MODEL, ...options });
  t.after(() => server.close());
  return server;
}

/** Runs vite in a folder. */
const vite = (version, folder, ...args) => run(process.execPath, [path.join(tools, version, 'bin/vite.js'), ...args], { cwd: folder });

/** Starts vite's development server in a folder; resolves to its address. */
async function viteServer(t, version, folder) {
  const server = spawn(process.execPath, [path.join(tools, version, 'bin/vite.js'), '--host', '127.0.0.1', '--port', '0'], { cwd: folder, env: { ...process.env, NO_COLOR: '1' } });
  t.after(() => server.kill());
  return new Promise((resolve, reject) => {
    let out = '';
    const read = (text) => {
      out += text;
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(out);
      if (url) resolve(url[0]);
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.on('exit', () => reject(new Error(`vite ended: ${out}`)));
  });
}

for (const version of ['vite7', 'vite8']) {
  test(`${version}, development server`, async (t) => {
    const folder = await install('vite', `${version}-dev`);
    await cp(model, path.join(folder, 'public/model'), { recursive: true });
    await check(await viteServer(t, version, folder));
  });

  test(`${version}, development server without optimizeDeps.exclude: ${version === 'vite8' ? 'it runs' : 'the error says what to add'}`, async (t) => {
    const folder = await install('vite', `${version}-dev-moved`);
    await cp(model, path.join(folder, 'public/model'), { recursive: true });
    await rm(path.join(folder, 'vite.config.js'));
    const url = await viteServer(t, version, folder);
    if (version === 'vite8') await check(url); // it moves the files with the module
    else await fails(url, /optimizeDeps: \{ exclude: \['lodestone'\] \}/);
  });

  test(`${version}, build`, async (t) => {
    const folder = await install('vite', `${version}-build`);
    await vite(version, folder, 'build');
    await check((await serving(t, path.join(folder, 'dist'))).url);
  });

  test(`${version}, build: a worker of the page imports the module`, async (t) => {
    const folder = await install('worker', `${version}-worker`);
    await vite(version, folder, 'build');
    await check((await serving(t, path.join(folder, 'dist'))).url);
  });

  test(`${version}, server rendering: the server imports the module, and the page runs it`, async (t) => {
    const folder = await install('ssr', `${version}-ssr`);
    await vite(version, folder, 'build');
    await vite(version, folder, 'build', '--ssr', 'server.js', '--outDir', 'server');
    const { stdout } = await run(process.execPath, ['server/server.js'], { cwd: folder });
    await writeFile(path.join(folder, 'dist/index.html'), stdout);
    await check((await serving(t, path.join(folder, 'dist'))).url);
  });
}

test('webpack 5', async (t) => {
  const folder = await install('webpack');
  const { default: config } = await import(path.join(folder, 'webpack.config.mjs'));
  const stats = await promisify(webpack)({ ...config, context: folder });
  assert.deepEqual(stats.toJson({ all: false, errors: true, warnings: true }).errors, []);
  await cp(path.join(folder, 'index.html'), path.join(folder, 'out/index.html'));
  const text = await readFile(path.join(folder, 'out/main.js'), 'utf8');
  assert.doesNotMatch(text, /file:\/\//); // an address of the machine that built it
  await check((await serving(t, path.join(folder, 'out'))).url);
});

test('esbuild, with the files copied as web/README.md says', async (t) => {
  const folder = await install('esbuild');
  await build({ absWorkingDir: folder, entryPoints: ['main.js'], outdir: 'out', bundle: true, format: 'esm', minify: true, target: 'es2022' });
  const line = /`(cp node_modules\/lodestone\/dist\/\S+ out\/)`/.exec(await readFile(path.join(core, 'README.md'), 'utf8'))[1];
  await run('bash', ['-c', line], { cwd: folder });
  await cp(path.join(folder, 'index.html'), path.join(folder, 'out/index.html'));
  await check((await serving(t, path.join(folder, 'out'))).url);
});

test('Rollup', async (t) => {
  const folder = await install('rollup');
  await symlink(tools, path.join(work, 'node_modules')).catch(() => {}); // the plugins of the configuration
  const { options } = await loadConfigFile(path.join(folder, 'rollup.config.mjs'));
  const bundle = await rollup({ ...options[0], input: path.join(folder, 'main.js') });
  await bundle.write({ dir: path.join(folder, 'out'), format: 'es' });
  await bundle.close();
  await cp(path.join(folder, 'index.html'), path.join(folder, 'out/index.html'));
  await check((await serving(t, path.join(folder, 'out'))).url);
});

test('an import map', async (t) => {
  const folder = await install('import-map');
  await check((await serving(t, folder)).url);
});

/** A folder with a page, and beside it exactly the files that a page needs. */
async function plain(name, fixture = 'plain') {
  const folder = path.join(work, name);
  await rm(folder, { recursive: true, force: true });
  await install(fixture, name);
  for (const file of PAGE_FILES) await cp(path.join(folder, 'node_modules/lodestone/dist', file), path.join(folder, 'lodestone', file));
  await rm(path.join(folder, 'node_modules'), { recursive: true });
  return folder;
}

test('plain files: a page asks for the listed files only, and each of them is needed', async (t) => {
  const folder = await plain('plain');
  const open = await serving(t, folder);
  const isolated = await serving(t, folder, { headers: () => ISOLATED });
  for (const [server, threads] of [[open, 'auto'], [isolated, '2']]) {
    const query = threads === 'auto' ? '' : `threads=${threads}`;
    await check(`${server.url}/?${query}`);
    await check(`${server.url}/?kernels=simd128&${query}`);
  }
  await check(`${open.url}/?all`);
  const asked = new Set([...open.requests, ...isolated.requests].filter((p) => p.startsWith('/lodestone/')).map((p) => p.slice('/lodestone/'.length)));
  // webgpu.js is fetched only where there is an adapter.
  assert.deepEqual([...asked].filter((f) => f !== 'webgpu.js').sort(), PAGE_FILES.filter((f) => f !== 'webgpu.js').sort());
});

test('the module from a blob: address', async (t) => {
  const folder = await plain('blob', 'blob');
  await check((await serving(t, folder)).url);
});

/** The policy of an extension's pages under Manifest V3, as web/README.md says. */
const EXTENSION = "script-src 'self' 'wasm-unsafe-eval'; object-src 'self';";

test('a page with the policy of an extension (Manifest V3)', async (t) => {
  const folder = await plain('extension-policy');
  await check((await serving(t, folder, { headers: () => ({ 'content-security-policy': EXTENSION }) })).url);
});

test('a page of an extension (Manifest V3), loaded unpacked into Chromium', async () => {
  const folder = await plain('extension');
  await cp(model, path.join(folder, 'model'), { recursive: true });
  // The key makes the id, and the id the address: sixteen bytes of its hash, in letters from a to p.
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'der' });
  const id = createHash('sha256').update(key).digest('hex').slice(0, 32).replace(/./g, (digit) => String.fromCharCode(97 + parseInt(digit, 16)));
  const manifest = { manifest_version: 3, name: 'fixture', version: '1.0', key: key.toString('base64'), content_security_policy: { extension_pages: EXTENSION } };
  await writeFile(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
  const profile = path.join(work, 'extension-profile');
  await rm(profile, { recursive: true, force: true });
  same('chromium', await showExtension(folder, profile, `chrome-extension://${id}/index.html`));
});

test("a policy without 'wasm-unsafe-eval': the error says what to add", async (t) => {
  const folder = await plain('no-wasm');
  await fails((await serving(t, folder, { headers: () => ({ 'content-security-policy': "script-src 'self'" }) })).url, /the page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to script-src/);
});

const TYPED = (policies) => ({ 'content-security-policy': `require-trusted-types-for 'script'; trusted-types ${policies}` });

test('Trusted Types: the policy lodestone', async (t) => {
  const folder = await plain('trusted-types');
  await check((await serving(t, folder, { headers: () => TYPED('lodestone') })).url);
});

test('Trusted Types: a policy that the page passes', async (t) => {
  const folder = await plain('trusted-types-own');
  await check(`${(await serving(t, folder, { headers: () => TYPED('mine') })).url}/?policy=mine`);
});

test('Trusted Types: without a policy the error names both', async (t) => {
  const folder = await plain('trusted-types-none');
  await fails((await serving(t, folder, { headers: () => TYPED('other') })).url, /trusted-types lodestone.*env\.trustedTypesPolicy/);
});

test('an isolated page whose worker script lacks COEP: the error names the header', async (t) => {
  const folder = await plain('isolated');
  const server = await serving(t, folder, { headers: (p) => (p.endsWith('/worker.js') ? {} : ISOLATED) });
  await fails(server.url, /worker\.js .*Cross-Origin-Embedder-Policy: send require-corp/);
});

for (const [kind, headers] of [['a page', {}], ['an isolated page', ISOLATED]]) {
  test(`assets of another origin: ${kind}`, async (t) => {
    const page = await serving(t, await plain('other-origin-page'), { headers: () => headers });
    const assets = await serving(t, path.join(core, 'dist'), { headers: () => ({ 'access-control-allow-origin': '*' }) });
    await check(`${page.url}/?assets=${assets.url}`);
    if (headers === ISOLATED) await check(`${page.url}/?assets=${assets.url}&threads=2`);
  });

  test(`the module and its assets of another origin: ${kind}`, async (t) => {
    const page = await serving(t, await install('other-origin'), { headers: () => headers });
    const assets = await serving(t, path.join(core, 'dist'), { headers: () => ({ 'access-control-allow-origin': '*' }) });
    await check(`${page.url}/?from=${assets.url}`);
  });
}

test('assets of another origin without CORS headers: the error says so', async (t) => {
  const page = await serving(t, await plain('other-origin-closed'));
  const assets = await serving(t, path.join(core, 'dist'));
  await fails(`${page.url}/?assets=${assets.url}`, /worker\.js .*CORS/);
});

test('from npm to a vector in under ten lines, as web/README.md says', async (t) => {
  const section = (await readFile(path.join(core, 'README.md'), 'utf8')).split('\n## From npm to a vector')[1].split('\n## ')[0];
  const commands = /```sh\n([^]*?)```/.exec(section)[1].trim().split('\n');
  const files = [...section.matchAll(/^`([\w.]+)`:\n\n```\w+\n([^]*?)```/gm)].map(([, name, text]) => ({ name, text }));
  assert.deepEqual(files.map((f) => f.name), ['index.html']);
  const lines = [...commands, ...files.flatMap((f) => f.text.trim().split('\n'))];
  assert.ok(lines.length < 10, `${lines.length} lines`);

  const folder = path.join(work, 'quick-start');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }\n');
  const [installs, ...others] = commands;
  const names = installs.replace(/^npm i /, '').split(' ');
  assert.deepEqual(names, ['lodestone', 'lodestone-prompt-magneto-en-de-fr', 'vite']);
  await npm(folder, await tarball(names[0]), await tarball(names[1])); // not published; vite is the pinned one
  for (const command of others) await run('bash', ['-c', command], { cwd: folder });
  for (const { name, text } of files) await writeFile(path.join(folder, name), text);
  const url = await viteServer(t, 'vite8', folder);
  await Promise.all(
    browsers.names.map(async (name) => {
      const text = await browsers.text(name, url, /^[-\d.e]+( [-\d.e]+){255}$/);
      const vector = text.split(' ').map(Number);
      assert.ok(Object.values(browsers.vectors[name]).some((v) => v.join() === vector.join()), `${name}: ${text.slice(0, 100)}`);
    }),
  );
});
