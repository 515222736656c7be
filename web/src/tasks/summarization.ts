// Summarization: texts, shorter.
import { GENERATION_OPTIONS, type GenerationOptions } from '../page/generation.js';
import type { Streamer } from '../page/streaming.js';
import { rewriting } from './rewriting.js';
import type { PipelineHandle, TaskDefinition } from './task.js';

export interface SummarizationOptions extends GenerationOptions {
  /** Gets the summary while it is generated; for a single text. */
  streamer?: Streamer | null;
}

export interface SummarizationOutput {
  summary_text: string;
}

export interface SummarizationCall {
  /** Summarizes one text or several, with num_return_sequences results for each, in one flat list. */
  (texts: string | readonly string[], options?: SummarizationOptions): Promise<SummarizationOutput[]>;
  /** The summary, in pieces of whole characters. Leaving the loop stops the call. */
  stream(text: string, options?: Omit<SummarizationOptions, 'streamer' | 'num_beams'>): AsyncGenerator<string, void, void>;
}

/** An encoder–decoder that was trained to summarize. */
export interface SummarizationPipeline extends SummarizationCall, PipelineHandle<'summarization'> {}

export const summarization: TaskDefinition<SummarizationCall> = {
  parts: { tokenizer: true, weights: true, head: 'seq2seq-lm' },
  run: (loaded) => rewriting(loaded, 'summarization', GENERATION_OPTIONS, (summary_text): SummarizationOutput => ({ summary_text })),
};
