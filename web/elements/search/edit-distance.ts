// Damerau–Levenshtein distance (optimal string alignment): insertions, deletions,
// replacements and swaps of neighbours.

/** The edits between two words of code points, or `most + 1` if there are more than `most`. */
export function editDistance(a: readonly string[], b: readonly string[], most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let two: number[] = [];
  let one: number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      let d = Math.min(one[j]! + 1, row[j - 1]! + 1, one[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, two[j - 2]! + 1);
      row[j] = d;
      least = Math.min(least, d);
    }
    if (least > most) return most + 1;
    two = one;
    one = row;
  }
  return Math.min(one[b.length]!, most + 1);
}

/** The edits that a word of so many code points may have; 0 for words that are too short to correct. */
export function tolerance(length: number): number {
  return length < 4 ? 0 : length < 8 ? 1 : 2;
}

/** A word as it is written in the index, and how frequent it is. */
export interface Spelled {
  word: string;
  frequency: number;
}

/** The word that is closest to a word: the fewest edits, then the same first letter, then the more frequent one. */
export function closest(word: string, candidates: Iterable<Spelled>): { word: string; edits: number } | null {
  const points = [...word];
  let most = tolerance(points.length);
  let best: (Spelled & { edits: number; first: boolean }) | null = null;
  for (const candidate of candidates) {
    const other = [...candidate.word];
    const edits = editDistance(points, other, most);
    if (edits > most || edits === 0) continue;
    const first = points[0] === other[0];
    if (best && (edits > best.edits || (edits === best.edits && (Number(first) - Number(best.first) || candidate.frequency - best.frequency) <= 0))) continue;
    best = { ...candidate, edits, first };
    most = edits;
  }
  return best && { word: best.word, edits: best.edits };
}
