// MetaLM: a decoder with a docked encoder, whose inputs are pieces.
import type { ModelSource } from '../page/address.js';
import { generate, GENERATION_OPTIONS, type GenerationOptions } from '../page/generation.js';
import { type ModelHandle, modelHandle } from '../page/model.js';
import { type LoadOptions, loadWith } from '../page/options.js';
import { type Streamer, streamingTo } from '../page/streaming.js';
import { Tensor } from '../page/tensor.js';
import * as check from '../page/validate.js';
import type { Piece as Message } from '../protocol/generation.js';

/**
 * A part of an input: text or ids for the decoder, or a span for the encoder, which reads it
 * in both directions. A span is text, ids, or states [n, the encoder's width] that were
 * computed elsewhere. Texts get no special tokens.
 */
export type Piece = { text: string } | { ids: readonly number[] } | { span: string | readonly number[] | Tensor<'float32'> };

export interface MetaLMInputs extends GenerationOptions {
  pieces: readonly Piece[];
  /** Gets the text while it is generated. */
  streamer?: Streamer | null;
}

export interface MetaLMOutput {
  /** The new text, without special tokens. */
  generated_text: string;
  ids: number[];
}

export interface PreTrainedMetaLM extends ModelHandle {
  /** The logits [1, places, vocabulary] behind each place of an input. */
  (inputs: Pick<MetaLMInputs, 'pieces' | 'signal'>): Promise<{ logits: Tensor<'float32'> }>;
  /** Continues an input, with num_return_sequences results (1 by default). */
  generate(inputs: MetaLMInputs): Promise<MetaLMOutput[]>;
}

function message(what: string, pieces: unknown): Message[] {
  if (!Array.isArray(pieces) || pieces.length === 0) throw check.invalid(`${what}: pieces: expected an array of pieces, at least one`);
  return pieces.map((piece: unknown, i) => {
    const name = `${what}: piece ${i}`;
    const p = check.knownOptions(name, piece as Record<string, unknown>, ['text', 'ids', 'span']);
    if (Object.keys(p).length !== 1) throw check.invalid(`${name}: expected one of text, ids and span`);
    const value = p['span'] ?? p['text'] ?? p['ids'];
    const out: Message = { span: 'span' in p, text: null, ids: null, states: null };
    if (typeof value === 'string' && !('ids' in p)) out.text = check.oneText(name, value);
    else if (Array.isArray(value) && !('text' in p)) out.ids = Int32Array.from(check.tokenIds(name, value));
    else if (value instanceof Tensor && value.type === 'float32' && value.dims.length === 2 && out.span) out.states = (value.data as Float32Array).slice();
    else throw check.invalid(`${name}: expected a text, an array of ids, or for a span a float32 Tensor [n, width]`);
    return out;
  });
}

/**
 * Loads a MetaLM. A few-shot input consists of examples as spans, each followed by its label
 * as text, and of the question:
 *
 *     const model = await MetaLMModel.from_pretrained('/models/metalm');
 *     const [{ generated_text }] = await model.generate({
 *       pieces: [{ span: 'a fine film' }, { text: ' good ' }, { span: 'a waste of time' }, { text: ' bad ' }, { span: 'what a joy' }],
 *       max_new_tokens: 1,
 *     });
 */
export const MetaLMModel = {
  async from_pretrained(model: ModelSource, options?: LoadOptions): Promise<PreTrainedMetaLM> {
    const loaded = await loadWith('MetaLMModel.from_pretrained', model, options, { tokenizer: true, weights: true, head: 'causal-lm' });
    const { client, info } = loaded;
    const run = async (inputs: Pick<MetaLMInputs, 'pieces' | 'signal'>): Promise<{ logits: Tensor<'float32'> }> => {
      const o = check.knownOptions('model', inputs, ['pieces', 'signal']);
      const signal = check.abortSignal('model: signal', o.signal);
      const reply = await client.call({ op: 'compose', pieces: message('model', o.pieces) }, { signal });
      return { logits: new Tensor('float32', reply.data, reply.dims) };
    };
    return modelHandle(Object.assign(run, {
      generate: async (inputs: MetaLMInputs): Promise<MetaLMOutput[]> => {
        const what = 'generate';
        const { pieces, streamer, ...o } = check.knownOptions(what, inputs, [...GENERATION_OPTIONS, 'pieces', 'streamer']) as MetaLMInputs;
        const source = { texts: null, ids: null, lengths: null, pieces: message(what, pieces) };
        const streaming = streamingTo(what, streamer, 1, o, info.special);
        const reply = await generate(client, what, source, o, streaming?.tokens);
        streaming?.end();
        let at = 0;
        return reply.texts.map((generated_text, i) => ({ generated_text, ids: Array.from(reply.ids.subarray(at, (at += reply.lengths[i]!))) }));
      },
    }), loaded);
  },
};
