import { pipeline } from '@huggingface/transformers';

const classifier = await pipeline('sentiment-analysis', 'heads/sentiment');
export const result = {
  one: await classifier('I love this library!'),
  several: await classifier(['I love this library!', 'It rains.']),
  all: await classifier('I love this library!', { top_k: 2 }),
};
await classifier.dispose();
