// The messages between an element and its search worker.
import type { PageText } from './page-source.js';
import type { SearchAnswer, SearchRequest } from './searcher.js';
import type { Problem } from './wire.js';

/** To the worker. A search ends the one before it. */
export type Request =
  | { type: 'open'; src: string; budget: number }
  | { type: 'openPage'; page: PageText }
  | ({ type: 'search'; id: number } & SearchRequest)
  | { type: 'budget'; budget: number };

/** From the worker. */
export type Reply =
  | { type: 'opened'; facets: SearchAnswer['facets']; transferred: number }
  | { type: 'answer'; id: number; answer: SearchAnswer }
  | { type: 'failed'; id: number | null; problem: Problem; message: string };
