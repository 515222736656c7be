// The sentences of a text, and a translation's parts in the text nodes of its sentence.
//
// Markup is kept because no element is touched: only the data of text nodes changes. A
// sentence that runs through several nodes, as with a link in it, is translated as a whole;
// its inner parts then take the words of the translation that stand for theirs.
import type { Block } from '../shared/blocks.js';
import { abs, max, min, push } from '../shared/captured.js';

/** A part of a sentence that lies in one text node. */
export interface Part {
  node: Text;
  /** Where it lies in the node. */
  start: number;
  end: number;
  text: string;
}

export interface Sentence {
  /** White space joined, none at the ends. */
  text: string;
  parts: Part[];
}

const { Segmenter } = Intl;

/** The sentences of a block in a language. A sentence without a letter is left out. */
export function sentencesOf(block: Block, language: string): Sentence[] {
  const out: Sentence[] = [];
  const iterator = new Segmenter(language, { granularity: 'sentence' }).segment(block.text)[Symbol.iterator]();
  for (let next = iterator.next(); !next.done; next = iterator.next()) {
    const { segment, index } = next.value;
    if (!/\p{L}/u.test(segment)) continue;
    const from = index + (segment.length - segment.trimStart().length);
    const to = index + segment.trimEnd().length;
    const parts: Part[] = [];
    for (let i = 0; i < block.pieces.length; i++) {
      const { node, start } = block.pieces[i]!;
      const end = start + node.data.length;
      const [a, b] = [max(from, start), min(to, end)];
      if (a < b) push(parts, { node, start: a - start, end: b - start, text: block.text.slice(a, b) });
    }
    push(out, { text: joined(block.text.slice(from, to)), parts });
  }
  return out;
}

/** White space joined to single spaces. */
export function joined(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/**
 * The texts of a sentence's parts in its translation. `alone` holds what the translator makes
 * of each inner part by itself, and null for the parts between them. An inner part lies where
 * its own words, their translation or a word of it stand, nearest to where the order of the
 * sentence lets one expect them; without any, at that place, in whole words.
 */
export function place(translation: string, parts: readonly Part[], alone: readonly (string | null)[]): string[] {
  let length = 0;
  for (let i = 0; i < parts.length; i++) length += parts[i]!.text.length;
  const out: string[] = [];
  let at = 0; // behind the last inner part in the translation
  let before = 0; // the sentence's text before this part
  for (let i = 0; i < parts.length; i++) {
    const { text } = parts[i]!;
    const words = alone[i];
    push(out, '');
    if (words !== null && words !== undefined) {
      const expected = (before / length) * translation.length;
      const [start, end] = spot(translation, [bare(text), bare(words)], expected, at) ?? spot(translation, longWords(words), expected, at) ?? proportional(translation, expected, ((before + text.length) / length) * translation.length, at);
      const gap = translation.slice(at, start);
      if (i > 0 && alone[i - 1] === null) out[i - 1] = gap;
      else out[i] = gap; // no part before it takes these words
      out[i] += translation.slice(start, end);
      at = end;
    }
    before += text.length;
  }
  out[parts.length - 1] += translation.slice(at);
  return out;
}

/** The place of the first text that stands in a translation as whole words, nearest to an expected place. */
function spot(translation: string, texts: readonly string[], expected: number, from: number): [number, number] | null {
  const lower = translation.toLowerCase();
  if (lower.length !== translation.length) return null; // places would differ
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i]!.toLowerCase();
    let best: [number, number] | null = null;
    if (text) {
      for (let at = lower.indexOf(text, from); at >= 0; at = lower.indexOf(text, at + 1)) {
        const whole = !/[\p{L}\p{N}]/u.test(lower[at - 1] ?? ' ') && !/[\p{L}\p{N}]/u.test(lower[at + text.length] ?? ' ');
        if (whole && (!best || abs(at - expected) < abs(best[0] - expected))) best = [at, at + text.length];
      }
    }
    if (best) return best;
  }
  return null;
}

/** The whole words between two places of a text, at least one. */
function proportional(text: string, start: number, end: number, from: number): [number, number] {
  let best: [number, number] = [text.length, text.length];
  let covered = -Infinity;
  const words = new RegExp('[^\\s\\p{P}]+', 'gu');
  let [first, last] = [-1, -1];
  for (let word = words.exec(text); word; word = words.exec(text)) {
    const [a, b] = [word.index, word.index + word[0].length];
    if (a < from) continue;
    const overlap = min(b, end) - max(a, start);
    if (overlap > covered) [covered, best] = [overlap, [a, b]];
    if (overlap * 2 >= b - a) [first, last] = [first < 0 ? a : first, b];
  }
  return first < 0 ? best : [first, last];
}

/** The words of a text that say where it is: those of four letters and more. */
function longWords(text: string): string[] {
  const out: string[] = [];
  const words = new RegExp('\\p{L}{4,}', 'gu');
  for (let word = words.exec(text); word; word = words.exec(text)) push(out, word[0]);
  return out;
}

/** A text without white space and punctuation at its ends. */
function bare(text: string): string {
  return joined(text).replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
}
