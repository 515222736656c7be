// The words of the elements' interface. English is built in; another language is one small
// file in locales/, loaded when an element of that language is connected.
import { hasOwn } from './captured.js';
import english from '../locales/en.json' with { type: 'json' };

/** A text, or its plural forms by the categories of Intl.PluralRules. */
export type Message = string | Readonly<Record<string, string>>;

export type Strings = Readonly<Record<keyof typeof english, Message>>;

/** The languages besides English, each a file in locales/. */
export const LANGUAGES: readonly string[] = [
  'ar', 'cs', 'da', 'de', 'el', 'es', 'fi', 'fr', 'he', 'hu', 'id', 'it', 'ja', 'ko', 'nb', 'nl', 'pl', 'pt', 'ru', 'sv', 'tr', 'uk', 'zh',
];

const RIGHT_TO_LEFT = ['ar', 'he'];

/** Other names of a language that has a file. */
const ALSO: Readonly<Record<string, string>> = { no: 'nb', nn: 'nb', iw: 'he', in: 'id' };

/** The words of one language. */
export class Words {
  readonly language: string;
  readonly direction: 'ltr' | 'rtl';
  #strings: Strings;
  #plurals: Intl.PluralRules;
  #numbers: Intl.NumberFormat;
  #percent: Intl.NumberFormat;

  constructor(language: string, strings: Strings) {
    this.language = language;
    this.direction = includes(RIGHT_TO_LEFT, language) ? 'rtl' : 'ltr';
    this.#strings = strings;
    this.#plurals = new PluralRules(language);
    this.#numbers = new NumberFormat(language);
    this.#percent = new NumberFormat(language, { style: 'percent' });
  }

  /** A text with its {places} filled in; `n` chooses the plural form. */
  say(key: keyof Strings, values: Readonly<Record<string, string | number>> = {}): string {
    const message = this.#strings[key] ?? english[key];
    let text: string;
    if (typeof message === 'string') text = message;
    else text = message[this.#plurals.select(Number(values['n'] ?? 0))] ?? message['other'] ?? '';
    for (const name in values) {
      if (!hasOwn(values, name)) continue;
      const value = values[name]!;
      text = fill(text, `{${name}}`, typeof value === 'number' ? this.#numbers.format(value) : value);
    }
    return text;
  }

  percent(share: number): string {
    return this.#percent.format(share);
  }
}

// The constructors as they are when the script loads; a page may overwrite them later.
const { PluralRules, NumberFormat } = Intl;

function fill(text: string, place: string, value: string): string {
  const at = text.indexOf(place);
  return at < 0 ? text : text.slice(0, at) + value + text.slice(at + place.length);
}

function includes(list: readonly string[], item: string): boolean {
  for (let i = 0; i < list.length; i++) if (list[i] === item) return true;
  return false;
}

/** The language of our files that serves a tag such as `de-AT`; English if none does. */
export function languageFor(tag: string): string {
  const first = tag.toLowerCase().split('-')[0] ?? '';
  const name = ALSO[first] ?? first;
  return includes(LANGUAGES, name) ? name : 'en';
}

export const ENGLISH = new Words('en', english);

const loaded: Record<string, Promise<Words>> = Object.create(null) as Record<string, Promise<Words>>;

/** The words for a language tag. A file that cannot be loaded leaves English in its place. */
export function wordsFor(tag: string): Promise<Words> {
  const language = languageFor(tag);
  if (language === 'en') return Promise.resolve(ENGLISH);
  return (loaded[language] ??= load(language));
}

async function load(language: string): Promise<Words> {
  try {
    const url = new URL(`locales/${language}.js`, import.meta.url).href;
    const file = (await import(/* @vite-ignore */ /* webpackIgnore: true */ url)) as { default: Strings };
    return new Words(language, file.default);
  } catch {
    delete loaded[language];
    return ENGLISH;
  }
}
