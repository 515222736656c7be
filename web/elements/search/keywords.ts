// Keywords: BM25F over passages, gathered by page. The formulas are those of FORMAT.md of
// models/siteindex; Robertson & Zaragoza 2009, The Probabilistic Relevance Framework, has BM25F.
import { closest, tolerance } from './edit-distance.js';
import type { Postings, Source, Translation } from './source.js';
import { alternatives, compare, type Word, words } from './words.js';

const PREFIX_WEIGHT = 0.7;
const CORRECTED_WEIGHT = 0.8;
const TRANSLATED_WEIGHT = 0.8;
const BEST_PASSAGE_WEIGHT = 0.5;
/** The most words of a query that count. */
const MOST_WORDS = 32;

/** A word of a query with the terms that stand for it; the best of them counts. */
export interface QueryWord {
  word: string;
  terms: { postings: Postings; weight: number }[];
  /** The word in whose place another one was searched. */
  corrected: string | null;
  /** Its terms are those of another language. */
  translated?: boolean;
}

export interface RankedPage {
  page: number;
  score: number;
  /** The best passage, and the scores of all that match. */
  passage: number;
}

export interface KeywordResult {
  words: QueryWord[];
  pages: RankedPage[];
  /** Passages with their scores. */
  passages: Map<number, number>;
}

/** The words of a query, each once, with their terms; the last one is being typed unless a space follows it. */
export async function queryWords(source: Source, query: string, all: boolean): Promise<{ words: QueryWord[]; cut: boolean }> {
  const unique = new Map<string, Word>();
  for (const word of words(query)) if (!unique.has(word.text)) unique.set(word.text, word);
  const list = [...unique.values()].slice(0, MOST_WORDS);
  const typed = query.endsWith(' ') ? undefined : list.at(-1);
  const out = await Promise.all(list.map((word) => lookUp(source, word, word === typed, all)));
  // Most words are of another language: the others stand by accident in the index as well.
  if (2 * out.filter((found) => found[0]!.translated).length >= list.length) {
    for (const [i, word] of list.entries()) {
      if (!word.letters || out[i]![0]!.translated || out[i]![0]!.terms.length === 0) continue;
      const lists = await source.translate(word.text);
      const translated = lists.length === 1 ? await translations(source, word.text, lists, all) : [];
      if (translated.length > 0) out[i] = translated;
    }
  }
  return { words: out.flat(), cut: unique.size > MOST_WORDS };
}

async function lookUp(source: Source, word: Word, typed: boolean, all: boolean): Promise<QueryWord[]> {
  const found: QueryWord = { word: word.text, terms: [], corrected: null };
  const add = (postings: Postings | null, weight: number): void => {
    if (postings && !found.terms.some((t) => t.postings.term === postings.term)) found.terms.push({ postings, weight });
  };
  for (const term of alternatives(word, source.languages)) add(await source.find(term, all), 1);
  if (typed && [...word.text].length > 1) {
    for (const postings of await source.prefix(word.text)) add(postings, PREFIX_WEIGHT);
  }
  if (found.terms.length > 0 || !word.letters) return [found];

  const translated = await translations(source, word.text, await source.translate(word.text), all);
  if (translated.length > 0) return translated;

  const length = [...word.text].length;
  const most = tolerance(length);
  if (most === 0) return [found];
  const lengths = Array.from({ length: 2 * most + 1 }, (_, i) => length - most + i).filter((n) => n >= 4);
  const near = closest(word.text, (await Promise.all(lengths.map((n) => source.spelling(n)))).flat());
  if (!near) return [found];
  found.corrected = near.word;
  for (const term of alternatives({ text: near.word, letters: true }, source.languages)) add(await source.find(term, all), CORRECTED_WEIGHT);
  return [found];
}

/** A word of the query for each list of terms that a word of another language stands for. */
async function translations(source: Source, word: string, lists: readonly (readonly Translation[])[], all: boolean): Promise<QueryWord[]> {
  const out: QueryWord[] = [];
  for (const list of lists) {
    const part: QueryWord = { word, terms: [], corrected: null, translated: true };
    for (const { term, weight } of list) {
      const postings = await source.find(term, all);
      if (postings) part.terms.push({ postings, weight: TRANSLATED_WEIGHT * weight });
    }
    if (part.terms.length > 0) out.push(part);
  }
  return out;
}

/** Ranks the pages that have words of a query; `allowed` has 1 for the pages that may appear. */
export function rankKeywords(source: Source, words: QueryWord[], allowed: Uint8Array | null): KeywordResult {
  const passages = new Map<number, number>();
  const pages = new Map<number, number>();
  for (const { terms } of words) {
    const shares = new Map<number, number>();
    for (const { postings, weight } of terms) {
      const idf = Math.log(1 + (source.passages - postings.df + 0.5) / (postings.df + 0.5));
      const scale = (weight * idf * (source.k1 + 1)) / 255;
      for (let i = 0; i < postings.passages.length; i++) {
        const passage = postings.passages[i]!;
        if (allowed && !allowed[source.pageOf(passage)]) continue;
        const share = scale * postings.impacts[i]!;
        if (share > (shares.get(passage) ?? 0)) shares.set(passage, share);
      }
    }
    const best = new Map<number, number>();
    for (const [passage, share] of shares) {
      passages.set(passage, (passages.get(passage) ?? 0) + share);
      const page = source.pageOf(passage);
      if (share > (best.get(page) ?? 0)) best.set(page, share);
    }
    for (const [page, share] of best) pages.set(page, (pages.get(page) ?? 0) + share);
  }
  const top = new Map<number, { passage: number; score: number }>();
  for (const [passage, score] of passages) {
    const page = source.pageOf(passage);
    const before = top.get(page);
    if (!before || score > before.score || (score === before.score && passage < before.passage)) top.set(page, { passage, score });
  }
  const ranked = [...pages].map(([page, score]) => {
    const best = top.get(page)!;
    return { page, score: score + BEST_PASSAGE_WEIGHT * best.score, passage: best.passage };
  });
  return { words, pages: ranked.sort((a, b) => b.score - a.score || a.page - b.page), passages };
}

/** The query with its corrected words, or null if none was corrected. */
export function corrected(query: string, words: readonly QueryWord[]): string | null {
  // A word that begins with its correction is being typed: "installat" with "install".
  const changes = new Map(words.filter((w) => w.corrected && !w.word.startsWith(w.corrected)).map((w) => [w.word, w.corrected!]));
  if (changes.size === 0) return null;
  const out = query.replace(/[\p{L}\p{M}\p{N}_]+/gu, (run) => changes.get(run.normalize('NFKC').toLowerCase()) ?? run);
  return compare(out, query) === 0 ? null : out;
}
