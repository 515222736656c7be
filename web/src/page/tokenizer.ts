// The tokenizer of a loaded folder: texts in, ids out, and back.
import type { LoadReply } from '../protocol/load.js';
import type { EncodeReply } from '../protocol/tokenizer.js';
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

/** A tokenizer. It runs in a worker, so its functions return promises. */
export interface PreTrainedTokenizer {
  (texts: string | readonly string[], options?: TokenizerOptions): Promise<BatchEncoding>;
  /** The ids of one text. */
  encode(
    text: string,
    options?: { text_pair?: string; add_special_tokens?: boolean; split_special_tokens?: boolean; signal?: AbortSignal | null },
  ): Promise<number[]>;
  /** The text of ids. */
  decode(ids: readonly (number | bigint)[] | Tensor<'int64'>, options?: { skip_special_tokens?: boolean; signal?: AbortSignal | null }): Promise<string>;
  readonly vocab_size: number;
  readonly model_max_length: number;
  readonly pad_token_id: number;
  dispose(): Promise<void>;
}

/** The tokenizer of a loaded folder. */
export function tokenizer(client: Client, info: LoadReply): PreTrainedTokenizer {
  const encode = async (what: string, input: unknown, o: TokenizerOptions): Promise<{ reply: EncodeReply; limit: number; paired: boolean }> => {
    const texts = check.texts(what, input);
    const pairs = o.text_pair === undefined || o.text_pair === null ? null : check.texts(`${what}: text_pair`, o.text_pair);
    if (pairs && pairs.length !== texts.length) throw check.invalid(`${what}: text_pair has ${pairs.length} texts, expected ${texts.length}, one for each text`);
    const truncation = check.boolean(`${what}: truncation`, o.truncation, false);
    const limit = check.count(`${what}: max_length`, o.max_length) ?? info.maxLength;
    const reply = await client.call(
      {
        op: 'encode',
        texts,
        pairs,
        addSpecial: check.boolean(`${what}: add_special_tokens`, o.add_special_tokens, true),
        parseSpecial: !check.boolean(`${what}: split_special_tokens`, o.split_special_tokens, false),
        maxLength: truncation ? limit : 0,
      },
      { signal: check.abortSignal(`${what}: signal`, o.signal) },
    );
    return { reply, limit, paired: pairs !== null };
  };

  const run = async (input: string | readonly string[], options?: TokenizerOptions): Promise<BatchEncoding> => {
    const known = ['padding', 'truncation', 'max_length', 'add_special_tokens', 'text_pair', 'return_offsets_mapping', 'split_special_tokens', 'signal'];
    const o = check.knownOptions('tokenizer', options, known) as TokenizerOptions;
    const padding = o.padding === 'max_length' ? 'max_length' : check.boolean('tokenizer: padding', o.padding, false);
    const offsets = check.boolean('tokenizer: return_offsets_mapping', o.return_offsets_mapping, false);
    const { reply, limit, paired } = await encode('tokenizer', input, o);
    return batch(reply, padding, limit, info.padId, paired, offsets);
  };
  return Object.assign(run, {
    encode: async (text: string, options?: Parameters<PreTrainedTokenizer['encode']>[1]) => {
      const o = check.knownOptions('encode', options, ['text_pair', 'add_special_tokens', 'split_special_tokens', 'signal']);
      const { reply } = await encode('encode', check.oneText('encode', text), o as TokenizerOptions);
      return Array.from(reply.ids);
    },
    decode: async (ids: readonly (number | bigint)[] | Tensor<'int64'>, options?: Parameters<PreTrainedTokenizer['decode']>[1]) => {
      const o = check.knownOptions('decode', options, ['skip_special_tokens', 'signal']);
      const skipSpecial = check.boolean('decode: skip_special_tokens', o.skip_special_tokens, false);
      const signal = check.abortSignal('decode: signal', o.signal);
      return client.call({ op: 'decode', ids: idsOf(ids), skipSpecial }, { signal });
    },
    vocab_size: info.vocabSize,
    model_max_length: info.maxLength,
    pad_token_id: info.padId,
    dispose: async () => client.dispose(),
  });
}

function idsOf(ids: unknown): Int32Array {
  if (ids instanceof Tensor) return toInt32('decode', ids);
  return Int32Array.from(check.tokenIds('decode', check.array('decode', ids)));
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
  const mapping: [number, number][][] = [];
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const n = r.lengths[row]!;
    ids.set(r.ids.subarray(at, at + n), row * width);
    types.set(r.typeIds.subarray(at, at + n), row * width);
    mask.fill(1, row * width, row * width + n);
    if (offsets) {
      mapping.push(Array.from({ length: width }, (_, i) => (i < n ? [r.offsets[2 * (at + i)]!, r.offsets[2 * (at + i) + 1]!] : [0, 0])));
    }
    at += n;
  }
  const dims = [rows, width];
  const out: BatchEncoding = { input_ids: int64Tensor(ids, dims), attention_mask: int64Tensor(mask, dims) };
  if (paired) out.token_type_ids = int64Tensor(types, dims);
  if (offsets) out.offset_mapping = mapping;
  return out;
}
