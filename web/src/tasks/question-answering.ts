// Question answering: the part of a text that answers a question.
import * as check from '../page/validate.js';
import { type PipelineHandle, rows, type Several, type TaskDefinition, topK } from './task.js';

/** A part of a context; '' if the context has no answer. */
export interface QuestionAnsweringResult {
  answer: string;
  score: number;
  /** Its place: context.slice(start, end). */
  start: number;
  end: number;
}

export interface QuestionAnsweringOptions {
  /** The number of answers; 1 by default. */
  top_k?: number;
  /** The most tokens of an answer; 15 by default, at most 512. */
  max_answer_len?: number;
  /** The most tokens of a window of a long context; 384 by default, and never more than the model takes. */
  max_seq_len?: number;
  /** The number of tokens that windows share; 128 by default, at most half a window. */
  doc_stride?: number;
  /** True accepts '' as an answer, with the probability that there is none. */
  handle_impossible_answer?: boolean;
  /** True (the default) widens answers to whole words; false keeps the borders of the tokens. */
  align_to_words?: boolean;
  signal?: AbortSignal | null;
}

type One<O> = Several<O> extends true ? QuestionAnsweringResult[] : QuestionAnsweringResult;

/** An answer, or a list with top_k other than 1; of several questions one or a list each. */
export type QuestionAnsweringOutput<Q, O> = Q extends string ? One<O> : One<O>[];

export interface QuestionAnsweringCall {
  /** The answer to one question, or to several, each with its own context. */
  <Q extends string | readonly string[], const O extends QuestionAnsweringOptions = {}>(question: Q, context: Q extends string ? string : readonly string[], options?: O): Promise<QuestionAnsweringOutput<Q, O>>;
}

/** A model that answers questions. */
export interface QuestionAnsweringPipeline extends QuestionAnsweringCall, PipelineHandle<'question-answering'> {}

const KNOWN = ['top_k', 'max_answer_len', 'max_seq_len', 'doc_stride', 'handle_impossible_answer', 'align_to_words', 'signal'];

export const questionAnswering: TaskDefinition<QuestionAnsweringCall> = {
  parts: { tokenizer: true, weights: true, head: 'question-answering' },
  run: ({ client }) => {
    const run = async (question: string | readonly string[], context: string | readonly string[], options?: QuestionAnsweringOptions): Promise<unknown> => {
      const what = 'question-answering';
      const o = check.knownOptions(what, options, KNOWN);
      const count = (name: 'max_answer_len' | 'max_seq_len' | 'doc_stride'): number => check.count(`${what}: ${name}`, o[name]) ?? 0;
      const flag = (name: 'handle_impossible_answer' | 'align_to_words', otherwise: boolean): boolean => check.boolean(`${what}: ${name}`, o[name], otherwise);
      const k = topK(what, o.top_k) ?? 1;
      const lengths = { maxAnswerLength: count('max_answer_len'), maxSequenceLength: count('max_seq_len'), docStride: count('doc_stride') };
      const flags = { handleImpossibleAnswer: flag('handle_impossible_answer', false), alignToWords: flag('align_to_words', true) };
      const signal = check.abortSignal(`${what}: signal`, o.signal);
      const texts = check.texts(`${what}: question`, question);
      const contexts = check.texts(`${what}: context`, context);
      if (typeof question !== typeof context || texts.length !== contexts.length) {
        throw check.invalid(`${what}: ${texts.length} questions and ${contexts.length} contexts, expected two strings or two arrays of one length`);
      }
      const reply = await client.call({ op: 'task', task: 'question-answering', texts, contexts, topK: k, ...lengths, ...flags }, { signal });
      const answers = rows(reply.lengths, (i): QuestionAnsweringResult => ({ answer: reply.answer[i]!, score: reply.score[i]!, start: reply.start[i]!, end: reply.end[i]! }));
      const results = k === 1 ? answers.map((list) => list[0]!) : answers;
      return typeof question === 'string' ? results[0] : results;
    };
    return run as QuestionAnsweringCall;
  },
};
