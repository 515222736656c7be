// wrangler.jsonc, which build and local runs share with a deployment.
import { readFile } from 'node:fs/promises';

/** wrangler.jsonc as an object. Its comments are lines of their own. */
export async function configuration() {
  const text = await readFile(new URL('./wrangler.jsonc', import.meta.url), 'utf8');
  return JSON.parse(text.replace(/^\s*\/\/.*$/gm, ''));
}
