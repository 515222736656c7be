// The id of a build. All files of the module carry it and compare it when they meet, since the
// files of two builds do not work together: a page may hold one in its cache.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The folders and files that decide what the module does. */
const SOURCES = ['go.mod', 'package-lock.json', 'kernels', 'models', 'wasm/engine', 'wasm/promise', 'weights', 'web/src'];
const SKIPPED = new Set(['node_modules', 'testdata', 'train', 'lode']);

/** Names the section of a WebAssembly module that holds the id. */
export const SECTION = 'lodestone.build';

/** The id of the build of the sources as they are: the same sources have the same id on every machine. */
export async function buildID(root) {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const file of await files(root, source)) hash.update(`${file}\0`).update(await readFile(path.join(root, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function files(root, source) {
  if (/\.\w+$/.test(source)) return /_test\.go$|\.test\.mjs$|\.md$|\.safetensors$|tokenizer\.json$/.test(source) ? [] : [source];
  const found = [];
  for (const entry of (await readdir(path.join(root, source), { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (SKIPPED.has(entry.name) || !(entry.isDirectory() || /\.(go|ts|mjs|wasm|json)$/.test(entry.name))) continue;
    found.push(...(await files(root, `${source}/${entry.name}`)));
  }
  return found;
}

/**
 * A WebAssembly module with the id of its build in a section of its own, which nothing runs. The id of
 * an earlier build is replaced: Go leaves a program as it is if its sources have not changed.
 */
export function stamped(module, id) {
  const name = Buffer.from(SECTION);
  const head = Buffer.concat([Buffer.of(0, 1 + name.length + id.length, name.length), name]); // all lengths are below 128
  const old = module.length - head.length - id.length;
  const rest = old > 0 && head.equals(module.subarray(old, old + head.length)) ? module.subarray(0, old) : module;
  return Buffer.concat([rest, head, Buffer.from(id)]);
}
