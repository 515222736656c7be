// Kformer: a model with knowledge that is replaced at run time.
import type { Client } from '../page/client.js';
import type { ModelSource } from '../page/address.js';
import { type ModelInputs, paddedInputs } from '../page/inputs.js';
import { type ModelHandle, modelHandle } from '../page/model.js';
import { type LoadOptions, loadWith } from '../page/options.js';
import { Tensor } from '../page/tensor.js';
import * as check from '../page/validate.js';

export interface KformerOutput {
  /** [rows, tokens, width]; zeros where there is padding. */
  last_hidden_state: Tensor<'float32'>;
  /** For each row the numbers of the notes that it read, the best match first. */
  selected: number[][];
}

export interface PreTrainedKformer extends ModelHandle {
  /** The states of rows of ids. Each row reads the notes that match it best. */
  (inputs: ModelInputs, options?: { signal?: AbortSignal | null }): Promise<KformerOutput>;
  /**
   * Replaces the notes by texts or by rows of ids without special tokens; an empty array
   * removes all. Resolves to the number of notes. They stay in the worker: set them again
   * after an `engine_crashed`.
   */
  setKnowledge(notes: readonly string[] | readonly (readonly number[])[], options?: { signal?: AbortSignal | null }): Promise<number>;
}

/**
 * Loads a Kformer: a RoBERTa in which some feed-forward layers read knowledge.
 *
 *     const model = await KformerModel.from_pretrained('/models/kformer');
 *     await model.setKnowledge(['The key is under the mat.', 'Anna was born in Bern.']);
 *     const { last_hidden_state, selected } = await model(await tokenizer('Where was Anna born?'));
 */
export const KformerModel = {
  async from_pretrained(model: ModelSource, options?: LoadOptions): Promise<PreTrainedKformer> {
    const loaded = await loadWith('KformerModel.from_pretrained', model, options, { tokenizer: true, weights: true, head: '' });
    const { client } = loaded;
    const run = async (inputs: ModelInputs, o?: { signal?: AbortSignal | null }): Promise<KformerOutput> => {
      const signal = check.onlySignal('model', o);
      const { padded, transfer } = paddedInputs('model', inputs);
      const reply = await client.call({ op: 'read', ...padded }, { signal, transfer });
      return { last_hidden_state: new Tensor('float32', reply.data, reply.dims), selected: reply.selected };
    };
    return modelHandle(Object.assign(run, { setKnowledge: knowledgeOf(client) }), loaded);
  },
};

/** One of the answers to a question. */
export interface KformerChoice {
  answer: string;
  /** Its number among the answers that were given. */
  index: number;
  /** Its probability among the answers. */
  score: number;
  /** The numbers of the notes that were read for it, the best first. */
  notes: number[];
  /** What they were chosen by: the product of the note's mean embedding with that of question and answer. */
  note_scores: number[];
}

export interface KformerChoiceOptions {
  /** False answers without the notes; true by default. */
  use_notes?: boolean;
  signal?: AbortSignal | null;
}

export interface PreTrainedKformerForMultipleChoice extends ModelHandle, Pick<PreTrainedKformer, 'setKnowledge'> {
  /** The answers to a question, the likeliest first. */
  (question: string, answers: readonly string[], options?: KformerChoiceOptions): Promise<KformerChoice[]>;
}

/**
 * Loads a Kformer that chooses among answers.
 *
 *     const choose = await KformerForMultipleChoice.from_pretrained('/models/kformer-notes-en');
 *     await choose.setKnowledge(['Mirvela lives in Lisbon.']);
 *     const [best] = await choose('Where does Mirvela live?', ['Lisbon', 'Berlin']);
 */
export const KformerForMultipleChoice = {
  async from_pretrained(model: string, options?: LoadOptions): Promise<PreTrainedKformerForMultipleChoice> {
    const loaded = await loadWith('KformerForMultipleChoice.from_pretrained', model, options, { tokenizer: true, weights: true, head: 'multiple-choice' });
    const { client } = loaded;
    const run = async (question: string, answers: readonly string[], options?: KformerChoiceOptions): Promise<KformerChoice[]> => {
      const what = 'multiple-choice';
      const o = check.knownOptions(what, options, ['use_notes', 'signal']);
      const notes = check.boolean(`${what}: use_notes`, o.use_notes, true);
      const signal = check.abortSignal(`${what}: signal`, o.signal);
      const texts = [check.oneText(`${what}: question`, question)];
      const contexts = check.texts(`${what}: answers`, answers);
      const reply = await client.call({ op: 'task', task: 'multiple-choice', texts, contexts, notes }, { signal });
      return reply.index.map((index, i) => ({ answer: contexts[index]!, index, score: reply.score[i]!, notes: reply.notes[i]!, note_scores: reply.noteScores[i]! }));
    };
    return modelHandle(Object.assign(run, { setKnowledge: knowledgeOf(client) }), loaded);
  },
};

/** Makes setKnowledge of a client. */
function knowledgeOf(client: Client): PreTrainedKformer['setKnowledge'] {
  return async (notes, o) => {
    const what = 'setKnowledge';
    const signal = check.onlySignal(what, o);
    if (!Array.isArray(notes)) throw check.invalid(`${what}: expected an array of texts or of rows of ids`);
    const texts = notes.length > 0 && typeof notes[0] === 'string' ? check.texts(what, notes) : null;
    const items = texts ? [] : (notes as readonly (readonly number[])[]).map((row) => {
      if (!Array.isArray(row)) throw check.invalid(`${what}: expected either texts or rows of ids, not both`);
      return Int32Array.from(check.tokenIds(what, row));
    });
    return client.call({ op: 'set-knowledge', texts, items }, { signal });
  };
}
