// The best hits of a search.

export interface Hit {
  id: number;
  score: number;
}

/** Keeps the n best hits: the greatest scores, equal ones by their ids. A heap with the worst one in front. */
export class Top {
  readonly #n: number;
  readonly #hits: Hit[] = [];
  /** The score that a further hit needs at least. */
  least = -Infinity;

  constructor(n: number) {
    this.#n = n;
  }

  add(id: number, score: number): void {
    const hits = this.#hits;
    const hit = { id, score };
    if (hits.length < this.#n) {
      let i = hits.push(hit) - 1;
      while (i > 0) {
        const up = (i - 1) >> 1;
        if (!before(hits[up]!, hits[i]!)) break;
        [hits[up], hits[i]] = [hits[i]!, hits[up]!];
        i = up;
      }
    } else if (this.#n > 0 && before(hit, hits[0]!)) {
      hits[0] = hit;
      for (let i = 0; ; ) {
        let worst = i;
        for (let c = 2 * i + 1; c <= 2 * i + 2 && c < hits.length; c++) if (before(hits[worst]!, hits[c]!)) worst = c;
        if (worst === i) break;
        [hits[i], hits[worst]] = [hits[worst]!, hits[i]!];
        i = worst;
      }
    }
    if (hits.length === this.#n && this.#n > 0) this.least = hits[0]!.score;
  }

  /** The hits, the best first. */
  sorted(): Hit[] {
    return [...this.#hits].sort((a, b) => b.score - a.score || a.id - b.id);
  }
}

function before(a: Hit, b: Hit): boolean {
  return a.score !== b.score ? a.score > b.score : a.id < b.id;
}
