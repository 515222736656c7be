// Translation: texts in another language.
import { GENERATION_OPTIONS, type GenerationOptions } from '../page/generation.js';
import type { Streamer } from '../page/streaming.js';
import { rewriting } from './rewriting.js';
import type { PipelineHandle, TaskDefinition } from './task.js';

export interface TranslationOptions extends Omit<GenerationOptions, 'forced_bos_token_id'> {
  /**
   * The language of the text, as the tokenizer names it: 'de' or '__de__' (M2M100),
   * 'deu_Latn' (NLLB). By default, the language of the tokenizer's template. A model without
   * language tokens accepts neither option.
   */
  src_lang?: string;
  /** The language to translate into. A model with language tokens needs it. */
  tgt_lang?: string;
  /** Gets the translation while it is generated; for a single text. */
  streamer?: Streamer | null;
}

export interface TranslationOutput {
  translation_text: string;
}

export interface TranslationCall {
  /** Translates one text or several, with num_return_sequences results for each, in one flat list. */
  (texts: string | readonly string[], options?: TranslationOptions): Promise<TranslationOutput[]>;
  /** The translation, in pieces of whole characters. Leaving the loop stops the call. */
  stream(text: string, options?: Omit<TranslationOptions, 'streamer' | 'num_beams'>): AsyncGenerator<string, void, void>;
}

/** A model that translates. */
export interface TranslationPipeline extends TranslationCall, PipelineHandle<'translation'> {}

export const translation: TaskDefinition<TranslationCall> = {
  parts: { tokenizer: true, weights: true, head: 'seq2seq-lm' },
  run: (loaded) => {
    const known = [...GENERATION_OPTIONS.filter((name) => name !== 'forced_bos_token_id'), 'src_lang', 'tgt_lang'];
    return rewriting(loaded, 'translation', known, (translation_text): TranslationOutput => ({ translation_text }));
  },
};
