// What the tasks have in common: how a task is loaded, and what every handle tells.
import type { Capabilities } from '../capabilities.js';
import type { Engine } from '../engine.js';
import { type Inspectable, inspectable } from '../inspect.js';
import type { Loaded, Parts } from '../options.js';
import type { LoadTimings, MemoryReport } from '../protocol.js';

/** What every pipeline tells about its model, and its end. */
export interface PipelineHandle<T extends string> extends Inspectable {
  readonly task: T;
  /** The address of the model's folder. */
  readonly model: string;
  /** How the weights are held. */
  readonly dtype: 'f32' | 'f16' | 'q8' | 'q4';
  readonly device: 'wasm';
  /** The width of a vector. */
  readonly dim: number;
  /** The most tokens of a text with its template and special tokens. */
  readonly max_length: number;
  /** The bytes of weights that were read. */
  readonly weight_bytes: number;
  /** The most memory that a batch of texts takes besides, in bytes: known before it runs. */
  readonly activation_bytes: number;
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

/** A task: which parts of a folder it needs, and the function that a caller gets. */
export interface TaskDefinition<F> {
  parts: Parts;
  run(loaded: Loaded): F;
}

const engines = new WeakMap<object, Engine>();

/** The engine of a pipeline; undefined of anything else. */
export function engineOf(pipeline: unknown, task: string): Engine | undefined {
  return typeof pipeline === 'function' && (pipeline as Partial<PipelineHandle<string>>).task === task ? engines.get(pipeline) : undefined;
}

/** Makes a pipeline of a task's function. */
export function handle<T extends string, F extends object>(task: T, run: F, { engine, info, url }: Loaded): F & PipelineHandle<T> {
  engines.set(run, engine);
  return Object.assign(run, {
    task,
    model: url,
    dtype: info.dtype,
    device: 'wasm' as const,
    dim: info.dim,
    max_length: info.maxLength,
    weight_bytes: info.weightBytes,
    activation_bytes: info.activationBytes,
    verified: info.verified,
    timings: info.timings,
    capabilities: () => engine.capabilities(),
    memory: () => engine.memory(),
    ...inspectable(engine, info.maxLength),
    dispose: async () => engine.dispose(),
  });
}
