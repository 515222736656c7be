// For the tests of this folder: a TypeScript file with all that it imports, as a module of Node.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));

/** The exports of files of this folder. */
export async function load(...files) {
  const contents = files.map((file) => `export * from './${file}';`).join('\n');
  const { outputFiles } = await build({ stdin: { contents, resolveDir: here }, bundle: true, write: false, format: 'esm', target: 'es2022', logLevel: 'warning' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}
