// The tokenizer of a loaded folder: texts in, ids out, and back; and the texts of chats.
import type { LoadReply } from '../protocol/load.js';
import type { Reply, Request } from '../protocol/messages.js';
import type { EncodeReply } from '../protocol/tokenizer.js';
import { type ChatMessage, type ChatOptions, chatMessages, chatVariables } from './chat.js';
import type { Client } from './client.js';
import { int64Tensor, Tensor, toInt32 } from './tensor.js';
import * as check from './validate.js';

export interface TokenizerOptions {
  /** True pads to the longest text, 'max_length' to max_length. */
  padding?: boolean | 'max_length';
  /** True truncates texts to max_length. */
  truncation?: boolean;
  /** In tokens, special tokens included. By default, the most that the model takes. */
  max_length?: number;
  /** True (the default) adds the special tokens around a text. */
  add_special_tokens?: boolean;
  /** The second text of each pair of texts. */
  text_pair?: string | readonly string[];
  /** Adds offset_mapping. */
  return_offsets_mapping?: boolean;
  /**
   * True treats the names of special tokens in a text, such as `<mask>`, as ordinary text.
   * False (the default, as in Hugging Face tokenizers) makes special tokens of them. Use true
   * for text that you do not trust.
   */
  split_special_tokens?: boolean;
  /** False returns arrays of ids instead of tensors; texts of different lengths then need no padding. */
  return_tensor?: boolean;
  signal?: AbortSignal | null;
}

/** What a tokenizer returns: tensors [texts, tokens]. */
export interface BatchEncoding {
  input_ids: Tensor<'int64'>;
  attention_mask: Tensor<'int64'>;
  /** 1 for the tokens of the second text of a pair; only with text_pair. */
  token_type_ids?: Tensor<'int64'>;
  /** For each text the begin and the end of each token in UTF-16 units; [0, 0] for special tokens and padding. */
  offset_mapping?: [number, number][][];
}

/** The same with return_tensor: false. N is number[] for one text, number[][] for several. */
export interface BatchEncodingArrays<N = number[] | number[][]> {
  input_ids: N;
  attention_mask: N;
  token_type_ids?: N;
  offset_mapping?: [number, number][][];
}

type Arrays = { return_tensor: false };
type EncodeOptions = Pick<TokenizerOptions, 'add_special_tokens' | 'split_special_tokens' | 'signal'> & { text_pair?: string };
type DecodeOptions = { skip_special_tokens?: boolean; signal?: AbortSignal | null };
type Ids = readonly (number | bigint)[] | Tensor<'int64'>;

/** What tokenizers know without a call. */
interface Vocabulary {
  readonly vocab_size: number;
  readonly model_max_length: number;
  /** −1 if there is none, and so are the others. The ends are those of config.json. */
  readonly pad_token_id: number;
  readonly mask_token_id: number;
  readonly bos_token_id: number;
  readonly eos_token_id: number;
  /** How a text spells a mask, such as [MASK]; '' if there is none, and so are the others. */
  readonly mask_token: string;
  readonly pad_token: string;
  readonly bos_token: string;
  readonly eos_token: string;
  /** The tokens that skip_special_tokens leaves out, in the order of tokenizer.json, and their ids. */
  readonly all_special_tokens: readonly string[];
  readonly all_special_ids: readonly number[];
  dispose(): Promise<void>;
}

/** A tokenizer. It runs in a worker, so its functions return promises. */
export interface PreTrainedTokenizer extends Vocabulary {
  (text: string, options: TokenizerOptions & Arrays): Promise<BatchEncodingArrays<number[]>>;
  (texts: readonly string[], options: TokenizerOptions & Arrays): Promise<BatchEncodingArrays<number[][]>>;
  (texts: string | readonly string[], options?: TokenizerOptions): Promise<BatchEncoding>;
  /** The ids of one text. */
  encode(text: string, options?: EncodeOptions): Promise<number[]>;
  /** The tokens of one text as the vocabulary has them, without special tokens unless add_special_tokens is true. */
  tokenize(text: string, options?: EncodeOptions): Promise<string[]>;
  /** The text of ids. */
  decode(ids: Ids, options?: DecodeOptions): Promise<string>;
  /** The texts of rows of ids. */
  batch_decode(rows: readonly Ids[] | Tensor<'int64'>, options?: DecodeOptions): Promise<string[]>;
  /** The text of a chat, by the template of the model's folder. */
  apply_chat_template(messages: readonly ChatMessage[], options: ChatOptions & { tokenize: false }): Promise<string>;
  /** Its ids. */
  apply_chat_template(messages: readonly ChatMessage[], options?: ChatOptions): Promise<BatchEncoding>;
}

/** A tokenizer in the page, whose functions return at once. */
export interface PageTokenizer extends Vocabulary {
  (text: string, options: TokenizerOptions & Arrays): BatchEncodingArrays<number[]>;
  (texts: readonly string[], options: TokenizerOptions & Arrays): BatchEncodingArrays<number[][]>;
  (texts: string | readonly string[], options?: TokenizerOptions): BatchEncoding;
  encode(text: string, options?: EncodeOptions): number[];
  tokenize(text: string, options?: EncodeOptions): string[];
  decode(ids: Ids, options?: DecodeOptions): string;
  batch_decode(rows: readonly Ids[] | Tensor<'int64'>, options?: DecodeOptions): string[];
  apply_chat_template(messages: readonly ChatMessage[], options: ChatOptions & { tokenize: false }): string;
  apply_chat_template(messages: readonly ChatMessage[], options?: ChatOptions): BatchEncoding;
}

/** Makes a call of an engine, here or in a worker. */
export type Call = <const R extends Request>(request: R, options: { signal?: AbortSignal | undefined }) => Reply<R> | Promise<Reply<R>>;

const KNOWN = ['padding', 'truncation', 'max_length', 'add_special_tokens', 'text_pair', 'return_offsets_mapping', 'split_special_tokens', 'return_tensor', 'signal'];
const ELSEWHERE = { return_tensors: 'use return_tensor: true (the default) or false', return_token_type_ids: 'token_type_ids come with text_pair' };

/** The tokenizer of a loaded folder in a worker: a failed check rejects, too. */
export function tokenizer(client: Client, info: LoadReply): PreTrainedTokenizer {
  const { run, functions } = tokenizerFunctions((request, options) => client.call(request, options), info);
  type F = (...args: never[]) => unknown;
  const promised = (f: F): F => async (...args) => f(...args);
  const all = Object.fromEntries(Object.entries(functions).map(([name, f]) => [name, promised(f as F)]));
  return Object.assign(promised(run as F), all, vocabulary(info, () => client.dispose())) as unknown as PreTrainedTokenizer;
}

/** A tokenizer whose calls return at once. */
export function pageTokenizer(call: Call, info: LoadReply, dispose: () => void): PageTokenizer {
  const { run, functions } = tokenizerFunctions(call, info);
  return Object.assign(run, functions, vocabulary(info, dispose)) as unknown as PageTokenizer;
}

function vocabulary(info: LoadReply, dispose: () => void): Vocabulary {
  const tokens = info.special?.tokens ?? [];
  const ids = Array.from(info.special?.ids ?? []);
  const mask = maskOf(info);
  const config = JSON.parse(info.config) as Record<string, unknown>;
  const end = (name: string): number => {
    const said: unknown = config[name];
    const id: unknown = Array.isArray(said) ? said[0] : said;
    return typeof id === 'number' ? id : -1;
  };
  const named = (id: number): string => tokens[ids.indexOf(id)] ?? '';
  const [bos, eos] = [end('bos_token_id'), end('eos_token_id')];
  return {
    vocab_size: info.vocabSize,
    model_max_length: info.maxLength,
    pad_token_id: info.padId,
    mask_token_id: mask < 0 ? -1 : ids[mask]!,
    mask_token: mask < 0 ? '' : tokens[mask]!,
    bos_token_id: bos,
    eos_token_id: eos,
    pad_token: named(info.padId),
    bos_token: named(bos),
    eos_token: named(eos),
    all_special_tokens: tokens,
    all_special_ids: ids,
    dispose: async () => dispose(),
  };
}

/** The place of the mask among the special tokens: that of config.json, or the one of its usual name; −1 if there is none. */
function maskOf(info: LoadReply): number {
  const tokens = info.special?.tokens ?? [];
  const said = (JSON.parse(info.config) as { mask_token_id?: unknown }).mask_token_id;
  const byId = typeof said === 'number' ? (info.special?.ids.indexOf(said) ?? -1) : -1;
  return byId >= 0 ? byId : tokens.findIndex((t) => t === '[MASK]' || t === '<mask>');
}

/** Applies f to a value, when it is there. */
function after<T, U>(value: T | Promise<T>, f: (value: T) => U): U | Promise<U> {
  return value instanceof Promise ? value.then(f) : f(value);
}

function tokenizerFunctions(call: Call, info: LoadReply) {
  const encode = (what: string, input: unknown, o: TokenizerOptions, tokens = false) => {
    const texts = check.texts(what, input);
    const pairs = o.text_pair === undefined || o.text_pair === null ? null : check.texts(`${what}: text_pair`, o.text_pair);
    if (pairs && pairs.length !== texts.length) throw check.invalid(`${what}: text_pair has ${pairs.length} texts, expected ${texts.length}, one for each text`);
    const truncation = check.boolean(`${what}: truncation`, o.truncation, false);
    const limit = check.count(`${what}: max_length`, o.max_length) ?? info.maxLength;
    const reply = call(
      {
        op: 'encode',
        texts,
        pairs,
        addSpecial: check.boolean(`${what}: add_special_tokens`, o.add_special_tokens, true),
        parseSpecial: !check.boolean(`${what}: split_special_tokens`, o.split_special_tokens, false),
        maxLength: truncation ? limit : 0,
        tokens,
      },
      { signal: check.abortSignal(`${what}: signal`, o.signal) },
    );
    return { reply, limit, paired: pairs !== null };
  };

  const run = (input: string | readonly string[], options?: TokenizerOptions): unknown => {
    const o = check.knownOptions('tokenizer', options, KNOWN, ELSEWHERE) as TokenizerOptions;
    const padding = o.padding === 'max_length' ? 'max_length' : check.boolean('tokenizer: padding', o.padding, false);
    const offsets = check.boolean('tokenizer: return_offsets_mapping', o.return_offsets_mapping, false);
    const tensors = check.boolean('tokenizer: return_tensor', o.return_tensor, true);
    const { reply, limit, paired } = encode('tokenizer', input, o);
    return after(reply, (r) => {
      if (tensors || padding) {
        const made = batch(r, padding, limit, info.padId, paired, offsets);
        return tensors ? made : arrays(made, typeof input === 'string');
      }
      return arraysOf(r, paired, offsets, typeof input === 'string');
    });
  };

  const decode = (what: string, rows: readonly unknown[], options: DecodeOptions | undefined): string[] | Promise<string[]> => {
    const o = check.knownOptions(what, options, ['skip_special_tokens', 'signal'], {
      clean_up_tokenization_spaces: 'the decoder of tokenizer.json decides that',
    });
    const skipSpecial = check.boolean(`${what}: skip_special_tokens`, o.skip_special_tokens, false);
    const signal = check.abortSignal(`${what}: signal`, o.signal);
    const each = rows.map((row) => idsOf(what, row));
    const ids = Int32Array.from(each.flatMap((row) => Array.from(row)));
    return call({ op: 'decode', ids, lengths: Int32Array.from(each, (row) => row.length), skipSpecial }, { signal });
  };

  const functions = {
    encode: (text: string, options?: EncodeOptions) => {
      const o = check.knownOptions('encode', options, ['text_pair', 'add_special_tokens', 'split_special_tokens', 'signal']);
      return after(encode('encode', check.oneText('encode', text), o as TokenizerOptions).reply, (r) => Array.from(r.ids));
    },
    tokenize: (text: string, options?: EncodeOptions) => {
      const o = check.knownOptions('tokenize', options, ['text_pair', 'add_special_tokens', 'split_special_tokens', 'signal'], { pair: 'use text_pair' });
      return after(encode('tokenize', check.oneText('tokenize', text), { add_special_tokens: false, ...o } as TokenizerOptions, true).reply, (r) => r.tokens!);
    },
    decode: (ids: Ids, options?: DecodeOptions) => after(decode('decode', [ids], options), (texts) => texts[0]!),
    batch_decode: (rows: readonly Ids[] | Tensor<'int64'>, options?: DecodeOptions) => {
      if (rows instanceof Tensor && rows.dims.length !== 2) throw check.invalid(`batch_decode: a Tensor [${rows.dims.join(', ')}], expected [rows, tokens]`);
      return decode('batch_decode', rows instanceof Tensor ? [...rows] : check.array('batch_decode', rows), options);
    },
    apply_chat_template: (messages: readonly ChatMessage[], options?: ChatOptions) => {
      const what = 'apply_chat_template';
      const { tokenize, padding, truncation, max_length, return_tensor, return_dict, signal, ...own } = options ?? {};
      const asText = !check.boolean(`${what}: tokenize`, tokenize, true);
      const whole = check.boolean(`${what}: return_dict`, return_dict, true);
      const { template, variables } = chatVariables(what, chatMessages(what, messages), own);
      const text = call({ op: 'chat', template, variables }, { signal: check.abortSignal(`${what}: signal`, signal) });
      return after(text, (text): unknown => {
        if (asText) return text;
        // A template writes the special tokens itself.
        const o = { padding, truncation, max_length, return_tensor, signal, add_special_tokens: false } as TokenizerOptions;
        return after(run(text, o), (made) => (whole ? made : (made as BatchEncoding).input_ids));
      });
    },
  };
  return { run, functions };
}

function idsOf(what: string, ids: unknown): Int32Array {
  if (ids instanceof Tensor) {
    if (ids.dims.length === 2 && ids.dims[0] !== 1) throw check.invalid(`${what}: a Tensor of ${ids.dims[0]} rows, expected one; batch_decode takes several`);
    return toInt32(what, ids);
  }
  return Int32Array.from(check.tokenIds(what, check.array(what, ids)));
}

/** Makes tensors of encodings, padded to one length. */
function batch(r: EncodeReply, padding: boolean | 'max_length', limit: number, pad: number, paired: boolean, offsets: boolean): BatchEncoding {
  const rows = r.lengths.length;
  const longest = r.lengths.reduce((a, b) => Math.max(a, b), 0);
  const uneven = r.lengths.findIndex((n) => n !== longest);
  if (!padding && uneven >= 0) {
    throw check.invalid(`tokenizer: the texts have different lengths (text ${uneven} has ${r.lengths[uneven]} tokens, another ${longest}); set padding: true`);
  }
  if (padding === 'max_length' && limit === 0) throw check.invalid("tokenizer: padding: 'max_length' needs max_length, since the model has no limit");
  if (padding && pad < 0) throw check.invalid('tokenizer: padding: this tokenizer has no padding token');
  const width = padding === 'max_length' ? Math.max(limit, longest) : longest;
  const ids = new Int32Array(rows * width).fill(Math.max(pad, 0));
  const mask = new Int32Array(rows * width);
  const types = new Int32Array(rows * width);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const n = r.lengths[row]!;
    ids.set(r.ids.subarray(at, at + n), row * width);
    types.set(r.typeIds.subarray(at, at + n), row * width);
    mask.fill(1, row * width, row * width + n);
    at += n;
  }
  const dims = [rows, width];
  const out: BatchEncoding = { input_ids: int64Tensor(ids, dims), attention_mask: int64Tensor(mask, dims) };
  if (paired) out.token_type_ids = int64Tensor(types, dims);
  if (offsets) out.offset_mapping = offsetsOf(r, width);
  return out;
}

/** The offsets of each text's tokens, with [0, 0] up to a width. */
function offsetsOf(r: EncodeReply, width = 0): [number, number][][] {
  let at = 0;
  return Array.from(r.lengths, (n) => {
    const first = at;
    at += n;
    return Array.from({ length: Math.max(n, width) }, (_, i): [number, number] => (i < n ? [r.offsets[2 * (first + i)]!, r.offsets[2 * (first + i) + 1]!] : [0, 0]));
  });
}

/** Arrays of encodings, without padding. */
function arraysOf(r: EncodeReply, paired: boolean, offsets: boolean, one: boolean): BatchEncodingArrays {
  const rows = (values: Int32Array): number[] | number[][] => {
    let at = 0;
    const all = Array.from(r.lengths, (n) => Array.from(values.subarray(at, (at += n))));
    return one ? all[0]! : all;
  };
  const out: BatchEncodingArrays = { input_ids: rows(r.ids), attention_mask: rows(new Int32Array(r.ids.length).fill(1)) };
  if (paired) out.token_type_ids = rows(r.typeIds);
  if (offsets) out.offset_mapping = offsetsOf(r);
  return out;
}

/** Arrays of tensors. */
function arrays(b: BatchEncoding, one: boolean): BatchEncodingArrays {
  const rows = (t: Tensor<'int64'>): number[] | number[][] => {
    const all = Array.from(t, (row) => Array.from(row.data, Number));
    return one ? all[0]! : all;
  };
  const out: BatchEncodingArrays = { input_ids: rows(b.input_ids), attention_mask: rows(b.attention_mask) };
  if (b.token_type_ids) out.token_type_ids = rows(b.token_type_ids);
  if (b.offset_mapping) out.offset_mapping = b.offset_mapping;
  return out;
}
