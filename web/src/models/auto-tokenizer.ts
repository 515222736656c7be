// A tokenizer without a model.
import type { ModelSource } from '../page/address.js';
import { loadInPage } from '../page/inline.js';
import { type LoadOptions, loadWith } from '../page/options.js';
import { type PageTokenizer, type PreTrainedTokenizer, tokenizer } from '../page/tokenizer.js';
import * as check from '../page/validate.js';

export interface TokenizerLoadOptions extends Omit<LoadOptions, 'dtype' | 'device'> {
  /**
   * True loads the engine into the page itself, so that the tokenizer's functions return at
   * once, as for a counter of tokens beside a text field. It costs the page what a worker
   * spares it: parsing tokenizer.json holds up the page for a moment, and so does a long text.
   */
  in_page?: boolean;
}

async function from_pretrained(model: ModelSource, options: TokenizerLoadOptions & { in_page: true }): Promise<PageTokenizer>;
async function from_pretrained(model: ModelSource, options?: TokenizerLoadOptions): Promise<PreTrainedTokenizer>;
async function from_pretrained(model: ModelSource, options?: TokenizerLoadOptions): Promise<PageTokenizer | PreTrainedTokenizer> {
  const what = 'AutoTokenizer.from_pretrained';
  const { in_page, ...load } = options ?? {};
  const inPage = check.boolean(`${what}: in_page`, in_page, false);
  const made = inPage ? await loadInPage(what, model, load) : await inWorker(what, model, load);
  made.progress?.({ status: 'ready', name: made.url, task: 'tokenizer', model: made.url });
  return made.tokenizer;
}

async function inWorker(what: string, model: ModelSource, options: LoadOptions) {
  const { client, info, url, progress } = await loadWith(what, model, options, { tokenizer: true, weights: false, head: '' });
  return { tokenizer: tokenizer(client, info), url, progress };
}

/** Loads the tokenizer of a model folder, without its weights. */
export const AutoTokenizer = { from_pretrained };
