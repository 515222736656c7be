// Words and terms, as FORMAT.md of models/siteindex defines them: what is the same in the
// index and in a query.
import { stem as german } from './stem/de.js';
import { stem as english } from './stem/en.js';
import { stem as french } from './stem/fr.js';

const MAX_WORD = 64; // code points; longer words are dropped
const MAX_TERM = 64; // bytes; longer terms are dropped

const STEMMERS: Readonly<Record<string, (word: string) => string>> = { de: german, en: english, fr: french };

/** A word of a text or a part of one, in lower case, before the stemmer. */
export interface Word {
  text: string;
  /** It has letters only, so the stemmer applies. */
  letters: boolean;
}

const RUN = /[\p{L}\p{M}\p{N}_]+/gu;
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const SPLIT = /((?:(?=[\p{L}\p{M}\p{N}])[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}])+)/u;
const LETTERS = /^[\p{L}\p{M}]+$/u;
const BOUNDARY = /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})|_+/u;

/** The first step of words and of pieces: NFKC, without soft hyphens. */
export function normalize(text: string): string {
  return text.normalize('NFKC').replaceAll('\u00ad', '');
}

/** Lower case, code point by code point: no code point becomes two, and context does not matter. */
function lower(text: string): string {
  const all = text.toLowerCase();
  if (!/[\u0130\u03a3]/.test(text)) return all;
  return [...text].map((c) => (c === '\u0130' ? 'i' : c === '\u03a3' ? 'σ' : c.toLowerCase())).join('');
}

/** The words of a text and their parts. */
export function words(text: string): Word[] {
  const found: Word[] = [];
  for (const [run] of normalize(text).matchAll(RUN)) {
    for (const part of run.split(SPLIT)) {
      if (SPACELESS.test(part)) pairs([...part], found);
      else whole(part, found);
    }
  }
  return found;
}

function whole(run: string, found: Word[]): void {
  if (run.length > MAX_WORD && [...run].length > MAX_WORD) return;
  const word = run.replace(/^_+|_+$/g, '');
  if (!word) return;
  found.push({ text: lower(word), letters: LETTERS.test(word) });
  const parts = word.split(BOUNDARY);
  if (parts.length < 2) return;
  for (const part of parts) if (part.length > 1 && [...part].length > 1) found.push({ text: lower(part), letters: LETTERS.test(part) });
}

/** Scripts without spaces: neighbouring code points, of runs of at most 64. */
function pairs(points: string[], found: Word[]): void {
  for (let from = 0; from < points.length; from += MAX_WORD) {
    const run = points.slice(from, from + MAX_WORD);
    if (run.length === 1) found.push({ text: lower(run[0]!), letters: false });
    for (let i = 1; i < run.length; i++) found.push({ text: lower(run[i - 1]! + run[i]!), letters: false });
  }
}

/** The term of a word in a language; empty if it is too long. */
export function term(word: Word, language: string): string {
  const stem = word.letters ? STEMMERS[language] : undefined;
  const t = stem ? stem(word.text) : word.text;
  return bytes(t) > MAX_TERM ? '' : t;
}

/** The terms of a word in several languages, each once: alternatives of one another. */
export function alternatives(word: Word, languages: readonly string[]): string[] {
  const out = new Set((languages.length ? languages : ['']).map((language) => term(word, language)));
  out.delete('');
  return [...out];
}

const encoder = new TextEncoder();

function bytes(text: string): number {
  return text.length * 3 <= MAX_TERM ? text.length : encoder.encode(text).length;
}

/** Compares texts as their UTF-8 bytes compare, which is by code point. */
export function compare(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for code points above all others.
    if (x >= 0xd800) x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
    if (y >= 0xd800) y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
    return x - y;
  }
  return a.length - b.length;
}
