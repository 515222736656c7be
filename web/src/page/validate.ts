// Checks of what callers pass. Each error names the argument; nothing runs before the checks.
import { LodestoneError } from '../protocol/error.js';

/** The longest text that is accepted, in UTF-16 units. */
export const MAX_TEXT_LENGTH = 524288;

/** An error that says which argument is wrong. */
export function invalid(message: string, details: Record<string, string | number> = {}): LodestoneError {
  return new LodestoneError('invalid_argument', message, details);
}

function show(v: unknown): string {
  if (typeof v === 'string') return v.length > 60 ? `${JSON.stringify(v.slice(0, 60))}…` : JSON.stringify(v);
  if (v === null || typeof v !== 'object') return String(v);
  return Array.isArray(v) ? 'an array' : 'an object';
}

function expected(what: string, value: unknown, wanted: string): LodestoneError {
  return invalid(`${what}: ${show(value)}, expected ${wanted}`);
}

/** Whether a record has a name of its own. */
export function has(record: object, name: string): boolean {
  return Object.prototype.hasOwnProperty.call(record, name);
}

/** The word that takes the fewest changed, added or dropped letters to become another. */
export function nearest(word: string, words: readonly string[]): string {
  let best = '';
  let least = Infinity;
  for (const w of words) {
    const n = edits(word.slice(0, 64).toLowerCase(), w.toLowerCase());
    if (n < least) [best, least] = [w, n];
  }
  return best;
}

/** The Levenshtein distance of two words. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) next.push(Math.min(row[j]! + (a[i] === b[j] ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    row = next;
  }
  return row[b.length]!;
}

/**
 * The options object, once the names of its members are checked. `elsewhere` says of names
 * that other libraries have what takes their place here.
 */
export function knownOptions<T extends object>(what: string, options: T | undefined, known: readonly string[], elsewhere: Readonly<Record<string, string>> = {}): Partial<T> {
  if (options === undefined || options === null) return {};
  if (typeof options !== 'object') throw invalid(`${what}: options are ${show(options)}, expected an object`);
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      const hint = has(elsewhere, key) ? elsewhere[key]! : `did you mean "${nearest(key, known)}"?`;
      throw invalid(`${what}: option "${key}" is not known; known: ${known.join(', ')}; ${hint}`, { option: key });
    }
  }
  return options;
}

/** One of several strings. `elsewhere` says of words that other libraries have what takes their place here. */
export function oneOf<T extends string>(what: string, value: unknown, words: readonly T[], otherwise: T, elsewhere: Readonly<Record<string, string>> = {}): T {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'string' && (words as readonly string[]).includes(value)) return value as T;
  const hint = typeof value !== 'string' ? '' : has(elsewhere, value) ? `; ${elsewhere[value]!}` : `; did you mean '${nearest(value, words)}'?`;
  throw invalid(`${what}: ${show(value)} is not supported; supported: ${words.map((w) => `'${w}'`).join(', ')}${hint}`);
}

export function boolean(what: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'boolean') return value;
  throw expected(what, value, 'true or false');
}

/** A finite number. */
export function number(what: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw expected(what, value, 'a number');
}

/** A whole number of at least 1, or undefined. `or` names for the message what else is accepted. */
export function count(what: string, value: unknown, or = ''): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= 0x7fffffff) return value;
  throw expected(what, value, `${or}a whole number of at least 1`);
}

/** A whole number from 0 to most, or undefined. */
export function whole(what: string, value: unknown, most: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
  throw expected(what, value, `a whole number from 0 to ${most}`);
}

/** A SHA-256 in either of its two spellings, as hexadecimal digits; '' for none. */
export function sha256(what: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') {
    if (/^[0-9a-f]{64}$/i.test(value)) return value.toLowerCase();
    if (/^sha256-[A-Za-z0-9+/]{43}=$/.test(value)) return Array.from(atob(value.slice(7)), (c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  }
  throw expected(what, value, "64 hexadecimal digits, or 'sha256-' and 44 characters of base64");
}

export function array(what: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw expected(what, value, 'an array');
}

/** One token id or an array of them, as an array. */
export function tokenIds(what: string, value: unknown): number[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  return Array.from(list, (v, i) => {
    const id = typeof v === 'bigint' ? Number(v) : v;
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= 0x7fffffff) return id;
    throw invalid(`${what}: ${show(v)} at position ${i}, expected a token id`);
  });
}

export function callback<T extends Function>(what: string, value: T | undefined | null): T | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'function') return value;
  throw expected(what, value, 'a function');
}

export function abortSignal(what: string, value: AbortSignal | undefined | null): AbortSignal | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'object' && typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function') return value;
  throw expected(what, value, 'an AbortSignal');
}

/** The signal of options that have nothing else. */
export function onlySignal(what: string, options: { signal?: AbortSignal | null } | undefined): AbortSignal | undefined {
  return abortSignal(`${what}: signal`, knownOptions(what, options, ['signal']).signal);
}

/** An array of strings, or undefined. */
export function strings(what: string, value: unknown): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((v) => typeof v === 'string')) return Array.from(value as string[]);
  throw expected(what, value, 'an array of strings');
}

/** The name of a language, or undefined. */
export function language(what: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value !== '') return value;
  throw expected(what, value, "the name of a language, such as 'de' or 'deu_Latn'");
}

/** One text, checked as in texts. */
export function oneText(what: string, value: unknown): string {
  if (typeof value !== 'string') throw invalid(`${what}: expected one text`);
  return text(what, value, 0);
}

/** A text or an array of texts, as an array of texts that are well formed and not too long. */
export function texts(what: string, value: unknown): string[] {
  if (typeof value === 'string') return [text(what, value, 0)];
  if (!Array.isArray(value)) throw expected(what, value, 'a string or an array of strings');
  if (value.length === 0) throw invalid(`${what}: an empty array, expected at least one text`);
  return Array.from(value as unknown[], (v, i) => text(what, v, i));
}

function text(what: string, value: unknown, index: number): string {
  if (typeof value !== 'string') {
    throw invalid(`${what}: element ${index} is ${show(value)}, expected a string`, { index });
  }
  if (value.length > MAX_TEXT_LENGTH) {
    throw new LodestoneError(
      'text_too_long',
      `${what}: text ${index} has ${value.length} UTF-16 units, the limit is ${MAX_TEXT_LENGTH}; split it into sentences or paragraphs`,
      { index, length: value.length, limit: MAX_TEXT_LENGTH },
    );
  }
  const position = loneSurrogate(value);
  if (position >= 0) {
    throw new LodestoneError(
      'invalid_text',
      `${what}: text ${index} has a lone surrogate U+${value.charCodeAt(position).toString(16).toUpperCase()} at UTF-16 position ${position}; ` +
        'a text must be well formed, see String.prototype.toWellFormed',
      { index, position },
    );
  }
  return value;
}

/** The position of the first surrogate without its other half, or −1. */
function loneSurrogate(s: string): number {
  if (typeof s.isWellFormed === 'function' && s.isWellFormed()) return -1;
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c < 0xd800 || c > 0xdfff) continue;
    const next = i + 1 < s.length ? s.charCodeAt(i + 1) : 0;
    if (c > 0xdbff || next < 0xdc00 || next > 0xdfff) return i;
    i++;
  }
  return -1;
}
