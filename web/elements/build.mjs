// Builds web/dist/elements: node web/elements/build.mjs
//
//   lodestone-search.js, lodestone-entities.js, lodestone-translate.js   one file an element
//   search-worker.js                                                     the index and the search, off the page's thread
//   locales/                                                             one file a language
//
// The elements load the module for pages (../lodestone.js) when they need a model, never before.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));

/** The elements, by file. */
export const ELEMENTS = ['lodestone-search', 'lodestone-entities', 'lodestone-translate'];

/** Style sheets as minified texts, and the module for pages as a file beside the elements' folder. */
const plugin = {
  name: 'elements',
  setup(b) {
    b.onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
      const { code } = await transform(await readFile(file, 'utf8'), { loader: 'css', minify: true });
      return { contents: code.trim(), loader: 'text' };
    });
    b.onResolve({ filter: /\/src\/index\.js$/ }, () => ({ path: '../lodestone.js', external: true }));
  },
};

/** esbuild's options for all that is made here. */
export const OPTIONS = { bundle: true, format: 'esm', target: 'es2022', minify: true, legalComments: 'none', logLevel: 'warning', plugins: [plugin] };

/** Writes the elements into a folder. */
export async function buildElements(out) {
  await rm(out, { recursive: true, force: true });
  await mkdir(path.join(out, 'locales'), { recursive: true });
  const entries = [...ELEMENTS.map((name) => path.join(here, `${name}.ts`)), path.join(here, 'search/search-worker.ts')];
  await build({ ...OPTIONS, entryPoints: entries, outdir: out, outbase: here, entryNames: '[name]' });
  for (const name of await readdir(path.join(here, 'locales'))) {
    if (name === 'en.json') continue; // in the elements themselves
    const strings = JSON.stringify(JSON.parse(await readFile(path.join(here, 'locales', name), 'utf8')));
    await writeFile(path.join(out, 'locales', name.replace('.json', '.js')), `export default ${strings};\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildElements(path.resolve(here, '../dist/elements'));
