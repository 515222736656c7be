// The search, off the page's thread: a module worker, with globals that the page cannot
// overwrite. Where a page may start no worker (the script has another origin), the element
// imports this file and calls serve itself.
import type { Reply, Request } from './messages.js';
import { PageSource } from './page-source.js';
import { Searcher } from './searcher.js';
import { openSite, SiteSource } from './site.js';
import { IndexError } from './wire.js';

/** Serves requests of one element; returns the function that takes them. */
export function serve(reply: (message: Reply) => void): (request: Request) => void {
  let opening: Promise<{ searcher: Searcher; source: SiteSource | PageSource }> | null = null;
  let latest = 0;

  const open = (load: () => Promise<SiteSource | PageSource>): void => {
    opening = load().then((source) => ({ source, searcher: new Searcher(source) }));
    opening.then(({ searcher }) => reply({ type: 'opened', facets: searcher.facets, transferred: searcher.transferred }), failure(null));
  };
  const failure = (id: number | null) => (e: unknown) => {
    const known = e instanceof IndexError;
    reply({ type: 'failed', id, problem: known ? e.code : 'failed', message: e instanceof Error ? e.message : String(e) });
  };

  const search = async (request: Request & { type: 'search' }): Promise<void> => {
    latest = request.id;
    if (!opening) throw new IndexError('failed', 'search: nothing was opened');
    const { searcher } = await opening;
    for await (const answer of searcher.search(request)) {
      if (request.id !== latest) return; // a newer query has come
      reply({ type: 'answer', id: request.id, answer });
    }
  };

  return (request) => {
    if (request.type === 'open') open(() => openSite(request.src, { fetch: (url, init) => fetch(url, init), budget: request.budget }));
    else if (request.type === 'openPage') open(() => Promise.resolve(new PageSource(request.page)));
    else if (request.type === 'budget') void opening?.then(({ source }) => source instanceof SiteSource && (source.store.budget = request.budget)).catch(() => {});
    else search(request).catch(failure(request.id));
  };
}

declare const WorkerGlobalScope: (new () => unknown) | undefined;
if (typeof WorkerGlobalScope !== 'undefined' && globalThis instanceof WorkerGlobalScope) {
  const scope = globalThis as unknown as { postMessage(message: Reply): void; onmessage: ((e: MessageEvent<Request>) => void) | null };
  const take = serve((message) => scope.postMessage(message));
  scope.onmessage = (e) => take(e.data);
}
