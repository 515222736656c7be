// Tokenizers in the page: the engine runs on the page's thread, so that calls return at once.
import { abortedError, fromMessage, LodestoneError, toMessage } from '../protocol/error.js';
import type { InlineEngine, LoadInline } from '../protocol/inline.js';
import type { Reply, Request } from '../protocol/messages.js';
import type { ProgressCallback } from '../protocol/progress.js';
import { assetURL, engineAssets, env } from './env.js';
import { firstOf, type LoadOptions, loadOptions } from './options.js';
import { type Call, type PageTokenizer, pageTokenizer } from './tokenizer.js';

/** Loads the tokenizer of a folder into the page. */
export async function loadInPage(what: string, model: unknown, options: LoadOptions | undefined): Promise<{ tokenizer: PageTokenizer; url: string; progress: ProgressCallback | undefined }> {
  const { candidates, progress, signal } = await loadOptions(what, model, options);
  if (signal?.aborted) throw abortedError('load', signal);
  const load = await script();
  return firstOf(candidates, async (place) => {
    for (const file of ['config.json', 'tokenizer.json']) progress?.({ status: 'initiate', name: place.url, file });
    const request = { op: 'load', dtype: 'auto', weights: false, tokenizer: true, head: '', task: '', ...place } as const;
    let engine: InlineEngine | null;
    try {
      engine = await load(engineAssets(), request, signal, progress ?? (() => {}));
    } catch (e) {
      throw signal?.aborted ? abortedError('load', signal) : errorOf(e);
    }
    const call = <const R extends Request>(request: R): Reply<R> => {
      if (!engine) throw new LodestoneError('disposed', `engine: ${request.op} after dispose(); load the tokenizer again`);
      try {
        return engine.call(request) as Reply<R>;
      } catch (e) {
        throw errorOf(e);
      }
    };
    return { tokenizer: pageTokenizer(call as Call, engine.info, () => void (engine = null)), url: place.url, progress };
  });
}

/** The error of this module. engine.js has a class of its own for its errors. */
function errorOf(e: unknown): LodestoneError {
  const own = e instanceof Error && e.name === 'LodestoneError';
  return fromMessage(own ? (e as LodestoneError) : toMessage(e));
}

/** The script with the engine for pages, which is fetched when it is first needed. */
async function script(): Promise<LoadInline> {
  try {
    // Bundlers look for exactly the first form.
    const module = (env.assetsPath === ''
      ? await import('./engine.js' as string)
      : await import(assetURL('engine.js').href)) as { loadInline: LoadInline };
    return module.loadInline;
  } catch (e) {
    const url = assetURL('engine.js').href;
    throw new LodestoneError('engine_missing', `engine: the script ${url} did not load (${e instanceof Error ? e.message : String(e)}); the file must exist and be allowed by script-src`, { url });
  }
}
