// The default model's golden vectors: made by the training code in PyTorch, f32, not
// normalised; see the note in the file.
import { readFileSync } from 'node:fs';

export interface GoldenCase {
  text: string;
  sentence_ids: number[];
  ids: number[];
  mask_position: number;
  embedding: number[];
}

export interface Golden {
  template: string;
  cases: GoldenCase[];
}

export const golden = JSON.parse(readFileSync(new URL('../../models/promptbert/testdata/golden.json', import.meta.url), 'utf8')) as Golden;
