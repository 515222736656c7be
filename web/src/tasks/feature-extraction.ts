// Texts to vectors.
import { Tensor } from '../tensor.js';
import * as check from '../validate.js';
import type { PipelineHandle, TaskDefinition } from './task.js';

/** How the states of a text's tokens become one vector. */
export type Pooling = 'none' | 'mean' | 'cls' | 'last_token' | 'prompt' | 'auto';

export interface FeatureExtractionOptions {
  /**
   * `none` (the default, as in transformers.js) gives the states of all tokens,
   * [texts, tokens, width]. `mean` averages them, `cls` takes the first,
   * `last_token` the last, `prompt` puts the text into the model's template and takes
   * the state of its mask. `auto` is `prompt` for a model that has a template and `mean` for others.
   */
  pooling?: Pooling;
  /** Scales every vector to length 1. */
  normalize?: boolean;
  signal?: AbortSignal | null;
}

/** A result of feature extraction: a tensor, and which texts did not fit. */
export class FeatureTensor extends Tensor<'float32'> {
  /** For each text: true if it was longer than the model takes, so that its end was left out. */
  readonly truncated: readonly boolean[];

  constructor(data: Float32Array, dims: readonly number[], truncated: readonly boolean[]) {
    super('float32', data, dims);
    this.truncated = truncated;
  }
}

export interface FeatureExtractionCall {
  /** The vectors of one text or of several. Calls run in the order in which they are made. */
  (texts: string | readonly string[], options?: FeatureExtractionOptions): Promise<FeatureTensor>;
}

/** A model that turns texts into vectors. */
export interface FeatureExtractionPipeline extends FeatureExtractionCall, PipelineHandle<'feature-extraction'> {}

// What the engine calls them.
const NAMES: Partial<Record<Pooling, string>> = { auto: '', last_token: 'last' };
const POOLING = ['none', 'mean', 'cls', 'last_token', 'prompt', 'auto'] as const;

export const featureExtraction: TaskDefinition<FeatureExtractionCall> = {
  parts: { tokenizer: true, weights: true, head: '' },
  run:
    ({ engine }) =>
    async (input, options) => {
      const what = 'feature-extraction';
      const o = check.knownOptions(what, options, ['pooling', 'normalize', 'signal']);
      const pooling = check.oneOf(`${what}: pooling`, o.pooling, POOLING, 'none');
      const normalize = check.boolean(`${what}: normalize`, o.normalize, false);
      const signal = check.abortSignal(`${what}: signal`, o.signal);
      const texts = check.texts(what, input);
      const reply = await engine.call({ op: 'features', texts, pooling: NAMES[pooling] ?? pooling, normalize }, { signal });
      return new FeatureTensor(reply.data, reply.dims, reply.truncated);
    },
};
