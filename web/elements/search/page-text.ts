// The text of the page that the element stands on, with the headings above each block.
import { type Block, textBlocks } from '../shared/blocks.js';
import { closest, contains, map, min, push } from '../shared/captured.js';
import type { PageBlock, PageText } from './page-source.js';

/** The most UTF-16 units of a page that are searched. */
const LIMIT = 2_000_000;

const LEFT_OUT = 'nav, header, footer, aside, [hidden], [aria-hidden="true"], [data-lodestone-ignore], lodestone-search';

export interface CollectedPage {
  text: PageText;
  /** The blocks of the document, by passage. */
  blocks: Block[];
  /** The page is longer than what is searched. */
  cut: boolean;
}

/** Collects the text below an element that a selector finds, or below the page's main part. */
export function collectPage(scope: string | null): CollectedPage {
  const root = document.querySelector(scope || 'main, [role="main"], article') ?? document.body;
  // Inside of the main part a header or a footer belongs to it.
  const skipped = root === document.body ? LEFT_OUT : '[hidden], [aria-hidden="true"], [data-lodestone-ignore], nav, lodestone-search';
  const blocks = textBlocks(root, { limit: LIMIT, skip: (element) => element.matches(skipped) });
  const collected: CollectedPage = {
    text: { url: location.href.split('#')[0]!, title: document.title, language: document.documentElement.lang || 'en', blocks: [] },
    blocks: [],
    cut: false,
  };
  const found: PageBlock[] = [];
  let headings: { level: number; text: string }[] = [];
  let anchor = '';
  let size = 0;
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i]!;
    const text = block.text.replace(/\s+/g, ' ').trim();
    size += block.text.length;
    const owner = closest(block.element, '[id]');
    if (owner && contains(root, owner) && owner !== root) anchor = owner.id;
    const level = /^h([1-6])$/.exec(block.element.localName);
    if (!level) {
      push(found, { anchor, headings: map(headings, (h) => h.text), text });
      push(collected.blocks, block);
      continue;
    }
    const above: { level: number; text: string }[] = [];
    for (let j = 0; j < headings.length; j++) if (headings[j]!.level < Number(level[1])) push(above, headings[j]!);
    push(above, { level: Number(level[1]), text });
    headings = above;
  }
  collected.text.blocks = found;
  collected.cut = min(size, LIMIT) === LIMIT;
  return collected;
}
