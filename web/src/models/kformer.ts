// Kformer: a model with knowledge that is replaced at run time.
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
    return modelHandle(Object.assign(run, {
      setKnowledge: async (notes: readonly string[] | readonly (readonly number[])[], o?: { signal?: AbortSignal | null }) => {
        const what = 'setKnowledge';
        const signal = check.onlySignal(what, o);
        if (!Array.isArray(notes)) throw check.invalid(`${what}: expected an array of texts or of rows of ids`);
        const texts = notes.length > 0 && typeof notes[0] === 'string' ? check.texts(what, notes) : null;
        const items = texts ? [] : (notes as readonly (readonly number[])[]).map((row) => {
          if (!Array.isArray(row)) throw check.invalid(`${what}: expected either texts or rows of ids, not both`);
          return Int32Array.from(check.tokenIds(what, row));
        });
        return client.call({ op: 'set-knowledge', texts, items }, { signal });
      },
    }), loaded);
  },
};
