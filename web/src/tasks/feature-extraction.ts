// Feature extraction: texts to vectors.
import { quantize_embeddings } from '../page/tensor-functions.js';
import { Tensor, type TensorData } from '../page/tensor.js';
import * as check from '../page/validate.js';
import type { PipelineHandle, TaskDefinition } from './task.js';

/** How the states of a text's tokens become a vector. */
export type Pooling = keyof typeof NAMES;

export interface FeatureExtractionOptions {
  /**
   * `none` (the default, as in transformers.js) returns the states of all tokens,
   * [texts, tokens, width]. `mean` averages them, `cls` (`first_token`) takes the first and
   * `last_token` (`eos`) the last. `prompt` puts the text into the model's template and takes the state of the
   * mask. `auto` is `prompt` for a model with a template, otherwise `mean`.
   */
  pooling?: Pooling;
  /** Scales every vector to length 1. */
  normalize?: boolean;
  /** True returns the signs of vectors, eight to a byte. */
  quantize?: boolean;
  /** `binary` (the default) returns int8, each byte less 128, and `ubinary` uint8. */
  precision?: 'binary' | 'ubinary';
  signal?: AbortSignal | null;
}

/** The result of feature extraction: a tensor, and which texts were truncated. */
export class FeatureTensor<T extends 'float32' | 'int8' | 'uint8' = 'float32'> extends Tensor<T> {
  /** For each text: true if it was longer than the model takes and was truncated. */
  readonly truncated: readonly boolean[];

  constructor(type: T, data: TensorData[T], dims: readonly number[], truncated: readonly boolean[]) {
    super(type, data, dims);
    this.truncated = truncated;
  }
}

export interface FeatureExtractionCall {
  /** The signs of vectors, eight to a byte. */
  (texts: string | readonly string[], options: FeatureExtractionOptions & { quantize: true; precision: 'ubinary' }): Promise<FeatureTensor<'uint8'>>;
  (texts: string | readonly string[], options: FeatureExtractionOptions & { quantize: true }): Promise<FeatureTensor<'int8'>>;
  /** The vectors of one text or of several. Calls run one at a time, in the order in which they were made. */
  (texts: string | readonly string[], options?: FeatureExtractionOptions): Promise<FeatureTensor>;
}

/** A model that turns texts into vectors. */
export interface FeatureExtractionPipeline extends FeatureExtractionCall, PipelineHandle<'feature-extraction'> {}

/** The engine's names of poolings. */
const NAMES = { none: 'none', mean: 'mean', cls: 'cls', first_token: 'cls', last_token: 'last', eos: 'last', prompt: 'prompt', auto: '' } as const;

export const featureExtraction: TaskDefinition<FeatureExtractionCall> = {
  parts: { tokenizer: true, weights: true, head: '', task: 'feature-extraction' },
  run:
    ({ client }) =>
    (async (input: string | readonly string[], options?: FeatureExtractionOptions) => {
      const what = 'feature-extraction';
      const o = check.knownOptions(what, options, ['pooling', 'normalize', 'quantize', 'precision', 'signal']);
      const pooling = check.oneOf(`${what}: pooling`, o.pooling, Object.keys(NAMES) as Pooling[], 'none');
      const normalize = check.boolean(`${what}: normalize`, o.normalize, false);
      const quantize = check.boolean(`${what}: quantize`, o.quantize, false);
      const precision = check.oneOf(`${what}: precision`, o.precision, ['binary', 'ubinary'], 'binary');
      if ((o.precision ?? null) !== null && !quantize) throw check.invalid(`${what}: precision: '${precision}' needs quantize: true`);
      if (quantize && pooling === 'none') throw check.invalid(`${what}: quantize needs vectors of texts; give a pooling, such as 'mean'`);
      const signal = check.abortSignal(`${what}: signal`, o.signal);
      const texts = check.texts(what, input);
      const { data, dims, truncated } = await client.call({ op: 'feature-extraction', texts, pooling: NAMES[pooling], normalize }, { signal });
      if (!quantize) return new FeatureTensor('float32', data, dims, truncated);
      const bits = quantize_embeddings(new Tensor('float32', data, dims), precision);
      return new FeatureTensor(bits.type, bits.data, bits.dims, truncated);
    }) as FeatureExtractionCall,
};
