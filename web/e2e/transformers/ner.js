import { pipeline } from '@huggingface/transformers';

const recognizer = await pipeline('ner', 'heads/bert-entities');
export const result = { tokens: await recognizer('Ada lives in Paris', { ignore_labels: [] }) };
await recognizer.dispose();
