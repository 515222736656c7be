// What depth does to a stack of random layers, by the place of its LayerNorm.
import type { DepthReply, DepthRequest } from '../protocol/depth.js';
import { Client } from './client.js';
import * as check from './validate.js';

/** The scheme of a stack: Post-LN, Pre-LN, Sub-LN (Magneto, arXiv 2210.06423) or DeepNorm (DeepNet, arXiv 2203.00555). */
export type DepthScheme = DepthRequest['scheme'];

export interface DepthOptions {
  /** The number of layers, 1 to 1000; 100 by default. */
  layers?: number;
  /** The same seed makes the same weights; 1 by default. */
  seed?: number;
  /** How far every matrix moves, as a share of the size of Xavier's initialisation; 0.01 by default. */
  step?: number;
  signal?: AbortSignal | null;
}

/** The lists begin with the embedding and have an element for each layer. */
export interface DepthResult {
  /** The root mean square of the states. */
  states: Float32Array;
  /** How far the states moved with the weights, as a root mean square. */
  moved: Float32Array;
  /** The bound of DeepNet's theorem 4.2 on `moved`; null for schemes that it is not about. */
  bound: Float32Array | null;
  /** The estimate of `states` for independent sublayers. */
  expected: Float32Array;
  /** The factor of the residual. */
  alpha: number;
  /** The gain of the initialisation of feed-forwards, values and outputs. */
  gain: number;
  parameters: number;
}

const SCHEMES = ['postln', 'preln', 'subln', 'deepnorm'] as const;

/** Runs stacks in a worker of its own. */
export interface DepthRunner {
  (scheme: DepthScheme, options?: DepthOptions): Promise<DepthResult>;
  /** Ends the worker. */
  dispose(): Promise<void>;
}

/**
 * Starts a worker that runs stacks of seeded weights. It loads no model.
 *
 *     const depth = depthRunner();
 *     const { moved, bound } = await depth('deepnorm', { layers: 1000 });
 */
export function depthRunner(): DepthRunner {
  const client = Client.empty();
  const run = async (scheme: DepthScheme, options?: DepthOptions): Promise<DepthResult> => {
    const o = check.knownOptions('depth', options, ['layers', 'seed', 'step', 'signal']);
    const name = check.oneOf('depth: scheme', scheme, SCHEMES, 'deepnorm');
    const layers = check.count('depth: layers', o.layers) ?? 100;
    const seed = check.count('depth: seed', o.seed) ?? 1;
    const step = o.step === undefined ? 0.01 : check.number('depth: step', o.step);
    if (layers > 1000) throw check.invalid(`depth: layers: ${layers}, expected at most 1000`);
    if (!(step > 0 && step <= 1)) throw check.invalid(`depth: step: ${step}, expected a number above 0, at most 1`);
    const signal = check.abortSignal('depth: signal', o.signal);
    const reply: DepthReply = await client.call({ op: 'depth', scheme: name, layers, seed, step }, { signal });
    return { ...reply, bound: reply.bound.length > 0 ? reply.bound : null };
  };
  return Object.assign(run, { dispose: async () => client.dispose() });
}
