// The table of a sorted list of terms that lies in several chunks.
import { Cursor } from './wire.js';
import { compare } from './words.js';

export interface TermTable {
  /** The first term of each chunk. */
  first: string[];
  refs: string[];
}

export function termTable(content: Uint8Array, letters: string): TermTable {
  const c = new Cursor(content, letters);
  const n = c.count(18);
  const next = c.front();
  const table: TermTable = { first: [], refs: [] };
  for (let i = 0; i < n; i++) {
    table.first.push(next());
    table.refs.push(c.ref());
  }
  c.end();
  return table;
}

/** The number of the chunk that has a term if any has; -1 if the term is before all. */
export function chunkOf({ first }: TermTable, term: string): number {
  const i = lowerBound(first, term);
  return first[i] === term ? i : i - 1;
}

/** The first of some sorted terms that is not before a term. */
export function lowerBound(terms: readonly string[], term: string): number {
  let low = 0;
  let high = terms.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (compare(terms[mid]!, term) < 0) low = mid + 1;
    else high = mid;
  }
  return low;
}
