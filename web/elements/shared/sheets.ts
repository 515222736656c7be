// Style sheets that scripts make: a strict style-src allows them where it forbids style elements.
import { Captured, push } from './captured.js';

const sheets: { css: string; sheet: CSSStyleSheet }[] = [];

/** The style sheet of a text, made once for all elements. */
export function sheet(css: string): CSSStyleSheet {
  for (let i = 0; i < sheets.length; i++) if (sheets[i]!.css === css) return sheets[i]!.sheet;
  const made = new Captured.CSSStyleSheet();
  made.replaceSync(css);
  push(sheets, { css, sheet: made });
  return made;
}

/** Adds a style sheet to a document. */
export function addSheet(to: Document, added: CSSStyleSheet): void {
  removeSheet(to, added);
  const all: CSSStyleSheet[] = [];
  for (let i = 0; i < to.adoptedStyleSheets.length; i++) push(all, to.adoptedStyleSheets[i]!);
  push(all, added);
  to.adoptedStyleSheets = all;
}

/** Removes a style sheet from a document; those of the page stay. */
export function removeSheet(from: Document, removed: CSSStyleSheet): void {
  const rest: CSSStyleSheet[] = [];
  for (let i = 0; i < from.adoptedStyleSheets.length; i++) if (from.adoptedStyleSheets[i] !== removed) push(rest, from.adoptedStyleSheets[i]!);
  if (rest.length !== from.adoptedStyleSheets.length) from.adoptedStyleSheets = rest;
}
