// A hash of the kernels: a choice among their forms holds for these modules only.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export async function kernelsHash() {
  const hash = createHash('sha256');
  for (const file of ['simd/simd128.wasm', 'simd/relaxed.wasm', 'webgpu/wgsl.mjs']) hash.update(await readFile(new URL(`../../kernels/${file}`, import.meta.url)));
  return hash.digest('hex').slice(0, 16);
}
