// A model without a task: ids in, hidden states out.
import type { ModelSource } from '../page/address.js';
import type { ModelInputs } from '../page/inputs.js';
import { describe, forward, type ModelDescription, type ModelOutput, type OutputOptions } from '../page/inspect.js';
import { type ModelHandle, modelHandle } from '../page/model.js';
import { type LoadOptions, loadWith } from '../page/options.js';

/** A model without a task. */
export interface PreTrainedModel extends ModelHandle {
  (inputs: ModelInputs, options?: OutputOptions): Promise<ModelOutput>;
  /** The architecture of the model and the size of its parts. */
  describe(): Promise<ModelDescription>;
}

/** Loads the weights of a model folder, without its tokenizer. */
export const AutoModel = {
  async from_pretrained(model: ModelSource, options?: LoadOptions): Promise<PreTrainedModel> {
    const loaded = await loadWith('AutoModel.from_pretrained', model, options, { tokenizer: false, weights: true, head: '' });
    const { client } = loaded;
    const run = (inputs: ModelInputs, options?: OutputOptions): Promise<ModelOutput> => forward(client, inputs, options);
    return modelHandle(Object.assign(run, { describe: () => describe(client) }), loaded);
  },
};
