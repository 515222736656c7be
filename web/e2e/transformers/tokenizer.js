import { AutoTokenizer } from '@huggingface/transformers';

const tokenizer = await AutoTokenizer.from_pretrained('heads/bert-mask');
const { input_ids, attention_mask } = await tokenizer(['ada lives', 'ada lives in paris'], { padding: true, truncation: true });
const ids = await tokenizer.encode('ada lives');
export const result = {
  dims: input_ids.dims,
  first: input_ids.tolist()[0].map(Number),
  mask: attention_mask.tolist()[0].map(Number),
  ids,
  text: await tokenizer.decode(ids, { skip_special_tokens: true }),
  texts: await tokenizer.batch_decode(input_ids, { skip_special_tokens: true }),
  tokens: await tokenizer.tokenize('ada lives'),
};
const chat = await AutoTokenizer.from_pretrained('tiny/chat');
result.chat = await chat.apply_chat_template([{ role: 'user', content: 'hi' }], { tokenize: false, add_generation_prompt: true });
await tokenizer.dispose();
await chat.dispose();
