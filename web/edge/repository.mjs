// Writes web/.build/edge-repository, a repository that a deploy button deploys: what was
// built, wrangler.jsonc, and the files of web/edge/repository. node web/edge/repository.mjs
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const to = path.resolve(here, '../.build/edge-repository');

await mkdir(to, { recursive: true });
await rm(path.join(to, 'dist'), { recursive: true, force: true });
for (const [from, name] of [['dist', 'dist'], ['repository', '.'], ['wrangler.jsonc', 'wrangler.jsonc'], ['../../LICENSE', 'LICENSE']]) {
  await cp(path.join(here, from), path.join(to, name), { recursive: true, filter: (f) => !f.endsWith('workerd.capnp') });
}
await writeFile(path.join(to, '.gitignore'), 'node_modules/\n.wrangler/\n.dev.vars\n');
const { devDependencies } = JSON.parse(await readFile(path.join(to, 'package.json'), 'utf8'));
console.log(`edge: ${path.relative(process.cwd(), to)} is a repository for wrangler ${devDependencies.wrangler}`);
