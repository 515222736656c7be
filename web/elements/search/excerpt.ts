// What a result shows of a passage: the part around the words that were found, their places,
// and the text fragment that leads to it.
import { alternatives, words } from './words.js';

/** Where something is in a text: [start, end). */
export type Span = readonly [start: number, end: number];

export interface Excerpt {
  text: string;
  marks: Span[];
  /** The text fragment that leads to the passage. */
  fragment: string;
}

const RUN = /[\p{L}\p{M}\p{N}_]+/gu;
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const LENGTH = 200;

/** What counts as found in a text. */
export interface Found {
  terms: ReadonlySet<string>;
  /** The word that is being typed: words that it begins count too. */
  prefix: string;
  languages: readonly string[];
  /** What was decided of words before, since a page repeats its words. */
  known: Map<string, boolean>;
}

/** Whether a run of letters and digits is found. */
function hits(run: string, found: Found): boolean {
  let known = found.known.get(run);
  if (known === undefined) {
    known = words(run).some((word) => (found.prefix !== '' && word.text.startsWith(found.prefix)) || alternatives(word, found.languages).some((t) => found.terms.has(t)));
    found.known.set(run, known);
  }
  return known;
}

/** The places of found words in a text. */
export function marks(text: string, found: Found): Span[] {
  const spans: [number, number][] = [];
  const add = (start: number, end: number): void => {
    const before = spans.at(-1);
    if (before && start <= before[1]) before[1] = Math.max(before[1], end);
    else spans.push([start, end]);
  };
  for (const match of text.matchAll(RUN)) {
    const [run] = match;
    if (!SPACELESS.test(run)) {
      if (hits(run, found)) add(match.index, match.index + run.length);
      continue;
    }
    const points = [...run];
    let at = match.index;
    for (let i = 0; i < points.length; i++) {
      const pair = points[i]! + (points[i + 1] ?? '');
      if (hits(points.length === 1 ? points[i]! : pair, found)) add(at, at + pair.length);
      at += points[i]!.length;
    }
  }
  return spans;
}

/** The part of a text with the most found words, cut at words. */
export function excerpt(text: string, found: Found): Excerpt {
  const all = marks(text, found);
  const fragment = textFragment(text, all[0]?.[0] ?? 0);
  if (text.length <= LENGTH * 1.25) return { text, marks: all, fragment };
  let best = 0;
  let most = 0;
  for (let i = 0; i < all.length; i++) {
    let n = 0;
    while (i + n < all.length && all[i + n]![1] - all[i]![0] <= LENGTH) n++;
    if (n > most) {
      most = n;
      best = all[i]![0];
    }
  }
  let start = most === 0 ? 0 : Math.max(0, Math.min(best - LENGTH / 4, text.length - LENGTH));
  if (start > 0) start = afterSpace(text, Math.floor(start), best);
  let end = Math.min(text.length, start + LENGTH);
  if (end < text.length) end = Math.max(text.lastIndexOf(' ', end), start + LENGTH / 2);
  if (/[\ud800-\udbff]/.test(text[end - 1] ?? '')) end--;
  const [head, tail] = [start > 0 ? '… ' : '', end < text.length ? ' …' : ''];
  return {
    text: head + text.slice(start, end).trimEnd() + tail,
    marks: all.filter(([a, b]) => a >= start && b <= end).map(([a, b]) => [a - start + head.length, b - start + head.length] as const),
    fragment,
  };
}

/** The first beginning of a word at or behind a place, but not behind `latest`. */
function afterSpace(text: string, from: number, latest: number): number {
  const space = text.indexOf(' ', from);
  return space >= 0 && space < latest ? space + 1 : from;
}

/**
 * The part of an address that makes a browser scroll to the sentence at a place and mark it:
 * https://wicg.github.io/scroll-to-text-fragment/
 */
function textFragment(text: string, at: number): string {
  const [start, end] = sentence(text, at);
  const parts = text.slice(start, end).trim().split(' ').filter(Boolean);
  if (parts.length === 0) return '';
  const encode = (s: string): string => encodeURIComponent(s).replaceAll('-', '%2D');
  if (parts.length <= 8) return `:~:text=${encode(parts.join(' '))}`;
  return `:~:text=${encode(parts.slice(0, 4).join(' '))},${encode(parts.slice(-4).join(' '))}`;
}

/** The sentence around a place; by ends of sentences, since the browser looks for words only. */
function sentence(text: string, at: number): Span {
  const before = text.slice(0, at);
  const start = Math.max(before.lastIndexOf('. '), before.lastIndexOf('! '), before.lastIndexOf('? '));
  const rest = /[.!?](?= |$)/.exec(text.slice(at));
  return [start < 0 ? 0 : start + 2, rest ? at + rest.index : text.length];
}
