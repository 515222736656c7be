// Mixtures of experts that generate text: which experts take part, and what that costs.
import * as check from '../page/validate.js';
import { clientOf, type PipelineHandle } from './task.js';

/** How surprised a model is by a text. */
export interface Surprisal {
  /** −log p of each token, in nats; e to their mean is the perplexity. */
  nats: Float32Array;
  /** The time that the model took. */
  milliseconds: number;
}

type Generating = PipelineHandle<'text-generation'>;

function client(what: string, pipeline: Generating) {
  const found = clientOf(pipeline, 'text-generation');
  if (!found) throw check.invalid(`${what}: expected a pipeline for text-generation`);
  return found;
}

/**
 * Leaves only some experts of each mixture of a model, the first layer first: the others get no tokens, as after task-specific expert pruning
 * (arXiv 2206.00277). Each list is ascending and names one expert at least. The weights stay, so experts can be brought back.
 */
export async function leaveExperts(pipeline: Generating, left: readonly (readonly number[])[], options?: { signal?: AbortSignal | null }): Promise<void> {
  const what = 'leaveExperts';
  const signal = check.onlySignal(what, options);
  const lists = check.array(what, left).map((row) => Int32Array.from(check.tokenIds(what, row)));
  await client(what, pipeline).call({ op: 'experts', left: lists, ids: new Int32Array(0), window: 1 }, { signal });
}

/** How surprised a model is by each token of a running text, which it reads in windows of `window` tokens. */
export async function surprisal(pipeline: Generating, ids: readonly number[], window: number, options?: { signal?: AbortSignal | null }): Promise<Surprisal> {
  const what = 'surprisal';
  const signal = check.onlySignal(what, options);
  const tokens = check.count(`${what}: window`, window) ?? 1;
  const reply = await client(what, pipeline).call({ op: 'experts', left: null, ids: Int32Array.from(check.tokenIds(what, ids)), window: tokens }, { signal });
  return { nats: reply.surprisal, milliseconds: reply.milliseconds };
}
