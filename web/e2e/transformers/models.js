import { AutoModel, AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, AutoConfig, TextStreamer, mean_pooling, softmax } from '@huggingface/transformers';

const config = await AutoConfig.from_pretrained('heads/sentiment');
const tokenizer = await AutoTokenizer.from_pretrained('heads/sentiment');
const classifier = await AutoModelForSequenceClassification.from_pretrained('heads/sentiment');
const inputs = await tokenizer('ada lives in paris');
const { logits } = await classifier(inputs);
const scores = softmax(logits.data);

const embedder = await AutoModel.from_pretrained('f/good', { dtype: 'q8' });
const words = await AutoTokenizer.from_pretrained('f/good');
const batch = await words(['A dog runs.', 'It rains and rains and rains.'], { padding: true });
const { last_hidden_state } = await embedder(batch);
const pooled = mean_pooling(last_hidden_state, batch.attention_mask).normalize();

const model = await AutoModelForCausalLM.from_pretrained('tiny/chat');
const gpt = await AutoTokenizer.from_pretrained('tiny/chat');
const prompt = await gpt.apply_chat_template([{ role: 'user', content: 'hi' }], { add_generation_prompt: true, return_dict: true });
let streamed = '';
const ids = await model.generate({ ...prompt, max_new_tokens: 6, streamer: new TextStreamer(gpt, { skip_prompt: true, callback_function: (text) => void (streamed += text) }) });
const [decoded] = await gpt.batch_decode(ids.slice(null, [prompt.input_ids.dims.at(-1), null]), { skip_special_tokens: true });

export const result = {
  labels: config.id2label,
  sum: scores[0] + scores[1],
  named: classifier.config.id2label[0],
  pooled: pooled.dims,
  lengths: pooled.tolist().map((v) => Math.hypot(...v)),
  streamed,
  decoded,
};
for (const handle of [tokenizer, classifier, embedder, words, model, gpt]) await handle.dispose();
