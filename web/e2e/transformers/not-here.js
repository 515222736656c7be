import { DynamicCache } from '@huggingface/transformers';

export const result = DynamicCache;
