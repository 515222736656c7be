// Feature extraction: texts to vectors.
import { Tensor } from '../page/tensor.js';
import * as check from '../page/validate.js';
import type { PipelineHandle, TaskDefinition } from './task.js';

/** How the states of a text's tokens become a vector. */
export type Pooling = 'none' | 'mean' | 'cls' | 'last_token' | 'prompt' | 'auto';

export interface FeatureExtractionOptions {
  /**
   * `none` (the default, as in transformers.js) returns the states of all tokens,
   * [texts, tokens, width]. `mean` averages them, `cls` takes the first and `last_token`
   * the last. `prompt` puts the text into the model's template and takes the state of the
   * mask. `auto` is `prompt` for a model with a template, otherwise `mean`.
   */
  pooling?: Pooling;
  /** Scales every vector to length 1. */
  normalize?: boolean;
  signal?: AbortSignal | null;
}

/** The result of feature extraction: a tensor, and which texts were truncated. */
export class FeatureTensor extends Tensor<'float32'> {
  /** For each text: true if it was longer than the model takes and was truncated. */
  readonly truncated: readonly boolean[];

  constructor(data: Float32Array, dims: readonly number[], truncated: readonly boolean[]) {
    super('float32', data, dims);
    this.truncated = truncated;
  }
}

export interface FeatureExtractionCall {
  /** The vectors of one text or of several. Calls run one at a time, in the order in which they were made. */
  (texts: string | readonly string[], options?: FeatureExtractionOptions): Promise<FeatureTensor>;
}

/** A model that turns texts into vectors. */
export interface FeatureExtractionPipeline extends FeatureExtractionCall, PipelineHandle<'feature-extraction'> {}

/** The engine's names of poolings. */
const NAMES = { none: 'none', mean: 'mean', cls: 'cls', last_token: 'last', prompt: 'prompt', auto: '' } as const;

export const featureExtraction: TaskDefinition<FeatureExtractionCall> = {
  parts: { tokenizer: true, weights: true, head: '', task: 'feature-extraction' },
  run:
    ({ client }) =>
    async (input, options) => {
      const what = 'feature-extraction';
      const o = check.knownOptions(what, options, ['pooling', 'normalize', 'signal']);
      const pooling = check.oneOf(`${what}: pooling`, o.pooling, Object.keys(NAMES) as Pooling[], 'none');
      const normalize = check.boolean(`${what}: normalize`, o.normalize, false);
      const signal = check.abortSignal(`${what}: signal`, o.signal);
      const texts = check.texts(what, input);
      const reply = await client.call({ op: 'feature-extraction', texts, pooling: NAMES[pooling], normalize }, { signal });
      return new FeatureTensor(reply.data, reply.dims, reply.truncated);
    },
};
