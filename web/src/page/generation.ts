// Generation, as far as its tasks and models have it in common: options and processors.
// Streaming is in streaming.ts. This side checks the types of options; models/generate
// checks their ranges.
import type { GenerateReply, GenerateRequest, Step, StepReply, Tokens } from '../protocol/generation.js';
import type { Client } from './client.js';
import { type LogitsFunction, type LogitsProcessorOption, process, processorsOf } from './logits.js';
import { Ending, type StoppingCriteriaOption, stoppingOf } from './stopping.js';
import * as check from './validate.js';

/**
 * How tokens are chosen. The folder's generation_config.json (or config.json) sets what you
 * leave out; without one it is greedy search for 20 tokens. The folder never sets the number
 * of beams: num_beams is 1 unless you ask for more.
 */
export interface GenerationOptions {
  /** The most tokens to add, and the fewest. */
  max_new_tokens?: number;
  min_new_tokens?: number;
  /** The same with the prompt included; max_new_tokens takes precedence. */
  max_length?: number;
  min_length?: number;
  /** True samples tokens; the next three options say how. */
  do_sample?: boolean;
  temperature?: number;
  /** Samples from the k likeliest tokens: 50 unless the folder sets it; 0: from all. */
  top_k?: number;
  /** Samples from the fewest tokens whose probabilities add up to p. */
  top_p?: number;
  /** The same seed samples the same tokens. Without one, each call has its own. */
  seed?: number;
  repetition_penalty?: number;
  no_repeat_ngram_size?: number;
  /** Beam search, if more than 1. Beams cannot be streamed. */
  num_beams?: number;
  length_penalty?: number;
  early_stopping?: boolean | 'never';
  /** The number of results for each input: samples, or the best beams. */
  num_return_sequences?: number;
  /** The tokens that end a sequence. */
  eos_token_id?: number | readonly number[];
  forced_bos_token_id?: number;
  forced_eos_token_id?: number;
  decoder_start_token_id?: number;
  suppress_tokens?: readonly number[];
  bad_words_ids?: readonly (readonly number[])[];
  /** Texts that end a sequence; they are part of the result. They need a tokenizer. */
  stop_strings?: string | readonly string[];
  /**
   * Your own functions, called for every step. They run in the page, so each token waits for
   * two messages and its logits are copied: some tenths of a millisecond, and more for large
   * vocabularies.
   */
  logits_processor?: LogitsProcessorOption | null;
  /** Ends sequences with what they have: a class of yours that extends StoppingCriteria, an InterruptableStoppingCriteria, or several. Beams take the latter only. */
  stopping_criteria?: StoppingCriteriaOption | null;
  signal?: AbortSignal | null;
}

type Serialized = Exclude<keyof GenerationOptions, 'logits_processor' | 'stopping_criteria' | 'signal'>;

function tokenId(what: string, value: unknown): number {
  return check.tokenIds(what, [value])[0]!;
}

/** The type of each option that crosses to the worker: a check that returns the value for JSON. */
const TYPES: Record<Serialized, (what: string, value: unknown) => unknown> = {
  max_new_tokens: check.number,
  min_new_tokens: check.number,
  max_length: check.number,
  min_length: check.number,
  do_sample: (what, value) => check.boolean(what, value, false),
  temperature: check.number,
  top_k: check.number,
  top_p: check.number,
  seed: check.number,
  repetition_penalty: check.number,
  no_repeat_ngram_size: check.number,
  num_beams: check.number,
  length_penalty: check.number,
  early_stopping: (what, value) => (value === 'never' ? value : check.boolean(what, value, false)),
  num_return_sequences: check.number,
  eos_token_id: check.tokenIds,
  forced_bos_token_id: tokenId,
  forced_eos_token_id: tokenId,
  decoder_start_token_id: tokenId,
  suppress_tokens: check.tokenIds,
  bad_words_ids: (what, value) => check.array(what, value).map((word) => check.tokenIds(what, word)),
  stop_strings: check.texts,
};

/** The names of the options that every task of generation has. */
export const GENERATION_OPTIONS: readonly string[] = [...Object.keys(TYPES), 'logits_processor', 'stopping_criteria', 'signal'];

/** Options of transformers.js that have no place here, and what takes it. */
export const GENERATION_ELSEWHERE: Readonly<Record<string, string>> = {
  generation_config: 'give its members as options',
  tokenizer_encode_kwargs: 'give add_special_tokens, tools, documents or chat_template as options',
  past_key_values: 'the cache belongs to one call; give the whole prompt',
  use_cache: 'the cache is always used',
  return_dict_in_generate: 'use logits_processor to see the logits',
  output_scores: 'use logits_processor to see the logits',
  forced_bos_token_id: 'use tgt_lang',
  max_time: 'use an InterruptableStoppingCriteria and setTimeout',
  begin_suppress_tokens: 'use logits_processor',
  typical_p: 'use top_p',
  epsilon_cutoff: 'use top_p',
  eta_cutoff: 'use top_p',
  renormalize_logits: 'sampling always takes probabilities that add up to 1',
  remove_invalid_values: 'numbers that are not finite are an error, invalid_weight',
};

/** The options as they cross to the worker. */
function serialized(what: string, o: GenerationOptions): string {
  const out: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(TYPES)) {
    const value = o[name as Serialized];
    if (value !== undefined && value !== null) out[name] = type(`${what}: ${name}`, value);
  }
  out['seed'] ??= Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
  return JSON.stringify(out);
}

/** What a call generates from: texts or rows of ids. */
export type Source = Pick<GenerateRequest, 'texts' | 'ids' | 'lengths'> & Partial<Pick<GenerateRequest, 'pieces' | 'addSpecial' | 'from' | 'to'>>;

/** Generates. `tokens` gets tokens as they are chosen. */
export async function generate(
  client: Client,
  what: string,
  source: Source,
  o: GenerationOptions,
  tokens?: (tokens: Tokens) => void,
): Promise<GenerateReply> {
  const options = serialized(what, o);
  const signal = check.abortSignal(`${what}: signal`, o.signal);
  const processors = processorsOf(what, o.logits_processor);
  if (tokens && (o.num_beams ?? 1) > 1) throw check.invalid(`${what}: num_beams: ${o.num_beams}, but beams are known only at the end; stream with num_beams: 1`);
  const { interrupt, asked } = stoppingOf(what, o.stopping_criteria);
  if (asked && (o.num_beams ?? 1) > 1) throw check.invalid(`${what}: stopping_criteria: beams end by the model's end token, stop_strings, max_new_tokens or an InterruptableStoppingCriteria; take num_beams: 1`);
  const processed = processors.length > 0 || asked !== undefined;
  const request: GenerateRequest = {
    op: 'generate',
    pieces: null,
    addSpecial: true,
    from: '',
    to: '',
    ...source,
    options,
    streamed: tokens !== undefined,
    processed,
  };
  const ending = asked ? new Ending(asked) : null;
  return client.call(request, { signal, tokens, interrupt, process: processed ? (step) => reply(what, processors, ending, step) : undefined });
}

/** Asks the stopping criteria, then the processors. */
async function reply(what: string, processors: readonly LogitsFunction[], ending: Ending | null, { ids, lengths, logits }: Step): Promise<StepReply> {
  let at = 0;
  const rows = Array.from(lengths, (n) => Array.from(ids.subarray(at, (at += n)), BigInt));
  const ended = (await ending?.ended(rows)) ?? null;
  if (ended?.length === rows.length) return { logits, ended };
  const processed = await process(what, processors, rows, logits);
  ending?.keep(rows, processed);
  return { logits: processed, ended };
}
