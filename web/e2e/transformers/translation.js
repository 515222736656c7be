import { pipeline } from '@huggingface/transformers';

const translator = await pipeline('translation', 'tiny/m2m');
export const result = await translator('ein Haus', { src_lang: 'de', tgt_lang: 'en', max_new_tokens: 5 });
await translator.dispose();
