// Text classification: classes of texts.
import * as check from '../page/validate.js';
import { type PipelineHandle, rows, type Several, type TaskDefinition, topK } from './task.js';

/** A class of a text. */
export interface TextClassificationResult {
  label: string;
  score: number;
  /** True if the text was longer than the model takes and was truncated; otherwise missing. */
  truncated?: true;
}

export interface TextClassificationOptions {
  /** The number of labels for each text: 1 by default, null for all. */
  top_k?: number | null;
  /**
   * The function that makes scores of the model's outputs. By default config.json decides:
   * `sigmoid` for multi-label problems and for a single output, `none` for a regression,
   * otherwise `softmax`.
   */
  function_to_apply?: 'softmax' | 'sigmoid' | 'none';
  signal?: AbortSignal | null;
}

/** The classes of one text; of several texts one class each, or a list each with top_k other than 1. */
export type TextClassificationOutput<T, O> = T extends string
  ? TextClassificationResult[]
  : Several<O> extends true
    ? TextClassificationResult[][]
    : TextClassificationResult[];

export interface TextClassificationCall {
  <T extends string | readonly string[], const O extends TextClassificationOptions = {}>(texts: T, options?: O): Promise<TextClassificationOutput<T, O>>;
  /** The labels, by class. */
  readonly labels: readonly string[];
}

/** A model that classifies texts. */
export interface TextClassificationPipeline extends TextClassificationCall, PipelineHandle<'text-classification'> {}

const FUNCTIONS = ['', 'softmax', 'sigmoid', 'none'] as const;

export const textClassification: TaskDefinition<TextClassificationCall> = {
  parts: { tokenizer: true, weights: true, head: 'sequence-classification' },
  run: ({ client, info }) => {
    const run = async (input: string | readonly string[], options?: TextClassificationOptions): Promise<unknown> => {
      const what = 'text-classification';
      const o = check.knownOptions(what, options, ['top_k', 'function_to_apply', 'signal']);
      const k = o.top_k === null ? 0 : (topK(what, o.top_k, 'null or ') ?? 1);
      const functionToApply = check.oneOf(`${what}: function_to_apply`, o.function_to_apply, FUNCTIONS, '');
      const signal = check.abortSignal(`${what}: signal`, o.signal);
      const texts = check.texts(what, input);
      const reply = await client.call({ op: 'task', task: 'text-classification', texts, topK: k, functionToApply }, { signal });
      const results = rows(reply.lengths, (i): TextClassificationResult => {
        const result = { label: reply.label[i]!, score: reply.score[i]! };
        return reply.truncated[i] ? { ...result, truncated: true } : result;
      });
      if (typeof input === 'string') return results[0];
      return k === 1 ? results.flat() : results;
    };
    return Object.assign(run as TextClassificationCall, { labels: info.labels });
  },
};
