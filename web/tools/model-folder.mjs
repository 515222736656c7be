// The files of a model folder that ships.
import { existsSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import path from 'node:path';

const FILES = ['config.json', 'generation_config.json', 'tokenizer.json', 'model.safetensors', 'manifest.json', 'MODEL_CARD.md', 'LICENSE'];
const OPTIONAL = new Set(['generation_config.json', 'manifest.json', 'MODEL_CARD.md']);

/** Copies a model folder to another, which has nothing else then: a manifest of other files would refuse these. */
export async function copyModel(from, to) {
  await rm(to, { recursive: true, force: true });
  for (const file of FILES) {
    const source = path.join(from, file);
    if (existsSync(source)) await cp(source, path.join(to, file));
    else if (!OPTIONAL.has(file)) throw new Error(`build: ${source} is missing`);
  }
}
