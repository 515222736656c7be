import { pipeline } from '@huggingface/transformers';

const answerer = await pipeline('question-answering', 'heads/bert-answers');
export const result = await answerer('where?', 'ada lives in paris, the capital of france.');
await answerer.dispose();
