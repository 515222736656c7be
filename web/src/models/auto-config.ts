// The configuration of a folder without its weights.
import type { ModelSource } from '../page/address.js';
import { configOf, type PretrainedConfig } from '../page/model.js';
import { type LoadOptions, loadWith } from '../page/options.js';

/** Reads config.json. The engine checks it as if it loaded the model. */
export const AutoConfig = {
  async from_pretrained(model: ModelSource, options?: LoadOptions): Promise<PretrainedConfig> {
    const { client, info } = await loadWith('AutoConfig.from_pretrained', model, options, { tokenizer: false, weights: false, head: '' });
    client.dispose();
    return configOf(info);
  },
};
