// Renders the documentation into web/dist/docs: node web/docs/build.mjs (make docs)
//
// TypeDoc makes the reference from the types of web/src, and pages from the guides beside this
// file. Its pages begin with a script that is part of the page, which the policy of web/serve
// refuses; here it becomes a file.
import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(here, '../dist/docs');

execFileSync(process.execPath, ['node_modules/typedoc/bin/typedoc'], { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });

let inline = '';
let pages = 0;
for (const file of (await readdir(out, { recursive: true })).filter((f) => f.endsWith('.html'))) {
  const page = path.join(out, file);
  const text = await readFile(page, 'utf8');
  const to = path.posix.join(path.relative(path.dirname(page), out).split(path.sep).join('/'), 'assets/theme.js');
  const found = [...text.matchAll(/<script>([^<]*)<\/script>/g)];
  if (found.length !== 1 || (inline && found[0][1] !== inline)) throw new Error(`docs: ${file} has ${found.length} scripts of its own, expected the one that sets the theme`);
  inline = found[0][1];
  await writeFile(page, text.replace(found[0][0], `<script src="${to}"></script>`));
  pages++;
}
// It runs before the body exists where the page is large.
await writeFile(path.join(out, 'assets/theme.js'), `${inline}\n`);
console.log(`docs: ${pages} pages in ${path.relative(process.cwd(), out)}`);
