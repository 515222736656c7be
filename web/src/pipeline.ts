import type { Capabilities } from './capabilities.js';
import { type DType, type Device, type LoadOptions, loadWith } from './options.js';
import type { LoadTimings, MemoryReport } from './protocol.js';
import { Tensor } from './tensor.js';
import * as check from './validate.js';

/** The tasks that pipeline knows. */
export type Task = 'feature-extraction';

export type PipelineOptions = LoadOptions;

/** How the states of a text's tokens become one vector. */
export type Pooling = 'none' | 'mean' | 'cls' | 'prompt' | 'auto';

export interface FeatureExtractionOptions {
  /**
   * `none` (the default, as in transformers.js) gives the states of all tokens,
   * [texts, tokens, width]. `mean` averages them, `cls` takes the first, `prompt`
   * puts the text into the model's template and takes the state of its mask.
   * `auto` is `prompt` for a model that has a template and `mean` for others.
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

/** A model that turns texts into vectors. */
export interface FeatureExtractionPipeline {
  /** The vectors of one text or of several. Calls run in the order in which they are made. */
  (texts: string | readonly string[], options?: FeatureExtractionOptions): Promise<FeatureTensor>;
  readonly task: Task;
  /** The address of the model's folder. */
  readonly model: string;
  /** How the weights are held. */
  readonly dtype: 'f32' | 'q8';
  readonly device: 'wasm';
  /** The width of a vector. */
  readonly dim: number;
  /** The most tokens of a text with its template and special tokens. */
  readonly max_length: number;
  /** The bytes of weights that were read. */
  readonly weight_bytes: number;
  /** True if the folder has a manifest.json and every file agreed with it. */
  readonly verified: boolean;
  /** Where the time of loading went. */
  readonly timings: LoadTimings;
  /** What runs here now; threads join a little after the first results. */
  capabilities(): Capabilities;
  memory(): Promise<MemoryReport>;
  /** Ends the worker and gives its memory back. */
  dispose(): Promise<void>;
}

const TASKS = ['feature-extraction'] as const;
const POOLING = ['none', 'mean', 'cls', 'prompt', 'auto'] as const;

/**
 * Loads a model for a task.
 *
 *     const embed = await pipeline('feature-extraction', DEFAULT_MODEL, { dtype: 'q8' });
 *     const { data, dims } = await embed(['Guten Morgen', 'good morning'], { pooling: 'prompt', normalize: true });
 *
 * @param task what the model is for
 * @param model the address of a folder with config.json, tokenizer.json and model.safetensors
 * @throws LodestoneError
 */
export async function pipeline(task: Task, model: string, options?: PipelineOptions): Promise<FeatureExtractionPipeline> {
  check.oneOf('pipeline: task', task ?? '', TASKS, 'feature-extraction');
  const { engine, info, url, progress } = await loadWith('pipeline', model, options, { tokenizer: true, weights: true });

  const run = async (input: string | readonly string[], options?: FeatureExtractionOptions): Promise<FeatureTensor> => {
    const what = 'feature-extraction';
    const o = check.knownOptions(what, options, ['pooling', 'normalize', 'signal']);
    const pooling = check.oneOf(`${what}: pooling`, o.pooling, POOLING, 'none');
    const normalize = check.boolean(`${what}: normalize`, o.normalize, false);
    const signal = check.abortSignal(`${what}: signal`, o.signal);
    const texts = check.texts(what, input);
    const reply = await engine.call({ op: 'features', texts, pooling: pooling === 'auto' ? '' : pooling, normalize }, { signal });
    return new FeatureTensor(reply.data, reply.dims, reply.truncated);
  };
  const handle: FeatureExtractionPipeline = Object.assign(run, {
    task: 'feature-extraction' as const,
    model: url,
    dtype: info.dtype,
    device: 'wasm' as const,
    dim: info.dim,
    max_length: info.maxLength,
    weight_bytes: info.weightBytes,
    verified: info.verified,
    timings: info.timings,
    capabilities: () => engine.capabilities(),
    memory: () => engine.memory(),
    dispose: async () => engine.dispose(),
  });
  progress?.({ status: 'ready', name: url, task: 'feature-extraction', model: url });
  return handle;
}

export type { DType, Device };
