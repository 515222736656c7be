// Snowball's stemmer for English (Porter 2): https://snowballstem.org/algorithms/english/stemmer.html
import { region } from './region.js';

const VOWELS = 'aeiouy';

const FIXED: Readonly<Record<string, string>> = {
  __proto__: null as never,
  skis: 'ski', skies: 'sky', dying: 'die', lying: 'lie', tying: 'tie', idly: 'idl', gently: 'gentl', ugly: 'ugli', early: 'earli', only: 'onli', singly: 'singl',
  sky: 'sky', news: 'news', howe: 'howe', atlas: 'atlas', cosmos: 'cosmos', bias: 'bias', andes: 'andes',
};

const STEP_2: Readonly<Record<string, string>> = {
  tional: 'tion', enci: 'ence', anci: 'ance', abli: 'able', entli: 'ent', izer: 'ize', ization: 'ize', ational: 'ate', ation: 'ate', ator: 'ate', alism: 'al', aliti: 'al', alli: 'al',
  fulness: 'ful', ousli: 'ous', ousness: 'ous', iveness: 'ive', iviti: 'ive', biliti: 'ble', bli: 'ble', fulli: 'ful', lessli: 'less',
};
const STEP_3: Readonly<Record<string, string>> = { tional: 'tion', ational: 'ate', alize: 'al', icate: 'ic', iciti: 'ic', ical: 'ic', ful: '', ness: '' };

const SUFFIX_2 = new RegExp(`(?:${Object.keys(STEP_2).join('|')}|ogi|li)$`);
const SUFFIX_3 = new RegExp(`(?:${Object.keys(STEP_3).join('|')}|ative)$`);
const SUFFIX_4 = /(?:al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|ism|ate|iti|ous|ive|ize|ion)$/;
const SHORT = /(?:[^aeiouy][aeiouy][^aeiouywxY]|^[aeiouy][^aeiouy])$/;

/** The stem of a word in lower case. */
export function stem(word: string): string {
  if (word.length < 3) return word;
  const fixed = FIXED[word];
  if (fixed !== undefined) return fixed;
  let w = word.replace(/^y/, 'Y').replace(/([aeiouy])y/g, '$1Y');
  const special = /^(?:gener|commun|arsen)/.exec(w);
  const r1 = special ? special[0].length : region(w, VOWELS);
  const r2 = region(w, VOWELS, r1);
  const found = (suffix: RegExp): [string, number] => {
    const m = suffix.exec(w);
    return m ? [m[0], m.index] : ['', Infinity];
  };

  w = w.replace(/(?:sses|ied|ies|us|ss|s)$/, (end, at: number) => {
    if (end === 'sses') return 'ss';
    if (end === 'ied' || end === 'ies') return at > 1 ? 'i' : 'ie';
    return end === 's' && /[aeiouy]./.test(w.slice(0, at)) ? '' : end;
  });
  if (/^(?:inning|outing|canning|herring|earring|proceed|exceed|succeed)$/.test(w)) return w;

  let [end, at] = found(/(?:eedly|eed|ingly|edly|ing|ed)$/);
  if (end.startsWith('eed')) {
    if (at >= r1) w = `${w.slice(0, at)}ee`;
  } else if (end && /[aeiouy]/.test(w.slice(0, at))) {
    w = w.slice(0, at);
    if (/(?:at|bl|iz)$/.test(w)) w += 'e';
    else if (/([bdfgmnprt])\1$/.test(w)) w = w.slice(0, -1);
    else if (w.length === r1 && SHORT.test(w)) w += 'e';
  }
  w = w.replace(/(.[^aeiouy])[yY]$/, '$1i');

  [end, at] = found(SUFFIX_2);
  if (at >= r1 && end) {
    const stem = w.slice(0, at);
    if (end === 'ogi') w = stem.endsWith('l') ? `${stem}og` : w;
    else if (end === 'li') w = /[cdeghkmnrt]$/.test(stem) ? stem : w;
    else w = stem + STEP_2[end]!;
  }
  [end, at] = found(SUFFIX_3);
  if (at >= r1 && end) {
    if (end !== 'ative') w = w.slice(0, at) + STEP_3[end]!;
    else if (at >= r2) w = w.slice(0, at);
  }
  [end, at] = found(SUFFIX_4);
  if (at >= r2 && end && (end !== 'ion' || /[st]$/.test(w.slice(0, at)))) w = w.slice(0, at);

  at = w.length - 1;
  if (w.endsWith('e')) {
    if (at >= r2 || (at >= r1 && !SHORT.test(w.slice(0, at)))) w = w.slice(0, at);
  } else if (w.endsWith('ll') && at >= r2) w = w.slice(0, at);
  return w.replaceAll('Y', 'y');
}
