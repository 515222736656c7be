// Stopping criteria: what ends a generation with the text that it has.
import * as check from './validate.js';

/**
 * Ends a generation when the page says so, as in transformers.js: the call resolves with what
 * it has. (A signal rejects it instead.)
 *
 *     const stopping_criteria = new InterruptableStoppingCriteria();
 *     button.onclick = () => stopping_criteria.interrupt();
 *     const [{ generated_text }] = await generator(prompt, { stopping_criteria });
 */
export class InterruptableStoppingCriteria {
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
}

/** Criteria of which any one ends a generation, as in transformers.js. */
export class StoppingCriteriaList {
  readonly criteria: InterruptableStoppingCriteria[] = [];

  push(item: InterruptableStoppingCriteria): void {
    this.criteria.push(item);
  }

  extend(items: StoppingCriteriaList | readonly InterruptableStoppingCriteria[]): void {
    this.criteria.push(...(items instanceof StoppingCriteriaList ? items.criteria : items));
  }

  [Symbol.iterator](): Iterator<InterruptableStoppingCriteria> {
    return this.criteria[Symbol.iterator]();
  }
}

export type StoppingCriteriaOption = InterruptableStoppingCriteria | StoppingCriteriaList | readonly InterruptableStoppingCriteria[];

/** What a call's client needs of the option stopping_criteria; undefined without it. */
export function interruptOf(what: string, value: unknown): ((now: () => void) => () => void) | undefined {
  if (value === undefined || value === null) return undefined;
  const all: unknown[] = value instanceof StoppingCriteriaList || Array.isArray(value) ? [...value] : [value];
  for (const one of all) {
    if (!(one instanceof InterruptableStoppingCriteria)) {
      throw check.invalid(`${what}: stopping_criteria: expected an InterruptableStoppingCriteria; for other criteria use max_new_tokens, stop_strings, eos_token_id or logits_processor`);
    }
  }
  return (now) => {
    const ends = (all as InterruptableStoppingCriteria[]).map((one) => one.listen(now));
    return () => ends.forEach((end) => end());
  };
}
