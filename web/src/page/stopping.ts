// Stopping criteria: what ends a generation with the text that it has.
import { Callable } from './callable.js';
import * as check from './validate.js';

/** What the criteria of a call get: for each sequence its tokens, and the logits that its last token was chosen from. */
type Asked = (input_ids: bigint[][], scores: Float32Array[]) => boolean[] | Promise<boolean[]>;

/** The objects are functions, too. */
export interface StoppingCriteria {
  (input_ids: bigint[][], scores: Float32Array[]): boolean[] | Promise<boolean[]>;
}

/**
 * Ends sequences, as in transformers.js. Extend it and define `_call`, which gets the tokens of
 * every open sequence, with the prompt, after each token, and returns for each whether it ends.
 * It runs in the page, so each token waits for two messages. It is not asked after the
 * last token that max_new_tokens or max_length allows.
 *
 *     class UntilComma extends StoppingCriteria {
 *       _call(input_ids) { return input_ids.map((ids) => ids.at(-1) === 11n); }
 *     }
 *     await generator(prompt, { stopping_criteria: new UntilComma() });
 */
export class StoppingCriteria extends Callable {
  /**
   * @param _input_ids the tokens of each open sequence
   * @param _scores the logits [vocabulary] that each sequence's last token was chosen from
   * @returns for each sequence, whether it ends
   */
  _call(_input_ids: bigint[][], _scores: Float32Array[]): boolean[] | Promise<boolean[]> {
    throw check.invalid('StoppingCriteria: it has no _call() of its own; extend the class and define _call(input_ids, scores)');
  }
}

/** Ends a sequence of so many tokens, with the prompt. The option max_length does the same, and takes no messages. */
export class MaxLengthCriteria extends StoppingCriteria {
  readonly max_length: number;

  constructor(max_length: number, max_position_embeddings?: null) {
    super();
    this.max_length = check.count('MaxLengthCriteria: max_length', max_length ?? 'nothing')!;
    if ((max_position_embeddings ?? null) !== null) throw check.invalid("MaxLengthCriteria: max_position_embeddings: the model's own limit always holds; leave it out");
  }

  override _call(input_ids: bigint[][]): boolean[] {
    return input_ids.map((ids) => ids.length >= this.max_length);
  }
}

/** Ends a sequence after one of some tokens. The option eos_token_id does the same, and takes no messages. */
export class EosTokenCriteria extends StoppingCriteria {
  readonly eos_token_id: number[];

  constructor(eos_token_id: number | readonly number[]) {
    super();
    this.eos_token_id = check.tokenIds('EosTokenCriteria: eos_token_id', eos_token_id);
  }

  override _call(input_ids: bigint[][]): boolean[] {
    return input_ids.map((ids) => this.eos_token_id.includes(Number(ids.at(-1))));
  }
}

/**
 * Ends a generation when the page says so, as in transformers.js: the call resolves with what
 * it has. (A signal rejects it instead.)
 *
 *     const stopping_criteria = new InterruptableStoppingCriteria();
 *     button.onclick = () => stopping_criteria.interrupt();
 *     const [{ generated_text }] = await generator(prompt, { stopping_criteria });
 */
export class InterruptableStoppingCriteria extends StoppingCriteria {
  interrupted = false;
  readonly #listeners = new Set<() => void>();

  /** Ends the calls that use this, and those that follow until reset(). */
  interrupt(): void {
    this.interrupted = true;
    for (const listener of [...this.#listeners]) listener();
  }

  reset(): void {
    this.interrupted = false;
  }

  /** Calls back on interrupt(), at once if it was called before. Returns a function that ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.interrupted) listener();
    return () => void this.#listeners.delete(listener);
  }

  override _call(input_ids: bigint[][], _scores: Float32Array[]): boolean[] | Promise<boolean[]> {
    return input_ids.map(() => this.interrupted);
  }
}

/** Criteria of which any one ends a sequence, as in transformers.js. */
export class StoppingCriteriaList extends StoppingCriteria {
  readonly criteria: StoppingCriteria[] = [];

  push(item: StoppingCriteria): void {
    this.criteria.push(item);
  }

  extend(items: StoppingCriteria | StoppingCriteriaList | readonly StoppingCriteria[]): void {
    const all = items instanceof StoppingCriteriaList ? items.criteria : items instanceof StoppingCriteria ? [items] : items;
    this.criteria.push(...all);
  }

  override async _call(input_ids: bigint[][], scores: Float32Array[]): Promise<boolean[]> {
    const ended = input_ids.map(() => false);
    for (const [i, one] of this.criteria.entries()) {
      const said: unknown = await one._call(input_ids, scores);
      if (!Array.isArray(said) || said.length !== ended.length || !said.every((v) => typeof v === 'boolean')) {
        throw check.invalid(`stopping_criteria ${i}: ${one.constructor.name}: _call() did not return an array of ${ended.length} times true or false, one for each sequence`);
      }
      said.forEach((v, row) => (ended[row] ||= v as boolean));
    }
    return ended;
  }

  [Symbol.iterator](): Iterator<StoppingCriteria> {
    return this.criteria[Symbol.iterator]();
  }
}

export type StoppingCriteriaOption = StoppingCriteria | readonly StoppingCriteria[];

/** What a call needs of the option stopping_criteria. */
export interface Stopping {
  /** Ends the whole call, as the client wants it; undefined without such criteria. */
  interrupt: ((now: () => void) => () => void) | undefined;
  /** Asked at each step; undefined if no criterion is to be asked. */
  asked: Asked | undefined;
}

/** Those that only wait for interrupt() end a call at once; the others are asked at each step. */
export function stoppingOf(what: string, value: unknown): Stopping {
  const all = criteriaOf(what, value);
  const waiting = all.filter((one): one is InterruptableStoppingCriteria => one instanceof InterruptableStoppingCriteria);
  const asked = new StoppingCriteriaList();
  asked.extend(all.filter((one) => one._call !== InterruptableStoppingCriteria.prototype._call));
  return {
    interrupt:
      waiting.length === 0
        ? undefined
        : (now) => {
            const ends = waiting.map((one) => one.listen(now));
            return () => ends.forEach((end) => end());
          },
    asked: asked.criteria.length > 0 ? (ids, scores) => asked._call(ids, scores) : undefined,
  };
}

/** The criteria of an option, those of lists among them. */
function criteriaOf(what: string, value: unknown): StoppingCriteria[] {
  if (value === undefined || value === null) return [];
  if (value instanceof StoppingCriteriaList) return criteriaOf(what, value.criteria);
  if (Array.isArray(value)) return value.flatMap((one: unknown) => criteriaOf(what, one ?? 'nothing'));
  if (value instanceof StoppingCriteria) return [value];
  throw check.invalid(`${what}: stopping_criteria: expected an object of a class that extends StoppingCriteria, or a list of them`);
}

/** Asks criteria at each step which sequences have ended; null for none. Nothing is asked before the first token. */
export class Ending {
  readonly #asked: Asked;
  #before: { rows: bigint[][]; scores: Float32Array[] } | null = null;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  /** The places of the rows that end. */
  async ended(rows: bigint[][]): Promise<Int32Array | null> {
    if (!this.#before) return null;
    // The open sequences are some of those of the step before, in the same order.
    const { rows: before, scores } = this.#before;
    let place = -1;
    const own = rows.map((row) => {
      do place++;
      while (!before[place]!.every((id, i) => id === row[i]));
      return scores[place]!;
    });
    const said = await this.#asked(rows, own);
    const places = said.flatMap((ends, i) => (ends ? [i] : []));
    return places.length > 0 ? Int32Array.from(places) : null;
  }

  /** Keeps the logits of a step, from which the next tokens are chosen. */
  keep(rows: bigint[][], logits: Float32Array): void {
    const n = logits.length / rows.length;
    const copy = logits.slice();
    this.#before = { rows, scores: rows.map((_, i) => copy.subarray(i * n, (i + 1) * n)) };
  }
}
