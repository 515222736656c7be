import { pipeline } from '@huggingface/transformers';

const unmasker = await pipeline('fill-mask', 'heads/bert-mask');
export const result = { three: await unmasker('ada lives in [MASK].', { top_k: 3 }) };
await unmasker.dispose();
