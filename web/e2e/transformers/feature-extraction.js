import { pipeline, cos_sim } from '@huggingface/transformers';

const extractor = await pipeline('feature-extraction', 'f/good', { dtype: 'q8' });
const output = await extractor(['A dog runs in the park.', 'Ein Hund läuft im Park.', 'The stock market fell.'], { pooling: 'mean', normalize: true });
const [dog, hund, stock] = output.tolist();
const states = await extractor('A dog runs in the park.');
const one = output.slice(0);
export const result = {
  type: output.type,
  dims: output.dims,
  same: cos_sim(dog, hund),
  other: cos_sim(dog, stock),
  norm: Math.hypot(...one.data),
  states: states.dims.length,
};
await extractor.dispose();
