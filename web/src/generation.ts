// Generation, as its tasks and models have it in common: options, streaming, processors.
import type { Engine } from './engine.js';
import type { GenerateReply, GenerateRequest, Step, Tokens } from './protocol.js';
import { Tensor } from './tensor.js';
import { eachToken } from './tokens.js';
import * as check from './validate.js';

/**
 * Changes the logits of the next token: in place, or by returning others.
 *
 * @param input_ids the tokens of every open sequence so far, prompt included
 * @param logits [sequences, vocabulary]; −Infinity forbids a token
 */
export type LogitsProcessor = (
  input_ids: bigint[][],
  logits: Tensor<'float32'>,
) => Tensor<'float32'> | void | Promise<Tensor<'float32'> | void>;

/**
 * How tokens are chosen. What is left out is as the folder's generation_config.json (or
 * config.json) says; without one it is greedy search for 20 tokens. How many beams is
 * never the folder's to say: num_beams is 1 unless you ask for more.
 */
export interface GenerationOptions {
  /** The most tokens to add, and how many there are at least. */
  max_new_tokens?: number;
  min_new_tokens?: number;
  /** The same with the prompt counted in; max_new_tokens counts for more. */
  max_length?: number;
  min_length?: number;
  /** True draws tokens; the following four say from which, and by which chance. */
  do_sample?: boolean;
  temperature?: number;
  /** The k likeliest tokens, 50 unless the folder says otherwise; 0: all. */
  top_k?: number;
  /** The fewest tokens whose probabilities add up to p. */
  top_p?: number;
  /** The same seed draws the same tokens. Left out, each call has another. */
  seed?: number;
  repetition_penalty?: number;
  no_repeat_ngram_size?: number;
  /** Beam search, if more than 1. Beams are not streamed. */
  num_beams?: number;
  length_penalty?: number;
  early_stopping?: boolean | 'never';
  /** How many results there are for each input: drawn, or the best beams. */
  num_return_sequences?: number;
  /** The tokens that end a sequence. */
  eos_token_id?: number | readonly number[];
  forced_bos_token_id?: number;
  forced_eos_token_id?: number;
  decoder_start_token_id?: number;
  suppress_tokens?: readonly number[];
  bad_words_ids?: readonly (readonly number[])[];
  /** Texts that end a sequence; they are part of the result. Not for models without a tokenizer. */
  stop_strings?: string | readonly string[];
  /**
   * Your own functions, called for every step. They run on the page, so each token then
   * waits for two messages and its logits are copied: some tenths of a millisecond, and
   * more for large vocabularies.
   */
  logits_processor?: LogitsProcessor | readonly LogitsProcessor[];
  signal?: AbortSignal | null;
}

type Ruled = Exclude<keyof GenerationOptions, 'logits_processor' | 'signal'>;

const id = (v: number): boolean => Number.isSafeInteger(v) && v >= 0 && v <= 0x7fffffff;
const positive = (v: number): boolean => Number.isFinite(v) && v > 0;

/** What numbers may be, and how that is said. */
const NUMBERS: Partial<Record<Ruled, [ok: (v: number) => boolean, says: string]>> = {
  max_new_tokens: [(v) => id(v) && v > 0, 'a whole number of at least 1'],
  min_new_tokens: [id, 'a whole number of at least 0'],
  max_length: [(v) => id(v) && v > 0, 'a whole number of at least 1'],
  min_length: [id, 'a whole number of at least 0'],
  temperature: [positive, 'a number above 0; for the likeliest token leave do_sample out'],
  top_k: [id, 'a whole number of at least 0'],
  top_p: [(v) => v > 0 && v <= 1, 'a number above 0, at most 1'],
  repetition_penalty: [positive, 'a number above 0'],
  no_repeat_ngram_size: [id, 'a whole number of at least 0'],
  num_beams: [(v) => id(v) && v > 0, 'a whole number of at least 1'],
  length_penalty: [Number.isFinite, 'a number'],
  num_return_sequences: [(v) => id(v) && v > 0, 'a whole number of at least 1'],
  forced_bos_token_id: [id, 'the number of a token'],
  forced_eos_token_id: [id, 'the number of a token'],
  decoder_start_token_id: [id, 'the number of a token'],
  seed: [(v) => Number.isSafeInteger(v) && v >= 0, 'a whole number of at least 0'],
};

const OTHERS = ['do_sample', 'early_stopping', 'eos_token_id', 'suppress_tokens', 'bad_words_ids', 'stop_strings', 'logits_processor', 'signal'] as const;

/** The names of the options that every task of generation has. */
export const GENERATION_OPTIONS: readonly string[] = [...Object.keys(NUMBERS), ...OTHERS];

export function ids(what: string, value: unknown): number[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  return list.map((v) => {
    const n = typeof v === 'bigint' ? Number(v) : v;
    if (typeof n !== 'number' || !id(n)) throw check.invalid(`${what}: ${String(v)}, expected the number of a token, or an array of them`);
    return n;
  });
}

/** The options as they cross to the worker. */
function crossing(what: string, o: GenerationOptions): string {
  const out: Record<string, unknown> = {};
  for (const [name, [ok, says]] of Object.entries(NUMBERS)) {
    const value = o[name as Ruled];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || !ok(value)) throw check.invalid(`${what}: ${name}: ${String(value)}, expected ${says}`, { option: name });
    out[name] = value;
  }
  const given = (name: Ruled): boolean => o[name] !== undefined && o[name] !== null;
  if (given('do_sample')) out['do_sample'] = check.boolean(`${what}: do_sample`, o.do_sample, false);
  if (given('early_stopping')) {
    out['early_stopping'] = o.early_stopping === 'never' ? 'never' : check.boolean(`${what}: early_stopping`, o.early_stopping, false);
  }
  if (given('eos_token_id')) out['eos_token_id'] = ids(`${what}: eos_token_id`, o.eos_token_id);
  if (given('suppress_tokens')) out['suppress_tokens'] = ids(`${what}: suppress_tokens`, o.suppress_tokens);
  if (given('bad_words_ids')) {
    if (!Array.isArray(o.bad_words_ids)) throw check.invalid(`${what}: bad_words_ids: expected an array of arrays of tokens`);
    out['bad_words_ids'] = o.bad_words_ids.map((word) => ids(`${what}: bad_words_ids`, word));
  }
  if (given('stop_strings')) out['stop_strings'] = check.texts(`${what}: stop_strings`, o.stop_strings);
  out['seed'] ??= Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
  return JSON.stringify(out);
}

/** What a call generates from: texts or rows of ids. */
export type Source = Pick<GenerateRequest, 'texts' | 'ids' | 'lengths'> & Partial<Pick<GenerateRequest, 'pieces' | 'addSpecial' | 'from' | 'to'>>;

/** Generates. Everything is checked before anything runs. */
export async function generate(
  engine: Engine,
  what: string,
  source: Source,
  o: GenerationOptions,
  tokens?: (tokens: Tokens) => void,
): Promise<GenerateReply> {
  const options = crossing(what, o);
  const signal = check.abortSignal(`${what}: signal`, o.signal);
  const listed = o.logits_processor ?? [];
  const processors = (Array.isArray(listed) ? listed : [listed]) as LogitsProcessor[];
  for (const p of processors) check.callback(`${what}: logits_processor`, p ?? 'nothing');
  if (tokens && (o.num_beams ?? 1) > 1) throw check.invalid(`${what}: num_beams: ${o.num_beams}, but beams are only known at the end; stream with num_beams: 1`);
  const request: GenerateRequest = {
    op: 'generate',
    pieces: null,
    addSpecial: true,
    from: '',
    to: '',
    ...source,
    options,
    streamed: tokens !== undefined,
    processed: processors.length > 0,
  };
  return engine.call(request, { signal, tokens, process: processors.length > 0 ? (step) => process(what, processors, step) : undefined });
}

/** Hands the logits of a step from one processor to the next. */
async function process(what: string, processors: readonly LogitsProcessor[], { ids, lengths, logits }: Step): Promise<Float32Array> {
  let at = 0;
  const rows = Array.from(lengths, (n) => Array.from(ids.subarray(at, (at += n)), BigInt));
  const dims = [rows.length, logits.length / rows.length];
  let tensor = new Tensor('float32', logits, dims);
  for (const [i, p] of processors.entries()) {
    const other = await p(rows, tensor);
    if (other === undefined || other === null) continue;
    if (!(other instanceof Tensor) || other.type !== 'float32' || other.dims.join() !== dims.join()) {
      throw check.invalid(`${what}: logits_processor ${i} returned something other than nothing or a float32 Tensor [${dims.join(', ')}]`);
    }
    tensor = other;
  }
  // A caller may keep its tensor: what is handed over is a copy, unless it is ours.
  return tensor.data === logits ? logits : tensor.data.slice();
}

/**
 * Hears a text as it is made, in the words of transformers.js. The worker makes the text,
 * so the tokenizer is not looked at; it is there because it is there, too.
 *
 *     await generator(prompt, { streamer: new TextStreamer(null, { callback_function: (text) => print(text) }) });
 */
export class TextStreamer {
  readonly callback_function: ((text: string) => void) | undefined;
  readonly token_callback_function: ((tokens: bigint[]) => void) | undefined;

  constructor(
    _tokenizer: unknown,
    options: { callback_function?: (text: string) => void; token_callback_function?: (tokens: bigint[]) => void; skip_prompt?: boolean } = {},
  ) {
    const what = 'TextStreamer';
    const o = check.knownOptions(what, options, ['callback_function', 'token_callback_function', 'skip_prompt']);
    if (o.skip_prompt === false) throw check.invalid(`${what}: skip_prompt: false is not supported; the prompt is yours already`);
    this.callback_function = check.callback(`${what}: callback_function`, o.callback_function);
    this.token_callback_function = check.callback(`${what}: token_callback_function`, o.token_callback_function);
  }
}

/** What hears the tokens of a single text. */
export function heard(what: string, streamer: TextStreamer | undefined | null, texts: number, o: GenerationOptions): ((tokens: Tokens) => void) | undefined {
  if (streamer === undefined || streamer === null) return undefined;
  if (!(streamer instanceof TextStreamer)) throw check.invalid(`${what}: streamer: expected a TextStreamer`);
  if (texts > 1 || (o.num_return_sequences ?? 1) > 1) throw check.invalid(`${what}: streamer: one text at a time`);
  return (tokens) =>
    eachToken(tokens, (id, text) => {
      if (id >= 0) streamer.token_callback_function?.([BigInt(id)]);
      if (text !== '') streamer.callback_function?.(text);
    });
}

/** The pieces of a text as they come. Leaving the loop stops the call. */
export async function* pieces(
  signal: AbortSignal | null | undefined,
  run: (signal: AbortSignal, tokens: (tokens: Tokens) => void) => Promise<unknown>,
): AsyncGenerator<string, void, void> {
  const own = new AbortController();
  const stop = (): void => own.abort();
  const waiting: string[] = [];
  let wake = (): void => {};
  let ended = false;
  let failure: { error: unknown } | null = null;
  if (signal?.aborted) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  run(own.signal, (tokens) => {
    eachToken(tokens, (_, text) => {
      if (text !== '') waiting.push(text);
    });
    wake();
  })
    .catch((error: unknown) => void (failure = { error }))
    .finally(() => {
      ended = true;
      wake();
    });
  try {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift()!;
      if (ended) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (ended || waiting.length > 0) resolve();
      });
    }
    if (failure) throw (failure as { error: unknown }).error;
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}
