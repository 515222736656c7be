// Texts go on.
import { generate, GENERATION_OPTIONS, type GenerationOptions, heard, pieces, type TextStreamer } from '../generation.js';
import * as check from '../validate.js';
import type { PipelineHandle, TaskDefinition } from './task.js';

export interface TextGenerationOptions extends GenerationOptions {
  /** False leaves the prompt out of generated_text. */
  return_full_text?: boolean;
  /** True (the default) puts the tokens before a prompt that the tokenizer's template has there. */
  add_special_tokens?: boolean;
  /** Hears the text as it is made; for a single prompt. */
  streamer?: TextStreamer | null;
}

export interface TextGenerationOutput {
  generated_text: string;
}

export interface TextGenerationCall {
  /** Continues a text: as many results as num_return_sequences says, 1 by default. */
  (text: string, options?: TextGenerationOptions): Promise<TextGenerationOutput[]>;
  /** Continues several texts at once. */
  (texts: readonly string[], options?: TextGenerationOptions): Promise<TextGenerationOutput[][]>;
  /**
   * What is added to a text, piece by piece, each of whole characters. The call is made when
   * the first piece is asked for; leaving the loop stops it.
   *
   *     for await (const piece of generator.stream('Once upon a time', { max_new_tokens: 100 })) print(piece);
   */
  stream(text: string, options?: Omit<TextGenerationOptions, 'streamer' | 'return_full_text' | 'num_beams'>): AsyncGenerator<string, void, void>;
}

/** A model that continues texts. */
export interface TextGenerationPipeline extends TextGenerationCall, PipelineHandle<'text-generation'> {}

const WHAT = 'text-generation';

export const textGeneration: TaskDefinition<TextGenerationCall> = {
  parts: { tokenizer: true, weights: true, head: 'causal-lm' },
  run: ({ engine }) => {
    const run = async (input: string | readonly string[], options?: TextGenerationOptions): Promise<TextGenerationOutput[] | TextGenerationOutput[][]> => {
      const o = check.knownOptions(WHAT, options, [...GENERATION_OPTIONS, 'return_full_text', 'add_special_tokens', 'streamer']) as TextGenerationOptions;
      const full = check.boolean(`${WHAT}: return_full_text`, o.return_full_text, true);
      const addSpecial = check.boolean(`${WHAT}: add_special_tokens`, o.add_special_tokens, true);
      const texts = check.texts(WHAT, input);
      const reply = await generate(engine, WHAT, { texts, ids: null, lengths: null, addSpecial }, o, heard(WHAT, o.streamer, texts.length, o));
      const each = reply.texts.length / texts.length;
      const results = texts.map((text, i) =>
        reply.texts.slice(i * each, (i + 1) * each).map((added) => ({ generated_text: full ? text + added : added })),
      );
      return typeof input === 'string' ? results[0]! : results;
    };
    const stream = (text: string, options?: TextGenerationOptions): AsyncGenerator<string, void, void> =>
      pieces(options?.signal, async (signal, tokens) => {
        if (typeof text !== 'string') throw check.invalid(`${WHAT}: stream: expected one text`);
        const o = check.knownOptions(WHAT, options, [...GENERATION_OPTIONS, 'add_special_tokens']) as TextGenerationOptions;
        if ((o.num_return_sequences ?? 1) !== 1) throw check.invalid(`${WHAT}: stream: one result at a time`);
        check.abortSignal(`${WHAT}: signal`, o.signal);
        const addSpecial = check.boolean(`${WHAT}: add_special_tokens`, o.add_special_tokens, true);
        await generate(engine, WHAT, { texts: check.texts(WHAT, text), ids: null, lengths: null, addSpecial }, { ...o, signal }, tokens);
      });
    return Object.assign(run, { stream }) as TextGenerationCall;
  },
};
