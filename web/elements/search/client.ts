// The page's side of the search worker.
import { Captured, listen, post, push } from '../shared/captured.js';
import type { Reply, Request } from './messages.js';

/** A search worker, or the same code in the page where the browser allows no worker. */
export class SearchClient {
  #worker: Worker | null = null;
  #take: ((request: Request) => void) | null = null;
  /** What was sent before anything came back: a worker that cannot start never answers. */
  #sent: Request[] = [];
  #answered = false;
  #ended = false;
  readonly #reply: (message: Reply) => void;

  constructor(reply: (message: Reply) => void) {
    this.#reply = reply;
    const file = new Captured.URL('search-worker.js', import.meta.url).href;
    // A sandboxed frame has no origin and starts no worker; Firefox would report the attempt as an error of the page.
    if (origin === 'null') {
      void this.#inPage(file);
      return;
    }
    try {
      const worker = new Captured.Worker(file, { type: 'module' });
      this.#worker = worker;
      listen(worker, 'message', (e) => {
        this.#answered = true;
        this.#sent = [];
        if (!this.#ended) this.#reply((e as MessageEvent<Reply>).data);
      });
      listen(worker, 'error', (e) => {
        e.preventDefault(); // it is no error of the page
        if (!this.#answered) void this.#inPage(file);
        else if (!this.#ended) this.#reply({ type: 'failed', id: null, problem: 'failed', message: (e as ErrorEvent).message || 'the search worker stopped' });
      });
    } catch {
      void this.#inPage(file);
    }
  }

  send(request: Request): void {
    if (this.#take) this.#take(request);
    else {
      if (!this.#answered) push(this.#sent, request);
      if (this.#worker) post(this.#worker, request);
    }
  }

  end(): void {
    this.#ended = true;
    this.#worker?.terminate();
    this.#worker = null;
    this.#take = () => {};
  }

  async #inPage(file: string): Promise<void> {
    this.#worker?.terminate();
    this.#worker = null;
    try {
      const { serve } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ file)) as typeof import('./search-worker.js');
      if (this.#ended) return;
      const take = serve((message) => {
        if (!this.#ended) this.#reply(message);
      });
      this.#take = take;
      for (let i = 0; i < this.#sent.length; i++) take(this.#sent[i]!);
      this.#sent = [];
    } catch (e) {
      if (!this.#ended) this.#reply({ type: 'failed', id: null, problem: 'failed', message: `${file} cannot be loaded: ${e instanceof Error ? e.message : String(e)}` });
    }
  }
}
