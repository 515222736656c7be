// Tokenizers in the page: the engine runs on the page's thread, so that calls return at once.
import { abortedError, fromMessage, LodestoneError, toMessage } from '../protocol/error.js';
import { build, otherBuild } from '../protocol/build.js';
import type { InlineEngine, InlineScript, LoadInline } from '../protocol/inline.js';
import type { Reply, Request } from '../protocol/messages.js';
import type { ProgressCallback } from '../protocol/progress.js';
import { assetURL, engineAssets } from './env.js';
import { send } from './host.js';
import { firstOf, type LoadOptions, loadOptions, loadRequest } from './options.js';
import { type Call, type PageTokenizer, pageTokenizer } from './tokenizer.js';

/** Loads the tokenizer of a folder into the page. */
export async function loadInPage(what: string, model: unknown, options: LoadOptions | undefined): Promise<{ tokenizer: PageTokenizer; url: string; progress: ProgressCallback | undefined }> {
  const o = await loadOptions(what, model, options);
  const { candidates, progress, signal } = o;
  if (signal?.aborted) throw abortedError('load', signal);
  const load = await script();
  return firstOf(candidates, async (place) => {
    for (const file of ['config.json', 'tokenizer.json']) progress?.({ status: 'initiate', name: place.url, file });
    const request = loadRequest({ ...o, dtype: 'auto', device: 'wasm' }, { weights: false, tokenizer: true, head: '' }, place);
    let engine: InlineEngine | null;
    try {
      engine = await load(engineAssets(), request, signal, progress ?? (() => {}), send);
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
  const url = assetURL('engine.js').href;
  const missing = (why: string): LodestoneError => new LodestoneError('engine_missing', `engine: the script ${url} ${why}`, { url });
  let found: InlineScript;
  try {
    found = (await import(/* webpackIgnore: true */ /* @vite-ignore */ url)) as InlineScript;
  } catch (e) {
    throw missing(`did not load (${e instanceof Error ? e.message : String(e)}); the file must exist and be allowed by script-src`);
  }
  if (found.build !== build) throw missing(`does not fit: ${otherBuild(found.build)}`);
  return found.loadInline;
}
