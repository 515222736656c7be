// The table translations: the terms of the index that a word of another language stands for.
import type { Manifest } from './manifest.js';
import type { Translation } from './source.js';
import type { Store } from './store.js';
import { chunkOf, lowerBound, termTable } from './term-table.js';
import { Cursor } from './wire.js';
import { term } from './words.js';

/** The shortest part of a compound, in code points. */
const SHORTEST_PART = 4;
/** Second parts of a compound that are looked up. */
const TRIES = 3;

type Entries = readonly (readonly Translation[])[];

export class Translations {
  readonly #store: Store;
  readonly #manifest: Manifest;

  constructor(store: Store, manifest: Manifest) {
    this.#store = store;
    this.#manifest = manifest;
  }

  /** The list of a word; two lists for a compound of two words, the one whose first part is the longest. */
  async of(word: string): Promise<Entries> {
    const list = await this.#find(word);
    if (list.length > 0) return [list];
    const points = [...word];
    let tries = 0;
    for (let cut = points.length - SHORTEST_PART; cut >= SHORTEST_PART && tries < TRIES; cut--) {
      const first = await this.#find(points.slice(0, cut).join(''));
      if (first.length === 0) continue;
      tries++;
      const second = await this.#find(points.slice(cut).join(''));
      if (second.length > 0) return [first, second];
    }
    return [];
  }

  async #find(word: string): Promise<readonly Translation[]> {
    const { tables, translates } = this.#manifest;
    const wanted = term({ text: word, letters: true }, translates);
    const table = await this.#store.chunk(tables['translations']!.file, (c) => termTable(c, 'LSLD'), tables['translations']);
    const i = chunkOf(table, wanted);
    if (i < 0 || !wanted) return [];
    const chunk = await this.#store.chunk(table.refs[i]!, translationChunk);
    const at = lowerBound(chunk.terms, wanted);
    return chunk.terms[at] === wanted ? chunk.lists[at]! : [];
  }
}

function translationChunk(content: Uint8Array): { terms: string[]; lists: Translation[][] } {
  const c = new Cursor(content, 'LSLC');
  const chunk: { terms: string[]; lists: Translation[][] } = { terms: [], lists: [] };
  const n = c.count(4);
  const next = c.front();
  for (let i = 0; i < n; i++) {
    chunk.terms.push(next());
    const list = Array.from({ length: c.count(2) }, () => ({ term: c.str(), weight: c.u8() }));
    const best = list[0]?.weight || 1;
    for (const t of list) t.weight /= best;
    chunk.lists.push(list);
  }
  c.end();
  return chunk;
}
