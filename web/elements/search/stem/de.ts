// Snowball's stemmer for German: https://snowballstem.org/algorithms/german/stemmer.html
import { region } from './region.js';

const VOWELS = 'aeiouyäöü';
const PLAIN: Readonly<Record<string, string>> = { Y: 'y', U: 'u', ä: 'a', ö: 'o', ü: 'u' };

/** The stem of a word in lower case. */
export function stem(word: string): string {
  let w = word.replaceAll('ß', 'ss');
  // A u or y between vowels is a consonant; one that has become one is no vowel for the next.
  w = w.replace(/[uy]/g, (c, i: number) => (VOWELS.includes(w[i - 1] ?? '-') && VOWELS.includes(w[i + 1] ?? '-') && !isConsonant(w, i - 1) ? c.toUpperCase() : c));
  const first = region(w, VOWELS);
  const r1 = w.length < 3 ? w.length : Math.max(3, first);
  const r2 = w.length < 3 ? w.length : region(w, VOWELS, first);
  const cut = (from: number, suffix: RegExp): string => {
    const m = suffix.exec(w);
    if (!m || m.index < from) return '';
    w = w.slice(0, m.index);
    return m[0];
  };

  const end = /(?:em|ern|er|en|es|e|s)$/.exec(w);
  if (end && end.index >= r1) {
    const stem = w.slice(0, end.index);
    if (end[0] !== 's' || /[bdfghklmnrt]$/.test(stem)) w = stem;
    if (/^e[ns]?$/.test(end[0]) && w.endsWith('niss')) w = w.slice(0, -1);
  }

  const second = /(?:est|en|er|st)$/.exec(w);
  if (second && second.index >= r1 && (second[0] !== 'st' || (second.index >= 4 && /[bdfghklmnt]$/.test(w.slice(0, second.index))))) w = w.slice(0, second.index);

  const third = /(?:end|ung|ig|ik|isch|lich|heit|keit)$/.exec(w);
  if (third && third.index >= r2) {
    const stem = w.slice(0, third.index);
    if (/^i/.test(third[0])) {
      if (!stem.endsWith('e')) w = stem;
    } else {
      w = stem;
      if (third[0] === 'keit') cut(r2, /(?:lich|ig)$/);
      else if (/^[lh]/.test(third[0])) cut(r1, /(?:er|en)$/);
      else if (/(?<!e)ig$/.test(w)) cut(r2, /ig$/);
    }
  }
  return w.replace(/[YUäöü]/g, (c) => PLAIN[c]!);
}

/** Whether the vowel at i has become a consonant: a u or y between vowels, of which every second one has. */
function isConsonant(word: string, i: number): boolean {
  return i > 0 && 'uy'.includes(word[i]!) && VOWELS.includes(word[i - 1]!) && i + 1 < word.length && VOWELS.includes(word[i + 1]!) && !isConsonant(word, i - 1);
}
