// A hash of the kernels: a choice among their forms holds for these modules only.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export async function kernelsHash() {
  const hash = createHash('sha256');
  for (const name of ['simd128', 'relaxed']) hash.update(await readFile(new URL(`../../kernels/simd/${name}.wasm`, import.meta.url)));
  return hash.digest('hex').slice(0, 16);
}
