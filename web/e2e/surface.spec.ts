// What transformers.js 4.3.1 exports for text, and the options that its text tasks document: each
// is here, or refused by name. Nothing is taken and ignored.
// Sources: the exports of dist/transformers.web.js; the JSDoc of src/pipelines/*.js,
// src/utils/hub.js, src/tokenization_utils.js, src/generation/configuration_utils.js and src/env.js.
import { expect } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { test } from './harness.js';

const HAVE = [
  'env', 'pipeline', 'AutoConfig', 'AutoTokenizer', 'AutoModel', 'AutoModelForMaskedLM', 'AutoModelForSequenceClassification', 'AutoModelForTokenClassification',
  'AutoModelForQuestionAnswering', 'AutoModelForCausalLM', 'AutoModelForSeq2SeqLM', 'BaseStreamer', 'TextStreamer', 'StoppingCriteria', 'StoppingCriteriaList', 'MaxLengthCriteria',
  'EosTokenCriteria', 'InterruptableStoppingCriteria', 'LogitsProcessor', 'LogitsProcessorList', 'Tensor', 'cat', 'stack', 'matmul', 'topk', 'layer_norm', 'mean_pooling',
  'quantize_embeddings', 'cos_sim', 'dot', 'softmax', 'log_softmax',
];

/** An import of one of these fails, and the browser's message names it. web/docs/migration.md says what takes its place. */
const NOT_HERE = [
  'PreTrainedTokenizer', 'PretrainedConfig', 'GenerationConfig', 'DynamicCache', 'LogLevel', 'ModelRegistry', 'random', 'LogitsWarper', 'NoRepeatNGramLogitsProcessor',
  'interpolate', 'interpolate_4d', 'permute', 'mean', 'std_mean', 'slice', 'rfft', 'full', 'full_like', 'ones', 'ones_like', 'zeros', 'zeros_like', 'rand', 'randn',
];

const TENSOR = [
  'item', 'tolist', 'sigmoid', 'map', 'mul', 'div', 'add', 'sub', 'clone', 'slice', 'permute', 'transpose', 'sum', 'norm', 'normalize', 'squeeze', 'unsqueeze', 'flatten', 'view', 'mean',
  'min', 'max', 'argmin', 'argmax', 'to',
];

const TOKENIZER = ['encode', 'decode', 'batch_decode', 'tokenize', 'apply_chat_template', 'model_max_length', 'pad_token', 'pad_token_id', 'eos_token', 'eos_token_id', 'bos_token', 'bos_token_id', 'mask_token', 'mask_token_id', 'all_special_ids', 'all_special_tokens'];

test('every name is exported, or is not and the guide says what takes its place', async ({ page }) => {
  const r = await page.evaluate(
    async ({ HAVE, NOT_HERE, TENSOR, TOKENIZER }) => {
      const t = new lodestone.Tensor('float32', new Float32Array(2), [2]);
      const tokenizer = await lodestone.AutoTokenizer.from_pretrained('/tiny/chat/');
      const missing = {
        exports: HAVE.filter((name) => !(name in lodestone)),
        extra: NOT_HERE.filter((name) => name in lodestone),
        tensor: TENSOR.filter((name) => !(name in t)),
        tokenizer: TOKENIZER.filter((name) => !(name in tokenizer)),
      };
      const ends = [tokenizer.eos_token_id, tokenizer.eos_token];
      await tokenizer.dispose();
      return { missing, ends };
    },
    { HAVE, NOT_HERE, TENSOR, TOKENIZER },
  );
  expect(r.missing).toEqual({ exports: [], extra: [], tensor: [], tokenizer: [] });
  expect(r.ends[0]).toBeGreaterThanOrEqual(0);
  const guide = readFileSync(new URL('../docs/migration.md', import.meta.url), 'utf8');
  expect(NOT_HERE.filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
});

test('an import of a name that is not here fails and names it', async ({ page }) => {
  const message = await page.evaluate(() => import('/examples-of-transformers/not-here.js' as string).then(() => 'imported', (e: Error) => e.message));
  expect(message).toContain('DynamicCache');
});

/** For each documented option a value to call with, or REFUSED. */
const REFUSED = 'refused';
const GENERATION = {
  max_length: 9, max_new_tokens: 2, min_length: 1, min_new_tokens: 1, early_stopping: true, do_sample: true, num_beams: 2, temperature: 0.5, top_k: 5, top_p: 0.9, repetition_penalty: 1.1,
  length_penalty: 1, no_repeat_ngram_size: 2, bad_words_ids: [[3]], forced_bos_token_id: 4, forced_eos_token_id: 5, suppress_tokens: [6], num_return_sequences: 1, eos_token_id: 7,
  decoder_start_token_id: 2, stopping_criteria: [], logits_processor: [],
  max_time: REFUSED, num_beam_groups: REFUSED, penalty_alpha: REFUSED, use_cache: REFUSED, typical_p: REFUSED, epsilon_cutoff: REFUSED, eta_cutoff: REFUSED, diversity_penalty: REFUSED,
  encoder_repetition_penalty: REFUSED, force_words_ids: REFUSED, renormalize_logits: REFUSED, constraints: REFUSED, remove_invalid_values: REFUSED, exponential_decay_length_penalty: REFUSED,
  begin_suppress_tokens: REFUSED, forced_decoder_ids: REFUSED, guidance_scale: REFUSED, output_attentions: REFUSED, output_hidden_states: REFUSED, output_scores: REFUSED,
  return_dict_in_generate: REFUSED, pad_token_id: REFUSED, bos_token_id: REFUSED, encoder_no_repeat_ngram_size: REFUSED, generation_kwargs: REFUSED, generation_config: REFUSED, max_tokens: REFUSED,
};

/** task: the folder, what it is called with, its options, and those that each call needs. */
const TASKS: Record<string, { model: string; input: unknown[]; options: Record<string, unknown>; always?: Record<string, unknown> }> = {
  'feature-extraction': {
    model: '/f/good/',
    input: ['a dog'],
    options: { pooling: ['none', 'mean', 'cls', 'first_token', 'eos', 'last_token'], normalize: true, quantize: false, precision: REFUSED },
  },
  'fill-mask': { model: '/heads/bert-mask/', input: ['ada [MASK] in paris'], options: { top_k: 2 } },
  'question-answering': { model: '/heads/bert-answers/', input: ['where?', 'ada lives in paris'], options: { top_k: 2 } },
  'text-classification': { model: '/heads/sentiment/', input: ['ada'], options: { top_k: [1, null] } },
  'token-classification': { model: '/heads/bert-entities/', input: ['ada lives in paris'], options: { ignore_labels: [['O']], aggregation_strategy: ['none', 'simple', 'first', 'average', 'max'] } },
  'zero-shot-classification': { model: '/heads/nli/', input: ['ada', ['city', 'person']], options: { hypothesis_template: 'about {}.', multi_label: true } },
  summarization: { model: '/tiny/summaries/', input: ['ada'], options: { ...GENERATION } },
  'text2text-generation': { model: '/tiny/summaries/', input: ['ada'], options: { ...GENERATION } },
  translation: { model: '/tiny/m2m/', input: ['ada'], options: { ...GENERATION, forced_bos_token_id: REFUSED, src_lang: 'de', tgt_lang: 'de' }, always: { tgt_lang: 'en' } },
  'text-generation': { model: '/tiny/gpt2/', input: ['ada'], options: { ...GENERATION, add_special_tokens: false, return_full_text: false, tokenizer_encode_kwargs: REFUSED } },
};

for (const [task, { model, input, options, always = {} }] of Object.entries(TASKS)) {
  test(`${task}: every documented option has its effect or is refused by name`, async ({ page }) => {
    const r = await page.evaluate(
      async ({ task, model, input, options, always, REFUSED }) => {
        const pipe = (await lodestone.pipeline(task as 'fill-mask', model)) as unknown as { (...a: unknown[]): Promise<unknown>; dispose(): Promise<void> };
        const wrong: string[] = [];
        for (const [name, values] of Object.entries(options)) {
          for (const value of Array.isArray(values) && values.length > 0 && name !== 'suppress_tokens' && name !== 'bad_words_ids' ? values : [values]) {
            const given = value === REFUSED ? 1 : value;
            const generates = 'max_new_tokens' in options && name !== 'max_new_tokens' && name !== 'max_length' ? { max_new_tokens: 2 } : {};
            const thrown = (await pipe(...input, { ...always, ...generates, [name]: given }).then(() => null, (e: unknown) => e)) as { code?: string; message: string } | null;
            const refused = thrown?.code === 'invalid_argument' && thrown.message.includes(name);
            if (value === REFUSED ? !refused : thrown) wrong.push(`${name}: ${JSON.stringify(given)}: ${thrown ? thrown.message : 'taken'}`);
          }
        }
        const other = await failure(pipe(...input, { no_such_option: true }));
        await pipe.dispose();
        return { wrong, other };
      },
      { task, model, input, options, always, REFUSED },
    );
    expect(r.wrong).toEqual([]);
    expect(r.other).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('"no_such_option"') });
  });
}

test('options of loading, of tokenizers and members of env are taken or refused by name', async ({ page }) => {
  const r = await page.evaluate(async () => {
    const load = (options: object): Promise<unknown> => lodestone.pipeline('text-classification', '/heads/sentiment/', options as never).then((p) => p.dispose());
    const taken = { progress_callback: () => {}, local_files_only: false, revision: 'main', subfolder: '', device: 'wasm', dtype: 'fp32' };
    const refused = { config: {}, cache_dir: '/tmp', model_file_name: 'model', use_external_data_format: true, session_options: {}, quantized: true };
    const wrong: string[] = [];
    const note = async (what: string, wanted: boolean, run: Promise<unknown>, name: string): Promise<void> => {
      const thrown = (await run.then(() => null, (e: unknown) => e)) as { message: string } | null;
      if (wanted ? thrown : !thrown?.message.includes(name)) wrong.push(`${what} ${name}: ${thrown ? thrown.message : 'taken'}`);
    };
    // revision and subfolder belong to model ids
    lodestone.env.remoteHost = new URL('/hub/', location.href).href;
    const byID = (options: object): Promise<unknown> => lodestone.pipeline('text-classification', 'heads/sentiment', options as never).then((p) => p.dispose());
    for (const [name, value] of Object.entries(taken)) await note('load', true, byID({ [name]: value }), name);
    for (const [name, value] of Object.entries(refused)) await note('load', false, load({ [name]: value }), name);

    const t = await lodestone.AutoTokenizer.from_pretrained('/heads/bert-mask/');
    const call = t as unknown as (text: string, o: object) => Promise<unknown>;
    for (const o of [{ text_pair: 'b' }, { padding: true }, { add_special_tokens: false }, { truncation: true }, { max_length: 4, truncation: true }, { return_tensor: false }]) await note('tokenizer', true, call('a', o), '');
    for (const name of ['return_token_type_ids', 'return_tensors', 'stride']) await note('tokenizer', false, call('a', { [name]: true }), name);
    const decode = t.decode as unknown as (ids: number[], o: object) => Promise<unknown>;
    await note('decode', true, decode([5], { skip_special_tokens: true }), '');
    await note('decode', false, decode([5], { clean_up_tokenization_spaces: false }), 'clean_up_tokenization_spaces');
    await t.dispose();

    const env = lodestone.env as unknown as Record<string, unknown>;
    for (const name of ['logLevel', 'useBrowserCache', 'useFS', 'useFSCache', 'cacheDir', 'useCustomCache', 'customCache', 'useWasmCache', 'cacheKey', 'experimental_useCrossOriginStorage', 'fetch', 'version']) {
      try {
        env[name] = true;
        wrong.push(`env.${name}: taken`);
      } catch (e) {
        if (!(e as Error).message.includes(`env.${name}`)) wrong.push(`env.${name}: ${String(e)}`);
      }
    }
    return wrong;
  });
  expect(r).toEqual([]);
});
