// Scrolls to a passage of the page and marks it, without a change of the document: by the
// CSS Custom Highlight API, or by the selection where a browser does not have it.
import { type Block, rangeIn } from '../shared/blocks.js';
import { HighlightClass, highlights, scrollIntoView } from '../shared/captured.js';
import { addSheet, removeSheet, sheet } from '../shared/sheets.js';

const NAME = 'lodestone-search';
const css = `::highlight(${NAME}){background-color:#ffe08a;color:#1b2026}`;

let marked = false;

/** Marks a block, and scrolls to it. */
export function markBlock(block: Block): void {
  clearMark();
  const range = rangeIn(block, 0, block.text.length);
  if (HighlightClass && highlights) {
    highlights.set(NAME, new HighlightClass(range));
    addSheet(document, sheet(css));
  } else {
    const selection = getSelection();
    selection?.removeAllRanges();
    selection?.addRange(range);
  }
  marked = true;
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  scrollIntoView(block.element, { block: 'center', behavior: still ? 'auto' : 'smooth' });
}

/** Removes the mark, and with it all that it left on the page. */
export function clearMark(): void {
  if (!marked) return;
  marked = false;
  if (HighlightClass && highlights) {
    highlights.delete(NAME);
    removeSheet(document, sheet(css));
  } else {
    getSelection()?.removeAllRanges();
  }
}
