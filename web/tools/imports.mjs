// Checks the imports of web/src, imports of types included: node web/tools/imports.mjs [FOLDER]
//
// No file may import itself through others, and a folder may import only the folders below
// it: protocol/ none, storage/ that alone, worker/ and page/ both, tasks/ and node/ page/ and
// protocol/, models/ all three.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folders that each folder may import, besides itself; '' is web/src itself. */
const BELOW = {
  protocol: [],
  storage: ['protocol'],
  worker: ['storage', 'protocol'],
  page: ['storage', 'protocol'],
  tasks: ['page', 'protocol'],
  models: ['page', 'storage', 'protocol'],
  node: ['page', 'protocol'],
  '': ['tasks', 'models', 'page', 'protocol'],
};

/** What is wrong with the imports of the files of a folder, one sentence each. */
export async function problems(root) {
  const files = new Map();
  for (const name of (await readdir(root, { recursive: true })).sort()) {
    const file = name.split(path.sep).join('/');
    if (/(?<!\.d)\.ts$/.test(file)) files.set(file, imports(await readFile(path.join(root, name), 'utf8'), file));
  }
  const found = [];
  for (const [file, targets] of files) {
    const folder = file.includes('/') ? file.split('/')[0] : '';
    if (!(folder in BELOW)) found.push(`${file}: BELOW in web/tools/imports.mjs has no folder ${folder}/: say what it may import`);
    for (const target of targets) {
      if (target.startsWith('../')) continue; // outside of web/src
      const other = target.includes('/') ? target.split('/')[0] : '';
      if (!files.has(target)) found.push(`${file}: imports ${target}, which does not exist`);
      else if (folder !== other && !BELOW[folder]?.includes(other)) found.push(`${file}: imports ${target}, but ${folder || 'web/src'}/ may import only ${BELOW[folder]?.map((f) => `${f}/`).join(', ') || 'nothing outside of it'}`);
    }
  }
  return [...found, ...cycles(files)];
}

/** The files that a source imports, as paths from the root; packages are left out. */
export function imports(source, file) {
  const text = source.replace(/\/\*[^]*?\*\/|(?<![:'"`])\/\/.*/g, '');
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*(['"])(\.[^'"]*)\1/g)].map((m) => m[2]);
  return [...new Set(specifiers)].map((s) => path.posix.join(path.posix.dirname(file), s).replace(/\.js$/, '.ts'));
}

/** One sentence for each cycle that a search in depth closes. */
function cycles(files) {
  const found = [];
  const done = new Set();
  const visit = (file, trail) => {
    if (trail.includes(file)) {
      found.push(`cycle: ${[...trail.slice(trail.indexOf(file)), file].join(' → ')}`);
      return;
    }
    if (done.has(file)) return;
    for (const target of files.get(file) ?? []) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of files.keys()) visit(file, []);
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = process.argv[2] ?? fileURLToPath(new URL('../src', import.meta.url));
  const found = await problems(root);
  for (const problem of found) console.error(`imports: ${problem}`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
