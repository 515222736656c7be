// A model that reads notes: knowledge that is swapped at run time (Kformer).
import { ids } from './generation.js';
import { type ModelInputs, paddedInputs } from './inputs.js';
import { type ModelHandle, modelHandle } from './model.js';
import { type LoadOptions, loadWith } from './options.js';
import { Tensor } from './tensor.js';
import * as check from './validate.js';

export interface KformerOutput {
  /** [rows, tokens, width]; zeros where there is padding. */
  last_hidden_state: Tensor<'float32'>;
  /** For each row the numbers of the notes that it read, the best first. */
  selected: number[][];
}

export interface PreTrainedKformer extends ModelHandle {
  /** The states of rows of ids, each with the notes that fit it best. */
  (inputs: ModelInputs, options?: { signal?: AbortSignal | null }): Promise<KformerOutput>;
  /**
   * Gives the model other notes, texts or rows of ids without special tokens; none with an
   * empty array. They are the worker's alone and last until they are set again. Returns
   * how many there are. Notes go with the worker: after a crash they have to be set again.
   */
  setKnowledge(notes: readonly string[] | readonly (readonly number[])[], options?: { signal?: AbortSignal | null }): Promise<number>;
}

/**
 * Loads a Kformer: a RoBERTa some of whose feed-forward layers take knowledge in.
 *
 *     const model = await KformerModel.from_pretrained('/models/kformer');
 *     await model.setKnowledge(['The key is under the mat.', 'Anna was born in Bern.']);
 *     const { last_hidden_state, selected } = await model(await tokenizer('Where was Anna born?'));
 */
export const KformerModel = {
  async from_pretrained(model: string, options?: LoadOptions): Promise<PreTrainedKformer> {
    const loaded = await loadWith('KformerModel.from_pretrained', model, options, { tokenizer: true, weights: true, head: '' });
    const { engine } = loaded;
    const signalOf = (what: string, o: { signal?: AbortSignal | null } | undefined) => check.abortSignal(`${what}: signal`, check.knownOptions(what, o, ['signal']).signal);
    const run = async (inputs: ModelInputs, o?: { signal?: AbortSignal | null }): Promise<KformerOutput> => {
      const signal = signalOf('model', o);
      const { padded, transfer } = paddedInputs('model', inputs);
      const reply = await engine.call({ op: 'read', ...padded }, { signal, transfer });
      return { last_hidden_state: new Tensor('float32', reply.data, reply.dims), selected: reply.selected };
    };
    return modelHandle(Object.assign(run, {
      setKnowledge: async (notes: readonly string[] | readonly (readonly number[])[], o?: { signal?: AbortSignal | null }) => {
        const what = 'setKnowledge';
        const signal = signalOf(what, o);
        if (!Array.isArray(notes)) throw check.invalid(`${what}: expected an array of texts, or of rows of ids`);
        const texts = notes.length > 0 && typeof notes[0] === 'string' ? check.texts(what, notes) : null;
        const items = texts ? [] : (notes as readonly (readonly number[])[]).map((row) => {
          if (!Array.isArray(row)) throw check.invalid(`${what}: expected texts alone, or rows of ids alone`);
          return Int32Array.from(ids(what, row));
        });
        return engine.call({ op: 'learn', texts, items }, { signal });
      },
    }), loaded);
  },
};
