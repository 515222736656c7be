// Text nodes with translations in the place of parts of their data, and the way back.
import { push } from '../shared/captured.js';

interface Edited {
  node: Text;
  original: string;
  /** What we wrote last: a node that the page has changed since then is the page's. */
  written: string;
  edits: { start: number; end: number; text: string }[];
}

export class Texts {
  #nodes: Edited[] = [];

  /** Puts a text in the place of [start, end) of a node's original data. Calls come in the order of the text. */
  replace(node: Text, start: number, end: number, text: string): void {
    let entry: Edited | null = null;
    for (let i = this.#nodes.length - 1; i >= 0 && !entry; i--) if (this.#nodes[i]!.node === node) entry = this.#nodes[i]!;
    if (!entry) {
      entry = { node, original: node.data, written: node.data, edits: [] };
      push(this.#nodes, entry);
    }
    if (node.data !== entry.written) return;
    push(entry.edits, { start, end, text });
    let data = '';
    let at = 0;
    for (let i = 0; i < entry.edits.length; i++) {
      const edit = entry.edits[i]!;
      data += entry.original.slice(at, edit.start) + edit.text;
      at = edit.end;
    }
    entry.written = data + entry.original.slice(at);
    node.data = entry.written;
  }

  /** Puts the originals back, except in nodes that the page has changed. */
  restore(): void {
    for (let i = 0; i < this.#nodes.length; i++) {
      const { node, original, written } = this.#nodes[i]!;
      if (node.data === written) node.data = original;
    }
    this.#nodes = [];
  }
}
