// Multiple choice: one of several answers to a question.
import * as check from '../page/validate.js';
import { type PipelineHandle, type TaskDefinition, topK } from './task.js';

export interface MultipleChoiceOptions {
  /** The number of answers that are returned; all by default. */
  top_k?: number | null;
  signal?: AbortSignal | null;
}

/** An answer. */
export interface MultipleChoiceResult {
  /** Its place among those that were given. */
  index: number;
  text: string;
  /** Its probability among all answers. */
  score: number;
}

export interface MultipleChoiceCall {
  /** The answers to a question, the likeliest first. */
  (question: string, choices: readonly string[], options?: MultipleChoiceOptions): Promise<MultipleChoiceResult[]>;
}

/** A model that chooses among answers. */
export interface MultipleChoicePipeline extends MultipleChoiceCall, PipelineHandle<'multiple-choice'> {}

export const multipleChoice: TaskDefinition<MultipleChoiceCall> = {
  parts: { tokenizer: true, weights: true, head: 'multiple-choice' },
  run:
    ({ client }) =>
    async (question, choices, options) => {
      const what = 'multiple-choice';
      const o = check.knownOptions(what, options, ['top_k', 'signal']);
      const k = o.top_k === null ? 0 : (topK(what, o.top_k, 'null or ') ?? 0);
      const signal = check.abortSignal(`${what}: signal`, o.signal);
      const texts = [check.oneText(`${what}: question`, question)];
      const contexts = check.texts(`${what}: choices`, check.array(`${what}: choices`, choices));
      const reply = await client.call({ op: 'task', task: 'multiple-choice', texts, contexts, notes: false }, { signal });
      const all = reply.index.map((index, i): MultipleChoiceResult => ({ index, text: contexts[index]!, score: reply.score[i]! }));
      return k === 0 ? all : all.slice(0, k);
    },
};
