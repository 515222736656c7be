// The index of one page's own text, made in memory: what is searched where there is no index
// of the site. Its "pages" are the sections of the page.
import type { Spelled } from './edit-distance.js';
import type { PageRecord, Passage, Postings, Source } from './source.js';
import { compare, term, words } from './words.js';

/** A block of a page's text. */
export interface PageBlock {
  /** The id to scroll to, or "". */
  anchor: string;
  headings: readonly string[];
  text: string;
}

export interface PageText {
  url: string;
  title: string;
  language: string;
  blocks: readonly PageBlock[];
}

const K1 = 1.2;
const B = 0.75;
const B_HEADING = 0.3;
const HEADING_WEIGHT = 2;
const MOST_PREFIXED = 50;

export class PageSource implements Source {
  readonly languages: readonly string[];
  readonly k1 = K1;
  readonly passages: number;
  readonly facets = [];
  readonly fusion = { k: 60, keywords: 1, static: 0 };
  readonly #sections: { first: number; record: PageRecord; passages: Passage[] }[] = [];
  readonly #pageOf: number[] = [];
  readonly #terms = new Map<string, Postings>();
  readonly #sorted: string[];
  readonly #spelling = new Map<number, Spelled[]>();

  constructor(page: PageText) {
    this.languages = [page.language.toLowerCase().split('-')[0] ?? ''];
    this.passages = page.blocks.length;
    let before = '';
    for (const [i, { anchor, headings, text }] of page.blocks.entries()) {
      const key = headings.join('\u001f');
      let section = this.#sections.at(-1);
      if (!section || key !== before) {
        const url = anchor ? `${page.url.split('#')[0]}#${encodeURIComponent(anchor)}` : page.url;
        section = { first: i, record: { url, title: headings.at(-1) ?? page.title, language: page.language, attributes: {} }, passages: [] };
        this.#sections.push(section);
        before = key;
      }
      section.passages.push({ anchor, headings, text });
      this.#pageOf.push(this.#sections.length - 1);
    }
    this.#count(page);
    this.#sorted = [...this.#terms.keys()].sort(compare);
  }

  #count(page: PageText): void {
    const language = this.languages[0]!;
    const counts: { body: Map<string, number>; heading: Map<string, number>; bodyLength: number; headingLength: number }[] = [];
    const spelled = new Map<string, number>();
    let [bodies, headings] = [0, 0];
    for (const block of page.blocks) {
      const entry = { body: new Map<string, number>(), heading: new Map<string, number>(), bodyLength: 0, headingLength: 0 };
      for (const [field, text] of [['body', block.text], ['heading', block.headings.at(-1) ?? '']] as const) {
        for (const word of words(text)) {
          const t = term(word, language);
          if (t) entry[field].set(t, (entry[field].get(t) ?? 0) + 1);
          entry[`${field}Length`]++;
          if (word.letters) spelled.set(word.text, (spelled.get(word.text) ?? 0) + 1);
        }
      }
      bodies += entry.bodyLength;
      headings += entry.headingLength;
      counts.push(entry);
    }
    const n = Math.max(1, counts.length);
    const [averageBody, averageHeading] = [Math.max(1, bodies / n), Math.max(1, headings / n)];
    const lists = new Map<string, [number, number][]>();
    for (const [passage, e] of counts.entries()) {
      for (const t of new Set([...e.body.keys(), ...e.heading.keys()])) {
        const f =
          (e.body.get(t) ?? 0) / (1 - B + (B * e.bodyLength) / averageBody) +
          (HEADING_WEIGHT * (e.heading.get(t) ?? 0)) / (1 - B_HEADING + (B_HEADING * e.headingLength) / averageHeading);
        const list = lists.get(t) ?? [];
        if (list.length === 0) lists.set(t, list);
        list.push([passage, Math.max(1, Math.round((255 * f) / (f + K1)))]);
      }
    }
    for (const [t, list] of lists) {
      this.#terms.set(t, { term: t, df: list.length, passages: Uint32Array.from(list, ([p]) => p), impacts: Uint8Array.from(list, ([, impact]) => impact) });
    }
    for (const [word, frequency] of spelled) {
      const length = [...word].length;
      if (length < 4) continue;
      const list = this.#spelling.get(length) ?? [];
      if (list.length === 0) this.#spelling.set(length, list);
      list.push({ word, frequency });
    }
  }

  find(term: string): Promise<Postings | null> {
    return Promise.resolve(this.#terms.get(term) ?? null);
  }

  prefix(prefix: string): Promise<Postings[]> {
    const found = this.#sorted.filter((t) => t.startsWith(prefix)).map((t) => this.#terms.get(t)!);
    return Promise.resolve(found.sort((a, b) => b.df - a.df || compare(a.term, b.term)).slice(0, MOST_PREFIXED));
  }

  spelling(length: number): Promise<readonly Spelled[]> {
    return Promise.resolve(this.#spelling.get(length) ?? []);
  }

  pageOf(passage: number): number {
    return this.#pageOf[passage]!;
  }

  firstPassage(page: number): number {
    return this.#sections[page]!.first;
  }

  page(page: number): Promise<PageRecord> {
    return Promise.resolve(this.#sections[page]!.record);
  }

  endPassage(page: number): number {
    return this.firstPassage(page) + this.#sections[page]!.passages.length;
  }

  text(page: number): Promise<ReadonlyMap<number, Passage>> {
    const { first, passages } = this.#sections[page]!;
    return Promise.resolve(new Map(passages.map((p, i) => [first + i, p])));
  }

  translate(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  allowed(): Promise<null> {
    return Promise.resolve(null);
  }
}
