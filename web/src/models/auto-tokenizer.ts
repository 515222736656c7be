// A tokenizer without a model.
import { type LoadOptions, loadWith } from '../page/options.js';
import { type PreTrainedTokenizer, tokenizer } from '../page/tokenizer.js';

/** Loads the tokenizer of a model folder, without its weights. */
export const AutoTokenizer = {
  async from_pretrained(model: string, options?: Omit<LoadOptions, 'dtype' | 'device'>): Promise<PreTrainedTokenizer> {
    const { client, info, url, progress } = await loadWith('AutoTokenizer.from_pretrained', model, options, { tokenizer: true, weights: false, head: '' });
    const handle = tokenizer(client, info);
    progress?.({ status: 'ready', name: url, task: 'tokenizer', model: url });
    return handle;
  },
};
