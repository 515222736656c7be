// Zero-shot classification: labels that the model was not trained for.
import * as check from '../page/validate.js';
import { type PipelineHandle, rows, type TaskDefinition } from './task.js';

export interface ZeroShotClassificationOptions {
  /** Makes a sentence of a label, which takes the place of {}; 'This example is {}.' by default. */
  hypothesis_template?: string;
  /** True scores each label by itself; otherwise the scores add up to 1. */
  multi_label?: boolean;
  signal?: AbortSignal | null;
}

/** The labels of a text, the likeliest first. */
export interface ZeroShotClassificationOutput {
  sequence: string;
  labels: string[];
  scores: number[];
  /** True if the text was longer than the model takes and was truncated; otherwise missing. */
  truncated?: true;
}

export interface ZeroShotClassificationCall {
  /** Scores labels for a text. Each label is a call of the model. */
  (text: string, candidate_labels: string | readonly string[], options?: ZeroShotClassificationOptions): Promise<ZeroShotClassificationOutput>;
  (texts: readonly string[], candidate_labels: string | readonly string[], options?: ZeroShotClassificationOptions): Promise<ZeroShotClassificationOutput[]>;
}

/** A model of natural language inference. */
export interface ZeroShotClassificationPipeline extends ZeroShotClassificationCall, PipelineHandle<'zero-shot-classification'> {}

export const zeroShotClassification: TaskDefinition<ZeroShotClassificationCall> = {
  parts: { tokenizer: true, weights: true, head: 'sequence-classification', task: 'zero-shot-classification' },
  run: ({ client }) => {
    const run = async (input: string | readonly string[], labels: string | readonly string[], options?: ZeroShotClassificationOptions): Promise<unknown> => {
      const what = 'zero-shot-classification';
      const o = check.knownOptions(what, options, ['hypothesis_template', 'multi_label', 'signal']);
      const hypothesisTemplate = o.hypothesis_template === undefined || o.hypothesis_template === null ? '' : check.oneText(`${what}: hypothesis_template`, o.hypothesis_template);
      const multiLabel = check.boolean(`${what}: multi_label`, o.multi_label, false);
      const signal = check.abortSignal(`${what}: signal`, o.signal);
      const texts = check.texts(what, input);
      const candidateLabels = check.texts(`${what}: candidate_labels`, labels);
      const reply = await client.call({ op: 'task', task: 'zero-shot-classification', texts, candidateLabels, hypothesisTemplate, multiLabel }, { signal });
      const results = rows(reply.lengths, (i) => i).map((list, text): ZeroShotClassificationOutput => {
        const result = { sequence: texts[text]!, labels: list.map((i) => candidateLabels[reply.index[i]!]!), scores: list.map((i) => reply.score[i]!) };
        return reply.truncated[list[0]!] ? { ...result, truncated: true } : result;
      });
      return typeof input === 'string' ? results[0] : results;
    };
    return run as ZeroShotClassificationCall;
  },
};
