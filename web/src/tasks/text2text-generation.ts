// Text-to-text generation: what an encoder–decoder writes for a text.
import { GENERATION_OPTIONS, type GenerationOptions } from '../page/generation.js';
import type { Streamer } from '../page/streaming.js';
import { rewriting } from './rewriting.js';
import type { PipelineHandle, TaskDefinition } from './task.js';
import type { TextGenerationOutput } from './text-generation.js';

export interface Text2TextGenerationOptions extends GenerationOptions {
  /** Gets the text while it is generated; for a single text. */
  streamer?: Streamer | null;
}

export interface Text2TextGenerationCall {
  /** Rewrites one text or several, with num_return_sequences results for each, in one flat list. */
  (texts: string | readonly string[], options?: Text2TextGenerationOptions): Promise<TextGenerationOutput[]>;
  /** The text, in pieces of whole characters. Leaving the loop stops the call. */
  stream(text: string, options?: Omit<Text2TextGenerationOptions, 'streamer' | 'num_beams'>): AsyncGenerator<string, void, void>;
}

/** An encoder–decoder. A model with languages is for translation, or needs forced_bos_token_id. */
export interface Text2TextGenerationPipeline extends Text2TextGenerationCall, PipelineHandle<'text2text-generation'> {}

export const text2textGeneration: TaskDefinition<Text2TextGenerationCall> = {
  parts: { tokenizer: true, weights: true, head: 'seq2seq-lm' },
  run: (loaded) => rewriting(loaded, 'text2text-generation', GENERATION_OPTIONS, (generated_text): TextGenerationOutput => ({ generated_text })),
};
