// Models that generate, without a task: ids in, ids or logits out.
import type { ModelSource } from '../page/address.js';
import { generate, GENERATION_ELSEWHERE, GENERATION_OPTIONS, type GenerationOptions } from '../page/generation.js';
import { type ModelInputs, paddedInputs } from '../page/inputs.js';
import { type ModelHandle, modelHandle } from '../page/model.js';
import { type Loaded, type LoadOptions, loadWith } from '../page/options.js';
import { eachToken, TextStreamer } from '../page/streaming.js';
import { Tensor } from '../page/tensor.js';
import * as check from '../page/validate.js';

/** Gets ids as they are chosen, one for each call: a BaseStreamer, or a TextStreamer with a tokenizer. */
export interface TokenStreamer {
  put(value: bigint[][]): void;
  end(): void;
}

export interface GenerateInputs extends GenerationOptions, ModelInputs {
  /** Gets the ids of a single row. */
  streamer?: TokenStreamer | null;
}

export interface LogitsOutput {
  /** [rows, tokens, vocabulary]; zeros where there is padding. */
  logits: Tensor<'float32'>;
}

/** The inputs of the encoder, with those of the decoder. */
export interface Seq2SeqInputs extends ModelInputs {
  decoder_input_ids: Tensor<'int64'>;
  decoder_attention_mask?: Tensor<'int64'>;
}

interface GeneratingModel<I> extends ModelHandle {
  /** The logits of every token. */
  (inputs: I, options?: { signal?: AbortSignal | null }): Promise<LogitsOutput>;
  /**
   * Continues rows of ids, padded on either side. Each row of the result
   * [rows · num_return_sequences, length] begins with its input_ids, or for an
   * encoder–decoder with the start token. Rows shorter than the longest end with padding.
   */
  generate(inputs: GenerateInputs): Promise<Tensor<'int64'>>;
}

export type PreTrainedCausalLM = GeneratingModel<ModelInputs>;
export type PreTrainedSeq2SeqLM = GeneratingModel<Seq2SeqInputs>;

/** Loads a decoder with its head, without its tokenizer. */
export const AutoModelForCausalLM = {
  async from_pretrained(model: ModelSource, options?: LoadOptions): Promise<PreTrainedCausalLM> {
    const loaded = await loadWith('AutoModelForCausalLM.from_pretrained', model, options, { tokenizer: false, weights: true, head: 'causal-lm' });
    return generatingModel(loaded, async (inputs: ModelInputs, signal) => {
      const { padded, transfer } = paddedInputs('model', inputs);
      return loaded.client.call({ op: 'logits', ...padded, source: null }, { signal, transfer });
    });
  },
};

/** Loads an encoder–decoder with its head, without its tokenizer. */
export const AutoModelForSeq2SeqLM = {
  async from_pretrained(model: ModelSource, options?: LoadOptions): Promise<PreTrainedSeq2SeqLM> {
    const loaded = await loadWith('AutoModelForSeq2SeqLM.from_pretrained', model, options, { tokenizer: false, weights: true, head: 'seq2seq-lm' });
    return generatingModel(loaded, async (inputs: Seq2SeqInputs, signal) => {
      const { decoder_input_ids, decoder_attention_mask, ...encoder } = inputs ?? {};
      const source = paddedInputs('model', encoder as ModelInputs);
      const own: ModelInputs = { input_ids: decoder_input_ids };
      if (decoder_attention_mask) own.attention_mask = decoder_attention_mask;
      const { padded, transfer } = paddedInputs('model: decoder', own);
      return loaded.client.call({ op: 'logits', ...padded, source: source.padded }, { signal, transfer: [...transfer, ...source.transfer] });
    });
  },
};

/** Makes a model of the function that computes its logits. */
function generatingModel<I>(loaded: Loaded, logits: (inputs: I, signal: AbortSignal | undefined) => Promise<{ data: Float32Array; dims: number[] }>): GeneratingModel<I> {
  const run = async (inputs: I, options?: { signal?: AbortSignal | null }): Promise<LogitsOutput> => {
    const signal = check.onlySignal('model', options);
    const reply = await logits(inputs, signal);
    return { logits: new Tensor('float32', reply.data, reply.dims) };
  };
  return modelHandle(Object.assign(run, {
    generate: (inputs: GenerateInputs) => generateIds(loaded, inputs),
  }), loaded);
}

const WHAT = 'generate';
const TENSORS = ['input_ids', 'attention_mask', 'token_type_ids', 'offset_mapping'];

async function generateIds({ client, info }: Loaded, inputs: GenerateInputs): Promise<Tensor<'int64'>> {
  const known = check.knownOptions(WHAT, inputs, [...TENSORS, ...GENERATION_OPTIONS, 'streamer'], GENERATION_ELSEWHERE) as GenerateInputs;
  const { input_ids, attention_mask, token_type_ids: _, streamer, ...o } = known;
  const { padded } = paddedInputs(WHAT, attention_mask ? { input_ids, attention_mask } : { input_ids });
  const { batch, length, mask } = padded;
  const ids = mask ? padded.ids.filter((_, i) => mask[i] === 1) : padded.ids;
  const lengths = new Int32Array(batch).fill(length);
  if (mask) for (let row = 0; row < batch; row++) lengths[row] = mask.subarray(row * length, (row + 1) * length).reduce((a, b) => a + b, 0);
  if (streamer instanceof TextStreamer && !streamer.tokenizer) throw check.invalid(`${WHAT}: streamer: the TextStreamer has no tokenizer; this model has none, so give the one of AutoTokenizer`);
  if (streamer && (batch > 1 || (o.num_return_sequences ?? 1) > 1)) throw check.invalid(`${WHAT}: streamer: expected one row with one result`);
  delete (o as { offset_mapping?: unknown }).offset_mapping;
  const { seq2seq, start, pad, eos } = info.generation!;
  const reply = await generate(client, WHAT, { texts: null, ids, lengths }, o, streamer ? (tokens) => eachToken(tokens, (id) => id >= 0 && streamer.put([[BigInt(id)]])) : undefined);
  streamer?.end();
  if (streamer instanceof TextStreamer) await streamer.finished();

  const begin = o.decoder_start_token_id ?? start;
  const before = seq2seq ? 1 : length;
  const width = before + reply.lengths.reduce((a, b) => Math.max(a, b), 0);
  const each = reply.lengths.length / Math.max(1, batch);
  const fill = pad >= 0 ? pad : (eos[0] ?? 0);
  const out = new BigInt64Array(reply.lengths.length * width).fill(BigInt(fill));
  let at = 0;
  for (let i = 0; i < reply.lengths.length; i++) {
    const row = Math.floor(i / each);
    const to = out.subarray(i * width, (i + 1) * width);
    if (seq2seq) to[0] = BigInt(begin);
    else for (let j = 0; j < length; j++) to[j] = BigInt(padded.ids[row * length + j]!);
    for (let j = 0; j < reply.lengths[i]!; j++) to[before + j] = BigInt(reply.ids[at++]!);
  }
  return new Tensor('int64', out, [reply.lengths.length, width]);
}
