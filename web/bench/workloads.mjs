// The texts that are timed, with their ids. Every workload is checked with the
// Rust tokenizer: each text has exactly the stated number of tokens, <s> and </s>
// included.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

const { Tokenizer } = createRequire(import.meta.url)('@anush008/tokenizers');

const SENTENCE = 'We are going for a walk by the river.'; // 12 tokens
const SHAPES = [[1, 16], [1, 64], [1, 128], [8, 32]]; // texts × tokens

export async function makeWorkloads(modelDir) {
  const file = path.join(modelDir, 'tokenizer.json');
  const tokenizer = Tokenizer.fromFile(file);
  const words = JSON.parse(fs.readFileSync(file, 'utf8')).model.vocab
    .map(([piece]) => piece).filter(piece => /^▁[a-z]{3,8}$/.test(piece)).slice(0, 600).map(piece => piece.slice(1));

  const made = [];
  const add = async (name, texts, tokens) => {
    const ids = [];
    for (const text of texts) {
      const row = (await tokenizer.encode(text)).getIds();
      if (row.length !== tokens) throw new Error(`workload ${name}: ${row.length} tokens, expected ${tokens}: ${text}`);
      ids.push(row);
    }
    made.push({ name, work: { texts, ids } });
  };
  await add('12-token sentence', [SENTENCE], 12);
  for (const [batch, tokens] of SHAPES) {
    const texts = Array.from({ length: batch }, (_, b) =>
      Array.from({ length: tokens - 2 }, (_, i) => words[(b * 131 + i * 7 + (i * i) % 13) % words.length]).join(' '));
    await add(`${batch}×${tokens}`, texts, tokens);
  }
  return made;
}
