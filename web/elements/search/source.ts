// What a search reads: a site's index from a server, or the page's own text.
import type { Spelled } from './edit-distance.js';

/** The passages that have a term. Impact is BM25F's saturated frequency in 255ths. */
export interface Postings {
  term: string;
  /** The number of passages that have the term. */
  df: number;
  passages: Uint32Array;
  impacts: Uint8Array;
}

/** A term of the index that a word of another language stands for. */
export interface Translation {
  term: string;
  /** Beside the most probable translation: up to 1. */
  weight: number;
}

export interface PageRecord {
  url: string;
  title: string;
  language: string;
  attributes: Readonly<Record<string, string>>;
}

export interface Passage {
  anchor: string;
  /** Headings above the passage, from the outermost to the innermost. */
  headings: readonly string[];
  text: string;
}

export interface Facet {
  name: string;
  /** Values and the number of pages that have them, most first. */
  values: readonly (readonly [value: string, pages: number])[];
}

/** Values by facet: a page has to have one of the values of each facet. */
export type Filters = Readonly<Record<string, readonly string[]>>;

export interface Source {
  readonly languages: readonly string[];
  readonly k1: number;
  readonly passages: number;
  readonly facets: readonly Facet[];
  readonly fusion: { readonly k: number; readonly keywords: number; readonly static: number };
  /** A term's postings; `all` also reads those of low impact of a common term. */
  find(term: string, all: boolean): Promise<Postings | null>;
  /** The most frequent terms that begin with a prefix, at most 50. */
  prefix(prefix: string): Promise<Postings[]>;
  /** The terms that a word of another language stands for; a word of two parts has two lists. */
  translate(word: string): Promise<readonly (readonly Translation[])[]>;
  /** Words as they are written, of a length in code points. */
  spelling(length: number): Promise<readonly Spelled[]>;
  pageOf(passage: number): number;
  firstPassage(page: number): number;
  /** The first passage behind those of a page. */
  endPassage(page: number): number;
  page(page: number): Promise<PageRecord>;
  /** A passage of a page, and those that come along with it, by their numbers; without it if it was left out of a very long page. */
  text(page: number, passage: number): Promise<ReadonlyMap<number, Passage>>;
  /** 1 for each page that the filters let through; null if there are none. */
  allowed(filters: Filters): Promise<Uint8Array | null>;
}
