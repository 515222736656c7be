import { pipeline } from '@huggingface/transformers';

const summarizer = await pipeline('summarization', 'tiny/summaries');
const writer = await pipeline('text2text-generation', 'tiny/summaries');
export const result = { summary: await summarizer('ein Haus und ein Baum', { max_new_tokens: 6 }), written: await writer('ein Haus', { max_new_tokens: 4 }) };
await summarizer.dispose();
await writer.dispose();
