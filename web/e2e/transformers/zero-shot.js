import { pipeline } from '@huggingface/transformers';

const classifier = await pipeline('zero-shot-classification', 'heads/nli');
const text = 'ada lives in paris';
const labels = ['city', 'person', 'weather'];
export const result = {
  one: await classifier(text, labels),
  each: await classifier(text, labels, { multi_label: true, hypothesis_template: 'this is about {}.' }),
};
await classifier.dispose();
