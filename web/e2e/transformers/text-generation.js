import { pipeline, TextStreamer } from '@huggingface/transformers';

const generator = await pipeline('text-generation', 'tiny/chat', { dtype: 'fp32' });
const prompt = await generator('hello', { max_new_tokens: 8 });

const messages = [
  { role: 'system', content: 'You are a helpful assistant.' },
  { role: 'user', content: 'Tell me a joke.' },
];
let streamed = '';
const streamer = new TextStreamer(generator.tokenizer, {
  skip_prompt: true,
  skip_special_tokens: true,
  callback_function: (text) => {
    streamed += text;
  },
});
const output = await generator(messages, { max_new_tokens: 12, do_sample: false, streamer });
export const result = { prompt, output, last: output[0].generated_text.at(-1).content, streamed };
await generator.dispose();
