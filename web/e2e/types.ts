// A page's own TypeScript against the declarations of web/dist: tsc checks it, nobody
// runs it. What must not compile is marked, and tsc fails if it does.
import {
  AutoModel,
  AutoModelForTokenClassification,
  AutoModelForCausalLM,
  AutoTokenizer,
  capabilities,
  crop,
  DEFAULT_MODEL,
  env,
  type ErrorCode,
  type FeatureExtractionPipeline,
  KformerModel,
  LodestoneError,
  type LogitsFunction,
  MetaLMModel,
  type VectorHit,
  VectorIndex,
  pipeline,
  type ProgressEvent,
  Tensor,
  type TextGenerationOutput,
  type TextGenerationPipeline,
  TextStreamer,
} from '../dist/lodestone.js';

export async function search(texts: string[], signal: AbortSignal): Promise<Float32Array> {
  env.assetsPath = '/assets/';
  const bar = (e: ProgressEvent): number => (e.status === 'progress_total' ? e.progress : e.status === 'progress' ? e.loaded / e.total : 0);
  const embed: FeatureExtractionPipeline = await pipeline('feature-extraction', DEFAULT_MODEL, {
    dtype: 'q8',
    device: 'auto',
    threads: 'auto',
    progress_callback: (e) => void bar(e),
    signal,
  });
  const { data, dims, truncated } = await embed(texts, { pooling: 'prompt', normalize: true, signal });
  const width: number = dims[1]! + Number(truncated[0]) + embed.dim;
  const why: string = capabilities().reasons.threads;
  const { kernelBytes } = await embed.memory();
  await embed.dispose();
  return data.subarray(0, width + why.length + kernelBytes);
}

export async function raw(): Promise<number> {
  const tokenizer = await AutoTokenizer.from_pretrained('/models/m');
  const model = await AutoModel.from_pretrained('/models/m', { dtype: 'fp32', threads: 2 });
  const inputs = await tokenizer(['a', 'b'], { padding: true, truncation: true, max_length: 16, return_offsets_mapping: true });
  const ids: BigInt64Array = inputs.input_ids.data;
  const [from, to]: [number, number] = inputs.offset_mapping![0]![0]!;
  const { last_hidden_state, attentions } = await model(inputs, { output_attentions: true });
  const heads: number = (await model.describe()).stacks[0]!.heads - attentions![0]!.dims[1]!;
  const t = new Tensor('int64', ids, [2, 1]);
  return last_hidden_state.data[0]! + t.size + to - from + heads;
}

export async function heads(signal: AbortSignal): Promise<string> {
  const fill = await pipeline('fill-mask', '/models/m');
  const one: string = (await fill('the [MASK]', { top_k: 2, signal }))[0]!.token_str;
  const two: number = (await fill('the [MASK] of [MASK]'))[1]![0]!.score;
  const classify = await pipeline('text-classification', '/models/m');
  const label: string = (await classify(['a', 'b']))[1]!.label + (await classify(['a'], { top_k: null }))[0]![0]!.label;
  const find = await pipeline('token-classification', '/models/m');
  const entity: string = (await find('a'))[0]!.entity + (await find(['a'], { aggregation_strategy: 'average' }))[0]![0]!.entity_group;
  const answer = await pipeline('question-answering', '/models/m');
  const { answer: text, start } = await answer('who?', 'a');
  const second: string = (await answer(['who?'], ['a'], { top_k: 2 }))[0]![1]!.answer;
  const tagger = await AutoModelForTokenClassification.from_pretrained('/models/m');
  const { logits } = await tagger({ input_ids: new Tensor('int64', new BigInt64Array(1), [1, 1]) });
  const translator = await pipeline('translation', '/models/m');
  const { entities, placed, steps } = await crop('a', { translator, tagger: find, src_lang: 'de', on_step: ({ name }) => void (name === 'mark') });
  const group: string = entities[0]!.entity_group + steps[0]!.output[0]!.words[0]! + (placed ? steps[0]!.milliseconds : '');
  // @ts-expect-error a translator does not tag
  await crop('a', { translator, tagger: translator, src_lang: 'de' });
  return `${one}${two}${label}${entity}${group}${text}${start}${second}${logits.data[0]}${tagger.config.id2label[0]}${fill.mask_token}`;
}

export function explain(e: unknown): string {
  if (!(e instanceof LodestoneError)) return '';
  const code: ErrorCode = e.code;
  return code === 'aborted' ? '' : `${e.message} ${String(e.details['file'])}`;
}

export async function told(prompt: string, signal: AbortSignal): Promise<string> {
  const generator: TextGenerationPipeline = await pipeline('text-generation', '/models/gpt2', { dtype: 'q8' });
  const never: LogitsFunction = (ids, logits) => void (logits.data[ids[0]!.length] = -Infinity);
  let text = '';
  for await (const piece of generator.stream(prompt, { max_new_tokens: 9, do_sample: true, top_p: 0.9, logits_processor: never, signal })) text += piece;
  const [{ generated_text }] = (await generator(prompt, { streamer: new TextStreamer(null, { callback_function: (t) => void (text += t) }) })) as [{ generated_text: string }];
  const many: TextGenerationOutput[][] = await generator([prompt, prompt], { num_beams: 3, num_return_sequences: 2, early_stopping: 'never' });
  const translator = await pipeline('translation', '/models/nllb');
  const out = await translator(prompt, { src_lang: 'deu_Latn', tgt_lang: 'eng_Latn' });
  const model = await AutoModelForCausalLM.from_pretrained('/models/gpt2');
  const ids: Tensor<'int64'> = await model.generate({ input_ids: new Tensor('int64', new BigInt64Array(1), [1, 1]), max_new_tokens: 3 });
  const reader = await KformerModel.from_pretrained('/models/kformer');
  const notes: number = await reader.setKnowledge(['a note']);
  const meta = await MetaLMModel.from_pretrained('/models/metalm');
  const shots = await meta.generate({ pieces: [{ span: 'a' }, { text: 'b' }, { ids: [1] }], max_new_tokens: 1 });
  const index = await VectorIndex.create(2);
  const added: number[] = await index.add([[1, 0], Float32Array.of(0, 1)], [{ kind: 'a' }, {}], { signal });
  const hits: VectorHit[] = await index.search(new Tensor('float32', Float32Array.of(1, 0), [1, 2]), { k: 1, filter: { kind: ['a', 'b'] } });
  const saved: Uint8Array = await index.save();
  // @ts-expect-error there is no such option
  await index.search([1, 0], { top: added.length + hits.length + saved.length });
  // @ts-expect-error there is no such option
  await generator(prompt, { max_tokens: 3 });
  // @ts-expect-error beams are not streamed
  generator.stream(prompt, { num_beams: 2 });
  return text + generated_text + many.length + out[0]!.translation_text + ids.size + notes + shots[0]!.generated_text;
}

export async function refused(): Promise<void> {
  // @ts-expect-error there is no such task
  await pipeline('image-segmentation', DEFAULT_MODEL);
  // @ts-expect-error there is no such dtype
  const embed = await pipeline('feature-extraction', DEFAULT_MODEL, { dtype: 'q3' });
  // @ts-expect-error a number, not its name
  await pipeline('feature-extraction', DEFAULT_MODEL, { threads: '2' });
  // @ts-expect-error there is no such pooling
  await embed('a', { pooling: 'max' });
  const find = await pipeline('token-classification', DEFAULT_MODEL);
  // @ts-expect-error groups have no label of their own
  const tag: string = (await find('a', { aggregation_strategy: 'simple' }))[0]!.entity;
  void tag;
  // @ts-expect-error there is no such strategy
  await find('a', { aggregation_strategy: 'last' });
  // @ts-expect-error ids are 64 bits wide
  new Tensor('int64', new Float32Array(1), [1]);
  // @ts-expect-error an error's code is one of a list
  const code: ErrorCode = 'oops';
  void code;
}
