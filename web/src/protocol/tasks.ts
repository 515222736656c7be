// The messages of tasks. wasm/engine/features_js.go and tasks_js.go serve them.
// Those of generation are in generation.ts.
import type { TensorReply } from './tensors.js';

/** Asks for the vectors of texts. */
export interface FeatureExtractionRequest {
  op: 'feature-extraction';
  texts: string[];
  /** '': what suits the model. */
  /** '': `prompt` for a model with a template, otherwise `mean`. */
  pooling: '' | 'none' | 'mean' | 'cls' | 'last' | 'prompt';
  normalize: boolean;
}

export interface FeatureExtractionReply extends TensorReply {
  truncated: boolean[];
}

/** Asks for the task that the model's head is for. */
export type TaskRequest = { op: 'task'; texts: string[] } & (
  | { task: 'fill-mask'; topK: number }
  | {
      task: 'text-classification';
      /** 0: all labels. */
      topK: number;
      /** '': the function that config.json asks for. */
      functionToApply: '' | 'softmax' | 'sigmoid' | 'none';
    }
  | {
      task: 'token-classification';
      aggregationStrategy: 'none' | 'simple' | 'first' | 'average' | 'max';
      ignoreLabels: string[];
      /** 0: a quarter of a window. */
      stride: number;
    }
  | {
      /** The texts are the questions. */
      task: 'question-answering';
      contexts: string[];
      topK: number;
      /** In tokens, and so are the next two. 0: the default. */
      maxAnswerLength: number;
      maxSequenceLength: number;
      docStride: number;
      handleImpossibleAnswer: boolean;
      alignToWords: boolean;
    }
  | {
      task: 'zero-shot-classification';
      candidateLabels: string[];
      /** '': "This example is {}." */
      hypothesisTemplate: string;
      multiLabel: boolean;
    }
  | {
      /** The one text is the query, the contexts are the documents. */
      task: 'text-ranking';
      contexts: string[];
      /** 0: all documents. */
      topK: number;
      functionToApply: 'sigmoid' | 'none';
    }
  | {
      /** The text is the question, and the contexts are the answers to choose from. */
      task: 'multiple-choice';
      contexts: string[];
      /** Whether a Kformer reads the knowledge that it was given. */
      notes: boolean;
    }
);

/**
 * Results as columns: row i of a result is element i of every column. The rows of all
 * lists follow each other, and `lengths` says how many rows each list has.
 */
interface Columns {
  lengths: number[];
  score: number[];
}

/** A list for each mask of each text. */
export interface FillMaskReply extends Columns {
  /** How many masks each text has. */
  masks: number[];
  token: number[];
  tokenStr: string[];
  sequence: string[];
}

/** A list for each text. */
export interface TextClassificationReply extends Columns {
  label: string[];
  /** True if the text was longer than the model takes. */
  truncated: boolean[];
}

/** A list for each text. */
export interface TokenClassificationReply extends Columns {
  label: string[];
  /** The token's place in the encoding of the whole text. */
  index: number[];
  word: string[];
  /** In UTF-16 units of the text. */
  start: number[];
  end: number[];
}

/** A list for each question. */
export interface QuestionAnsweringReply extends Columns {
  answer: string[];
  /** In UTF-16 units of the context. */
  start: number[];
  end: number[];
}

/** A list for each text. */
export interface ZeroShotClassificationReply extends Columns {
  /** The place of the label among those that were given, and of the document in the next one. */
  index: number[];
  truncated: boolean[];
}

/** One list. */
export interface TextRankingReply extends Columns {
  index: number[];
  truncated: boolean[];
}

/** One list, the likeliest answer first. */
export interface MultipleChoiceReply extends Columns {
  /** The number of the answer among those that were given. */
  index: number[];
  /** The numbers of the notes that were read for it, the best first, and their scores. */
  notes: number[][];
  noteScores: number[][];
}

/** The reply to each task. */
export interface TaskReplies {
  'fill-mask': FillMaskReply;
  'text-classification': TextClassificationReply;
  'token-classification': TokenClassificationReply;
  'question-answering': QuestionAnsweringReply;
  'zero-shot-classification': ZeroShotClassificationReply;
  'text-ranking': TextRankingReply;
  'multiple-choice': MultipleChoiceReply;
}
