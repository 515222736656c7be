// Marks of names: highlights that all elements of a document share, one for each type. When
// the last mark goes, so do the highlights and their style sheet.
import { clearTimer, HighlightClass, highlights, push, setTimer } from '../shared/captured.js';
import { addSheet, removeSheet, sheet } from '../shared/sheets.js';
import css from './marks.css';

const FLASH_MS = 2000;

/** How many ranges are marked in the document. */
let marked = 0;

interface Mark {
  name: string;
  range: AbstractRange;
}

export class Marks {
  #ranges: Mark[] = [];
  #timer = 0;

  /** Marks a range as a name of a type. */
  add(type: string, range: Range): void {
    this.#add(`lodestone-${type.toLowerCase()}`, range);
  }

  /** Marks a range more strongly for a moment. */
  flash(range: Range): void {
    clearTimer(this.#timer);
    this.#remove('lodestone-flash');
    this.#add('lodestone-flash', range);
    this.#timer = setTimer(() => this.#remove('lodestone-flash'), FLASH_MS);
  }

  /** Removes all marks of this object. */
  clear(): void {
    clearTimer(this.#timer);
    this.#remove('');
  }

  #add(name: string, range: Range): void {
    if (!highlights || !HighlightClass) return; // an old browser: the legend lists the names
    let highlight = highlights.get(name);
    if (!highlight) {
      highlight = new HighlightClass();
      if (name === 'lodestone-flash') highlight.priority = 1;
      highlights.set(name, highlight);
    }
    if (marked++ === 0) addSheet(document, sheet(css));
    highlight.add(range);
    push(this.#ranges, { name, range });
  }

  /** Removes the marks of a name; all with an empty one. */
  #remove(name: string): void {
    const rest: Mark[] = [];
    for (let i = 0; i < this.#ranges.length; i++) {
      const entry = this.#ranges[i]!;
      if (name && entry.name !== name) {
        push(rest, entry);
        continue;
      }
      const highlight = highlights?.get(entry.name);
      highlight?.delete(entry.range);
      if (highlight?.size === 0) highlights?.delete(entry.name);
      marked--;
    }
    this.#ranges = rest;
    if (marked === 0) removeSheet(document, sheet(css));
  }
}

