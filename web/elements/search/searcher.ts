// A search in its first two stages: keywords, then keywords fused with meaning. Each stage
// is an answer by itself. The third, the transformer, runs in the page: see ../rerank.ts.
import { excerpt, type Found, marks, type Span } from './excerpt.js';
import { corrected, type KeywordResult, queryWords, rankKeywords } from './keywords.js';
import type { Facet, Filters, Source } from './source.js';
import { SiteSource } from './site.js';
import { similar, type StaticResult } from './static-vectors.js';
import { IndexError, type Problem } from './wire.js';

export interface SearchRequest {
  query: string;
  /** The most pages to return. */
  limit: number;
  /** Whether the second stage may run. */
  meaning: boolean;
  filters: Filters;
}

export interface ResultPassage {
  /** The number of the passage in the index. */
  passage: number;
  url: string;
  /** The headings above the passage, from the outermost to the innermost. */
  headings: readonly string[];
  excerpt: string;
  marks: readonly Span[];
  /** The whole text, for the transformer. */
  text: string;
}

export interface ResultPage {
  page: number;
  url: string;
  title: string;
  titleMarks: readonly Span[];
  language: string;
  attributes: Readonly<Record<string, string>>;
  passages: ResultPassage[];
}

export interface SearchAnswer {
  query: string;
  stage: 'keywords' | 'fused' | 'reranked';
  /** No better answer of the index follows. */
  last: boolean;
  /** The pages found in all. */
  total: number;
  pages: ResultPage[];
  /** The query with words of the index in the place of words that it has not; null if all are known. */
  didYouMean: string | null;
  problems: Problem[];
  facets: readonly Facet[];
  /** Bytes transferred since the index was opened. */
  transferred: number;
}

/** A query is cut behind so many UTF-16 units. */
const LONGEST_QUERY = 1000;
/** The pages of each list that take part in the fusion. */
const FUSED_PAGES = 100;
/** The passages that a page shows. */
const SHOWN_PASSAGES = 3;
/** The pages at the top whose further passages are fetched; the others show what comes along with their best one. */
const DETAILED_PAGES = 3;
/** The further passages that are considered for a page. */
const CONSIDERED_PASSAGES = 4;
/** How long the second stage may take before the first one is shown. */
const PATIENCE_MS = 40;

interface RankedResult {
  page: number;
  passage: number;
}

export class Searcher {
  readonly #source: Source;
  readonly #site: SiteSource | null;

  constructor(source: Source) {
    this.#source = source;
    this.#site = source instanceof SiteSource && source.manifest.static ? source : null;
  }

  /** The facets of the index, for an element that shows them before the first query. */
  get facets(): readonly Facet[] {
    return this.#source.facets;
  }

  get transferred(): number {
    return this.#source instanceof SiteSource ? this.#source.store.transferred : 0;
  }

  /** The answers to a query, each better than the one before. The first may be left out if the second is quick. */
  async *search(request: SearchRequest): AsyncGenerator<SearchAnswer, void, void> {
    const problems: Problem[] = [];
    const note = (problem: Problem): void => {
      if (!problems.includes(problem)) problems.push(problem);
    };
    const query = request.query.slice(0, LONGEST_QUERY);
    if (request.query.length > LONGEST_QUERY) note('tooLong');
    const catching = async <T>(promise: Promise<T>): Promise<T | null> => {
      try {
        return await promise;
      } catch (e) {
        note(e instanceof IndexError ? e.code : 'failed');
        return null;
      }
    };

    const filtered = Object.values(request.filters).some((values) => values.length > 0);
    const allowed = filtered ? await catching(this.#source.allowed(request.filters)) : null;
    const asked = catching(queryWords(this.#source, query, filtered));
    const lookedUp = await asked;
    if (lookedUp?.cut) note('tooLong');
    const keywords = rankKeywords(this.#source, lookedUp?.words ?? [], allowed);
    if (lookedUp && keywords.words.length === 0 && query.trim()) note('noWords');

    const answer = async (stage: SearchAnswer['stage'], ranked: RankedResult[], last = true): Promise<SearchAnswer> => {
      const pages = await this.#pages(ranked.slice(0, request.limit), query, keywords, catching);
      return {
        query: request.query, stage, last, total: ranked.length, pages, didYouMean: corrected(query, keywords.words),
        problems: [...problems], facets: this.#source.facets, transferred: this.transferred,
      };
    };

    const site = this.#site;
    const first = await answer('keywords', keywords.pages, !(site && request.meaning && query.trim()));
    if (first.last) return yield first;
    // The second stage begins when the first has what it shows: they do not compete for the budget.
    const meaning = catching(similar(site!, query));
    let result: StaticResult | null | undefined = await Promise.race([meaning, pause(PATIENCE_MS)]);
    if (result === undefined) {
      yield first;
      result = await meaning;
    }
    if (!result) return yield { ...first, last: true, problems: [...problems], transferred: this.transferred };
    if (!result.known) {
      if (keywords.pages.length === 0) note('unknownScript');
      return yield { ...first, last: true, problems: [...problems], transferred: this.transferred };
    }
    const similarities = new Map(result.passages.filter((p) => !allowed || allowed[this.#source.pageOf(p.passage)]).map((p) => [p.passage, p.similarity]));
    yield await answer('fused', this.#fuse(keywords, similarities));
  }

  /** Reciprocal rank fusion (Cormack et al. 2009) of the pages with keywords and of those with similar passages. */
  #fuse(keywords: KeywordResult, similarities: ReadonlyMap<number, number>): RankedResult[] {
    const { fusion } = this.#source;
    // Words that are no term, such as those of another language, leave it to the vectors.
    const missing = keywords.words.filter((w) => w.terms.length === 0 || w.corrected !== null).length / Math.max(keywords.words.length, 1);
    const near = new Map<number, number>();
    for (const passage of similarities.keys()) if (!near.has(this.#source.pageOf(passage))) near.set(this.#source.pageOf(passage), passage);
    const lists = [
      { weight: fusion.keywords, pages: keywords.pages.slice(0, FUSED_PAGES) },
      { weight: fusion.static + (1 - fusion.static) * missing, pages: [...near].slice(0, FUSED_PAGES).map(([page, passage]) => ({ page, passage })) },
    ];
    const fused = new Map<number, { page: number; passage: number; score: number; rank: number }>();
    for (const { weight, pages } of lists) {
      for (const [i, { page, passage }] of pages.entries()) {
        const entry = fused.get(page) ?? { page, passage, score: 0, rank: Infinity };
        entry.score += weight / (fusion.k + i + 1);
        if (i < entry.rank) [entry.rank, entry.passage] = [i, passage];
        fused.set(page, entry);
      }
    }
    // What is neither close nor has a word of the query is no answer.
    const { related } = this.#site!.manifest.static!.threshold;
    const worded = new Set(keywords.pages.map((p) => p.page));
    const ranked = [...fused.values()].filter(({ page }) => worded.has(page) || similarities.get(near.get(page)!)! >= related);
    ranked.sort((a, b) => b.score - a.score || a.page - b.page);
    // Pages beyond the lists stay reachable, behind the others.
    return [...ranked, ...keywords.pages.slice(FUSED_PAGES).filter(({ page }) => !fused.has(page))];
  }

  async #pages(
    ranked: readonly RankedResult[],
    query: string,
    keywords: KeywordResult,
    catching: <T>(promise: Promise<T>) => Promise<T | null>,
  ): Promise<ResultPage[]> {
    const typed = query.endsWith(' ') ? '' : (keywords.words.at(-1)?.word ?? '');
    const found: Found = {
      terms: new Set(keywords.words.flatMap((w) => w.terms.filter((t) => t.weight === 1 || w.corrected || w.word !== typed).map((t) => t.postings.term))),
      prefix: typed,
      languages: this.#source.languages,
      known: new Map(),
    };
    const pages = await Promise.all(ranked.map(async (r, rank) => catching(this.#page(r, rank < DETAILED_PAGES, found, keywords, catching))));
    return pages.filter((p) => p !== null);
  }

  async #page(ranked: RankedResult, detailed: boolean, found: Found, keywords: KeywordResult, catching: <T>(promise: Promise<T>) => Promise<T | null>): Promise<ResultPage> {
    const { page } = ranked;
    const [record, near] = await Promise.all([this.#source.page(page), this.#source.text(page, ranked.passage)]);
    const texts = new Map(near);
    const shown = [ranked.passage];
    for (const passage of this.#others(page, ranked.passage, keywords)) {
      if (shown.length === SHOWN_PASSAGES) break;
      if (!texts.has(passage) && detailed) for (const [i, p] of (await catching(this.#source.text(page, passage))) ?? []) texts.set(i, p);
      // A second passage of a section says little that the first does not.
      const headings = texts.get(passage)?.headings.join();
      if (headings !== undefined && !shown.some((p) => texts.get(p)?.headings.join() === headings)) shown.push(passage);
    }
    const [address] = record.url.split('#');
    const passages = shown.map((passage): ResultPassage | null => {
      const stored = texts.get(passage);
      if (!stored) return null; // left out of a very long page
      const { text: shownText, marks, fragment: textFragment } = excerpt(stored.text, found);
      const fragment = encodeURIComponent(stored.anchor) + textFragment;
      return { passage, url: fragment ? `${address}#${fragment}` : record.url, headings: stored.headings, excerpt: shownText, marks, text: stored.text };
    });
    return { page, url: record.url, title: record.title || address!, titleMarks: marks(record.title || address!, found), language: record.language, attributes: record.attributes, passages: passages.filter((p) => p !== null) };
  }

  /** The passages of a page that match about as well as its best one. */
  #others(page: number, best: number, keywords: KeywordResult): number[] {
    const scores: { passage: number; score: number }[] = [];
    for (let passage = this.#source.firstPassage(page); passage < this.#source.endPassage(page); passage++) {
      scores.push({ passage, score: keywords.passages.get(passage) ?? 0 });
    }
    const most = Math.max(...scores.map((s) => s.score));
    const others = scores.filter(({ passage, score }) => score > 0.5 * most && passage !== best);
    return others.sort((a, b) => b.score - a.score).slice(0, CONSIDERED_PASSAGES).map(({ passage }) => passage);
  }
}

function pause(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, undefined));
}
