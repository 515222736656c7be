// The text of a part of a page, block by block: what stands between two breaks of a line.
import { createRange, createTreeWalker, push } from './captured.js';

/** A piece of a block: a text node, and where its text begins in the block's. */
export interface Piece {
  node: Text;
  start: number;
}

/** The text of a paragraph, a heading, a cell or the like, with its inline elements' text. */
export interface Block {
  /** The element that makes the block. */
  element: Element;
  pieces: Piece[];
  /** The pieces' text as it is; white space is not joined, so places in it are places in the nodes. */
  text: string;
}

const INLINE = ' a abbr acronym b bdi bdo big cite code data dfn em font i ins del kbd label mark nobr q rp rt ruby s samp small span strike strong sub sup time tt u var wbr ';
const SKIPPED = ' script style noscript template textarea input select option button svg math canvas video audio iframe object ';

const named = (names: string, element: Element): boolean => names.includes(` ${element.localName} `);

export interface BlockOptions {
  /** Elements whose text is left out, besides those that hold no prose. */
  skip?: (element: Element) => boolean;
  /** The most UTF-16 units of text in all. */
  limit?: number;
}

/** The blocks below an element, in the order of the document. */
export function textBlocks(root: Element, { skip = () => false, limit = Infinity }: BlockOptions = {}): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  let size = 0;
  const walker = createTreeWalker(document, root, 5 /* elements and texts */, (node) => {
    if (node.nodeType !== 1) return NodeFilter.FILTER_ACCEPT;
    return named(SKIPPED, node as Element) || skip(node as Element) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT;
  });
  for (let node = walker.nextNode(); node && size < limit; node = walker.nextNode()) {
    if (node.nodeType === 1) {
      // A block element or a break ends the block before it; so does leaving one, below.
      if (!named(INLINE, node as Element)) open = null;
      continue;
    }
    const element = blockOf(node, root);
    if (!open || open.element !== element) {
      open = { element, pieces: [], text: '' };
      push(blocks, open);
    }
    const text = (node as Text).data;
    push(open.pieces, { node: node as Text, start: open.text.length });
    open.text += text;
    size += text.length;
  }
  const full: Block[] = [];
  for (let i = 0; i < blocks.length; i++) if (/\S/.test(blocks[i]!.text)) push(full, blocks[i]!);
  return full;
}

/** The closest ancestor that is not inline. */
function blockOf(node: Node, root: Element): Element {
  let element = node.parentElement ?? root;
  while (element !== root && named(INLINE, element)) element = element.parentElement ?? root;
  return element;
}

/** The range of a part of a block's text. */
export function rangeIn(block: Block, start: number, end: number): Range {
  const range = createRange(document);
  const { pieces } = block;
  for (let i = pieces.length - 1; i >= 0; i--) {
    if (pieces[i]!.start <= start) {
      range.setStart(pieces[i]!.node, Math.min(start - pieces[i]!.start, pieces[i]!.node.length));
      break;
    }
  }
  for (let i = pieces.length - 1; i >= 0; i--) {
    if (pieces[i]!.start < end || i === 0) {
      range.setEnd(pieces[i]!.node, Math.min(end - pieces[i]!.start, pieces[i]!.node.length));
      break;
    }
  }
  return range;
}
