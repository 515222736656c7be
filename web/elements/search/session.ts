// One element's search from the opening of its index to its end: the worker with the first
// two stages, and the third when it is asked for or the browser is idle.
import type { Block } from '../shared/blocks.js';
import { Captured, setTimer } from '../shared/captured.js';
import { SearchClient } from './client.js';
import type { Reply } from './messages.js';
import { collectPage } from './page-text.js';
import { Reranker } from './rerank.js';
import type { SearchAnswer } from './searcher.js';
import type { Filters } from './source.js';
import type { Problem } from './wire.js';

export interface SessionOptions {
  /** The address of the index; null searches the page. */
  src: string | null;
  /** What of the page is searched: a selector. */
  scope: string | null;
  /** The most bytes for the first two stages. */
  budget: number;
  limit: number;
  /** Whether the second stage runs. */
  meaning: boolean;
  /** When the third stage loads: idle, demand, off. */
  engine: string;
  model: string | null;
  /** The most bytes of the third stage's model. */
  engineBudget: number;
}

export interface SessionEvents {
  answer(answer: SearchAnswer): void;
  failed(problem: Problem, message: string): void;
  /** The third stage's state has changed. */
  state(): void;
}

export type EngineState = 'off' | 'offered' | 'loading' | 'ready' | 'running' | 'failed';

/** How long the page is left alone before the third stage loads by itself. */
const IDLE_MS = 1500;

export class SearchSession {
  filters: Filters = {};
  engine: EngineState = 'off';
  readonly #events: SessionEvents;
  #client: SearchClient | null = null;
  #options: SessionOptions | null = null;
  #blocks: readonly Block[] | null = null;
  #pageIsCut = false;
  #id = 0;
  #answer: SearchAnswer | null = null;
  #life = new Captured.AbortController();
  #reranker: Reranker | null = null;
  #reranking: AbortController | null = null;
  #idle = false;

  constructor(events: SessionEvents) {
    this.#events = events;
  }

  get opened(): boolean {
    return this.#client !== null;
  }

  /** Opens the index, or takes other limits for an open one. */
  open(options: SessionOptions): void {
    const before = this.#options;
    this.#options = options;
    if (this.engine === 'off' && options.engine !== 'off') this.engine = 'offered';
    if (options.engine === 'off') this.engine = 'off';
    if (this.#client) {
      if (before?.budget !== options.budget) this.#client.send({ type: 'budget', budget: options.budget });
      return;
    }
    this.#life = new Captured.AbortController();
    this.#client = new SearchClient((reply) => this.#take(reply));
    if (options.src) {
      this.#client.send({ type: 'open', src: options.src, budget: options.budget });
      return;
    }
    const page = collectPage(options.scope);
    this.#blocks = page.blocks;
    this.#pageIsCut = page.cut;
    this.#client.send({ type: 'openPage', page: page.text });
  }

  /** Searches; a search before that has not ended gives no more answers. */
  search(query: string): void {
    this.#reranking?.abort();
    this.#answer = null;
    const { limit, meaning } = this.#options!;
    this.#client?.send({ type: 'search', id: ++this.#id, query, limit, meaning, filters: this.filters });
  }

  /** Gives no more answers to the last search. */
  forget(): void {
    this.#id++;
    this.#answer = null;
    this.#reranking?.abort();
  }

  /** The block of the page that a passage is, where the page itself is searched. */
  blockOf(passage: number): Block | null {
    return this.#blocks?.[passage] ?? null;
  }

  /** Ends the worker, the model and all that waits. */
  end(): void {
    this.forget();
    this.#life.abort();
    this.#client?.end();
    this.#client = null;
    this.#blocks = null;
    this.#reranker?.release();
    this.#reranker = null;
    this.#idle = false;
    this.engine = 'off';
  }

  /** Loads the third stage, and reranks the answer that is shown. */
  loadEngine(): void {
    if (this.engine !== 'offered') return;
    this.#state('loading');
    const { model, engineBudget } = this.#options!;
    const { signal } = this.#life;
    Reranker.load(model, { signal, limit: engineBudget }).then(
      (reranker) => {
        if (signal.aborted) {
          reranker.release();
          return;
        }
        this.#reranker = reranker;
        this.#state('ready');
        if (this.#answer?.last) void this.#rerank(this.#answer);
      },
      () => {
        if (!signal.aborted) this.#state('failed');
      },
    );
  }

  #take(reply: Reply): void {
    if (reply.type === 'failed') {
      if (reply.id === null || reply.id === this.#id) this.#events.failed(reply.problem, reply.message);
    } else if (reply.type === 'answer' && reply.id === this.#id) {
      const { answer } = reply;
      if (this.#pageIsCut) answer.problems[answer.problems.length] = 'longPage';
      this.#answer = answer;
      if (answer.last && this.#reranker) void this.#rerank(answer);
      else this.#events.answer(answer);
      if (answer.last && this.engine === 'offered' && this.#options?.engine === 'idle' && !this.#idle) {
        this.#idle = true;
        setTimer(() => {
          if (this.#client) this.loadEngine();
        }, IDLE_MS);
      }
    }
  }

  /** Shows the answer, then a better order of it. */
  async #rerank(answer: SearchAnswer): Promise<void> {
    const stop = new Captured.AbortController();
    this.#reranking = stop;
    this.#events.answer({ ...answer, last: answer.pages.length < 2 });
    if (answer.pages.length < 2) return;
    this.#state('running');
    try {
      const better = await this.#reranker!.rerank(answer, stop.signal);
      if (stop.signal.aborted) return;
      this.engine = 'ready';
      this.#events.answer(better);
    } catch {
      if (stop.signal.aborted) return;
      this.engine = 'failed';
      this.#events.answer(answer); // the order before is an answer too
    }
  }

  #state(state: EngineState): void {
    this.engine = state;
    this.#events.state();
  }
}
