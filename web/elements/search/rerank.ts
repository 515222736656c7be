// The third stage: the transformer reads the query and the best passage of each page, and
// its order is fused with the order before by reciprocal rank.
import { map, push } from '../shared/captured.js';
import { type Lease, lease } from '../shared/models.js';
import type { ResultPage, SearchAnswer } from './searcher.js';

const K = 60;
/** Vectors of passages that stay, for the next key that is typed. */
const KEPT = 400;

export class Reranker {
  #lease: Lease<'feature-extraction'>;
  #vectors: Record<string, Float32Array> = Object.create(null) as Record<string, Float32Array>;
  #kept = 0;

  private constructor(lease: Lease<'feature-extraction'>) {
    this.#lease = lease;
  }

  /** Loads the model, or shares one that another element has loaded. */
  static async load(model: string | null, options: { signal: AbortSignal; limit: number }): Promise<Reranker> {
    const address = model ?? (await import('../../src/index.js')).DEFAULT_MODEL;
    return new Reranker(await lease('feature-extraction', address, options));
  }

  release(): void {
    this.#lease.release();
  }

  /** The same pages in a better order. */
  async rerank(answer: SearchAnswer, signal: AbortSignal): Promise<SearchAnswer> {
    const { pages } = answer;
    const texts = map(pages, (page) => `${page.title}: ${page.passages[0]?.excerpt ?? ''}`);
    const missing: string[] = [answer.query.slice(0, 1000)];
    for (let i = 0; i < texts.length; i++) if (!this.#vectors[texts[i]!]) push(missing, texts[i]!);
    const { data, dims } = await this.#lease.run(missing, { pooling: 'auto', normalize: true, signal });
    const dim = dims[1]!;
    const values = data as Float32Array;
    const query = values.slice(0, dim);
    for (let i = 1; i < missing.length; i++) this.#vectors[missing[i]!] = values.slice(i * dim, (i + 1) * dim);
    this.#kept += missing.length - 1;
    const cosines = map(texts, (text) => {
      const v = this.#vectors[text]!;
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += query[i]! * v[i]!;
      return sum;
    });
    if (this.#kept > KEPT) {
      this.#vectors = Object.create(null) as Record<string, Float32Array>;
      this.#kept = 0;
    }
    // Rank by insertion: the lists are short, and a page may have overwritten sort.
    const score = map(cosines, (cosine, i) => {
      let rank = 1;
      for (let j = 0; j < cosines.length; j++) if (cosines[j]! > cosine || (cosines[j] === cosine && j < i)) rank++;
      return 1 / (K + i + 1) + 1 / (K + rank);
    });
    const order: number[] = [];
    for (let i = 0; i < pages.length; i++) {
      let at = order.length;
      while (at > 0 && score[order[at - 1]!]! < score[i]!) {
        order[at] = order[at - 1]!;
        at--;
      }
      order[at] = i;
    }
    const sorted: ResultPage[] = map(order, (i) => pages[i]!);
    return { ...answer, stage: 'reranked', last: true, pages: sorted };
  }
}
