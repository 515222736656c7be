// Installs the tarball into a fixture, as a user would.
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { built, here, work } from './paths.mjs';

const run = promisify(execFile);

/** The tarball of a package. */
export async function tarball(name) {
  const files = (await readdir(built)).filter((f) => f.startsWith(`${name}-`) && /^-\d+\.\d+\.\d+\.tgz$/.test(f.slice(name.length)));
  if (files.length !== 1) throw new Error(`package: ${files.length} tarballs of ${name} in ${built}, expected one: make package`);
  return path.join(built, files[0]);
}

/** Installs the package once, as a user would; the fixtures get copies of node_modules. */
let installed;
function installedOnce() {
  installed ??= (async () => {
    const folder = path.join(work, `installed-${process.pid}`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    await npm(folder, await tarball('lodestone'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    return path.join(folder, 'node_modules');
  })();
  return installed;
}

/** A fresh copy of a fixture, with the package installed in it. */
export async function install(fixture, as = fixture) {
  const folder = path.join(work, as);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(path.join(here, 'fixtures', fixture), folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  await cp(await installedOnce(), path.join(folder, 'node_modules'), { recursive: true });
  return folder;
}

/** Installs packages that lie on this machine; npm asks no registry. */
export async function npm(folder, ...packages) {
  await run('npm', ['install', '--offline', '--no-save', '--no-package-lock', '--ignore-scripts', '--no-fund', '--no-audit', '--engine-strict=false', '--loglevel=error', ...packages], { cwd: folder });
}
