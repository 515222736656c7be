// Text generation: continues texts.
import { generate, GENERATION_OPTIONS, type GenerationOptions } from '../page/generation.js';
import { stream, streamingTo, type TextStreamer } from '../page/streaming.js';
import { type PreTrainedTokenizer, tokenizer } from '../page/tokenizer.js';
import * as check from '../page/validate.js';
import type { PipelineHandle, TaskDefinition } from './task.js';

export interface TextGenerationOptions extends GenerationOptions {
  /** False omits the prompt from generated_text. */
  return_full_text?: boolean;
  /** True (the default) adds the special tokens that the tokenizer's template has before a prompt. */
  add_special_tokens?: boolean;
  /** Gets the text while it is generated; for a single prompt. */
  streamer?: TextStreamer | null;
}

export interface TextGenerationOutput {
  generated_text: string;
}

export interface TextGenerationCall {
  /** Continues a text, with num_return_sequences results (1 by default). */
  (text: string, options?: TextGenerationOptions): Promise<TextGenerationOutput[]>;
  /** Continues several texts at once. */
  (texts: readonly string[], options?: TextGenerationOptions): Promise<TextGenerationOutput[][]>;
  /**
   * The continuation of a text, in pieces of whole characters. The call starts with the
   * first piece that is read; leaving the loop stops it.
   *
   *     for await (const piece of generator.stream('Once upon a time', { max_new_tokens: 100 })) print(piece);
   */
  stream(text: string, options?: Omit<TextGenerationOptions, 'streamer' | 'return_full_text' | 'num_beams'>): AsyncGenerator<string, void, void>;
  /** The model's tokenizer. It runs in the same worker, so its dispose() ends the pipeline. */
  readonly tokenizer: PreTrainedTokenizer;
}

/** A model that continues texts. */
export interface TextGenerationPipeline extends TextGenerationCall, PipelineHandle<'text-generation'> {}

const WHAT = 'text-generation';
const KNOWN = [...GENERATION_OPTIONS, 'add_special_tokens'];

export const textGeneration: TaskDefinition<TextGenerationCall> = {
  parts: { tokenizer: true, weights: true, head: 'causal-lm' },
  run: ({ client, info }) => {
    const source = (texts: string[], o: TextGenerationOptions) => ({
      texts,
      ids: null,
      lengths: null,
      addSpecial: check.boolean(`${WHAT}: add_special_tokens`, o.add_special_tokens, true),
    });
    const run = async (input: string | readonly string[], options?: TextGenerationOptions): Promise<TextGenerationOutput[] | TextGenerationOutput[][]> => {
      const o = check.knownOptions(WHAT, options, [...KNOWN, 'return_full_text', 'streamer']) as TextGenerationOptions;
      const full = check.boolean(`${WHAT}: return_full_text`, o.return_full_text, true);
      const texts = check.texts(WHAT, input);
      const reply = await generate(client, WHAT, source(texts, o), o, streamingTo(WHAT, o.streamer, texts.length, o));
      const each = reply.texts.length / texts.length;
      const results = texts.map((text, i) =>
        reply.texts.slice(i * each, (i + 1) * each).map((added) => ({ generated_text: full ? text + added : added })),
      );
      return typeof input === 'string' ? results[0]! : results;
    };
    return Object.assign(run, {
      stream: (text: string, options?: TextGenerationOptions) => stream(client, WHAT, text, options, KNOWN, source),
      tokenizer: tokenizer(client, info),
    }) as TextGenerationCall;
  },
};
