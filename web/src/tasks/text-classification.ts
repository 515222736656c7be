// Classes of texts.
import * as check from '../validate.js';
import { rows, runTask, topK } from './requests.js';
import type { PipelineHandle, TaskDefinition } from './task.js';

/** A class of a text. */
export interface TextClassificationResult {
  label: string;
  score: number;
  /** True if the text was longer than the model takes, so that its end was left out; else not there. */
  truncated?: true;
}

export interface TextClassificationOptions {
  /** How many labels for each text: 1 if left out, null for all. */
  top_k?: number | null;
  /**
   * What makes scores of the model's outputs. If left out, what its config.json asks for:
   * `sigmoid` for problems of several labels and for a single output, `none` for a
   * regression, else `softmax`.
   */
  function_to_apply?: 'softmax' | 'sigmoid' | 'none';
  signal?: AbortSignal | null;
}

/** Whether options ask for more than one label a text. */
type Several<O> = O extends { top_k: infer K } ? ([K] extends [1] ? false : true) : false;

/** The classes of a text; of several texts one class each, or with another top_k a list each. */
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
  run: (loaded) => {
    const run = async (input: string | readonly string[], options?: TextClassificationOptions): Promise<unknown> => {
      const what = 'text-classification';
      const o = check.knownOptions(what, options, ['top_k', 'function_to_apply', 'signal']);
      const k = o.top_k === null ? 0 : (topK(what, o.top_k, 'null or ') ?? 1);
      const functionToApply = check.oneOf(`${what}: function_to_apply`, o.function_to_apply, FUNCTIONS, '');
      const signal = check.abortSignal(`${what}: signal`, o.signal);
      const texts = check.texts(what, input);
      const reply = await runTask(loaded.engine, { task: 'text-classification', texts, topK: k, functionToApply }, signal);
      const results = rows(reply.lengths, (i): TextClassificationResult => {
        const result = { label: reply.label[i]!, score: reply.score[i]! };
        return reply.truncated[i] ? { ...result, truncated: true } : result;
      });
      if (typeof input === 'string') return results[0];
      return k === 1 ? results.flat() : results;
    };
    return Object.assign(run as TextClassificationCall, { labels: loaded.info.labels });
  },
};
