// Answers to questions, out of a text.
import * as check from '../validate.js';
import { rows, runTask, topK } from './requests.js';
import type { PipelineHandle, TaskDefinition } from './task.js';

/** A part of a context; '' says that there is no answer in it. */
export interface QuestionAnsweringResult {
  answer: string;
  score: number;
  /** Where it stands: context.slice(start, end). */
  start: number;
  end: number;
}

export interface QuestionAnsweringOptions {
  /** How many answers; 1 if left out. */
  top_k?: number;
  /** The most tokens of an answer; 15 if left out, at most 512. */
  max_answer_len?: number;
  /** The most tokens that are read at once; 384 if left out, and what the model takes besides. */
  max_seq_len?: number;
  /** How many of them the windows of a long context share; 128 if left out, at most half. */
  doc_stride?: number;
  /** True lets '' be an answer, with the probability that there is none. */
  handle_impossible_answer?: boolean;
  /** False leaves answers as the tokens have them; true (the default) widens them to whole words. */
  align_to_words?: boolean;
  signal?: AbortSignal | null;
}

type Several<O> = O extends { top_k: infer K } ? ([K] extends [1] ? false : true) : false;
type One<O> = Several<O> extends true ? QuestionAnsweringResult[] : QuestionAnsweringResult;

/** An answer, with another top_k than 1 a list of them; of several questions one each. */
export type QuestionAnsweringOutput<Q, O> = Q extends string ? One<O> : One<O>[];

export interface QuestionAnsweringCall {
  /** The answers to one question or to several, each in the context of the same place. */
  <Q extends string | readonly string[], const O extends QuestionAnsweringOptions = {}>(question: Q, context: Q extends string ? string : readonly string[], options?: O): Promise<QuestionAnsweringOutput<Q, O>>;
}

/** A model that answers questions. */
export interface QuestionAnsweringPipeline extends QuestionAnsweringCall, PipelineHandle<'question-answering'> {}

const KNOWN = ['top_k', 'max_answer_len', 'max_seq_len', 'doc_stride', 'handle_impossible_answer', 'align_to_words', 'signal'];

export const questionAnswering: TaskDefinition<QuestionAnsweringCall> = {
  parts: { tokenizer: true, weights: true, head: 'question-answering' },
  run: (loaded) => {
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
        throw check.invalid(`${what}: ${texts.length} questions and ${contexts.length} contexts, expected as many, both strings or both arrays`);
      }
      const reply = await runTask(loaded.engine, { task: 'question-answering', texts, contexts, topK: k, ...lengths, ...flags }, signal);
      const answers = rows(reply.lengths, (i): QuestionAnsweringResult => ({ answer: reply.answer[i]!, score: reply.score[i]!, start: reply.start[i]!, end: reply.end[i]! }));
      const results = k === 1 ? answers.map((list) => list[0]!) : answers;
      return typeof question === 'string' ? results[0] : results;
    };
    return run as QuestionAnsweringCall;
  },
};
