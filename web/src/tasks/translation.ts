// Texts into another language.
import { generate, GENERATION_OPTIONS, type GenerationOptions, heard, pieces, type TextStreamer } from '../generation.js';
import * as check from '../validate.js';
import type { PipelineHandle, TaskDefinition } from './task.js';

export interface TranslationOptions extends Omit<GenerationOptions, 'forced_bos_token_id'> {
  /**
   * The language of the text, as the tokenizer names it: 'de' or '__de__' (M2M100),
   * 'deu_Latn' (NLLB). Left out, it is that of the tokenizer's template. A model without
   * tokens for languages takes neither.
   */
  src_lang?: string;
  /** The language to translate into; a model of many languages needs it. */
  tgt_lang?: string;
  /** Hears the translation as it is made; for a single text. */
  streamer?: TextStreamer | null;
}

export interface TranslationOutput {
  translation_text: string;
}

export interface TranslationCall {
  /** Translates a text or several: a flat list, with num_return_sequences results for each. */
  (texts: string | readonly string[], options?: TranslationOptions): Promise<TranslationOutput[]>;
  /** The translation, piece by piece, each of whole characters. Leaving the loop stops the call. */
  stream(text: string, options?: Omit<TranslationOptions, 'streamer' | 'num_beams'>): AsyncGenerator<string, void, void>;
}

/** A model that translates. */
export interface TranslationPipeline extends TranslationCall, PipelineHandle<'translation'> {}

const WHAT = 'translation';
const KNOWN = [...GENERATION_OPTIONS.filter((name) => name !== 'forced_bos_token_id'), 'src_lang', 'tgt_lang'];

function language(name: 'src_lang' | 'tgt_lang', value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string' && value !== '') return value;
  throw check.invalid(`${WHAT}: ${name}: ${String(value)}, expected the name of a language, such as 'de' or 'deu_Latn'`);
}

export const translation: TaskDefinition<TranslationCall> = {
  parts: { tokenizer: true, weights: true, head: 'seq2seq-lm' },
  run: ({ engine }) => {
    const source = (texts: string[], o: TranslationOptions) => ({
      texts,
      ids: null,
      lengths: null,
      from: language('src_lang', o.src_lang),
      to: language('tgt_lang', o.tgt_lang),
    });
    const run = async (input: string | readonly string[], options?: TranslationOptions): Promise<TranslationOutput[]> => {
      const o = check.knownOptions(WHAT, options, [...KNOWN, 'streamer']) as TranslationOptions;
      const texts = check.texts(WHAT, input);
      const reply = await generate(engine, WHAT, source(texts, o), o, heard(WHAT, o.streamer, texts.length, o));
      return reply.texts.map((translation_text) => ({ translation_text }));
    };
    const stream = (text: string, options?: TranslationOptions): AsyncGenerator<string, void, void> =>
      pieces(options?.signal, async (signal, tokens) => {
        if (typeof text !== 'string') throw check.invalid(`${WHAT}: stream: expected one text`);
        const o = check.knownOptions(WHAT, options, KNOWN) as TranslationOptions;
        if ((o.num_return_sequences ?? 1) !== 1) throw check.invalid(`${WHAT}: stream: one result at a time`);
        check.abortSignal(`${WHAT}: signal`, o.signal);
        await generate(engine, WHAT, source(check.texts(WHAT, text), o), { ...o, signal }, tokens);
      });
    return Object.assign(run, { stream });
  },
};
