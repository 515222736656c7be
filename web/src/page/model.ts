// What every handle of a model reports and how it ends.
import type { MemoryReport } from '../protocol/kernels.js';
import type { LoadReply } from '../protocol/load.js';
import type { Capabilities } from './capabilities.js';
import type { Loaded } from './options.js';

/** The members of a folder's config.json. */
export type PretrainedConfig = Readonly<Record<string, unknown>>;

export interface ModelHandle {
  /** What config.json says. */
  readonly config: PretrainedConfig;
  /** How the weights are held in memory. */
  readonly dtype: LoadReply['dtype'];
  /** The width of a hidden state. */
  readonly dim: number;
  /** The size of the weights in the files, in bytes. */
  readonly weight_bytes: number;
  /** The most memory that a batch of texts takes on top of the weights, in bytes: known before it runs. */
  readonly activation_bytes: number;
  /** What runs here now. Threads join shortly after the first results. */
  capabilities(): Capabilities;
  memory(): Promise<MemoryReport>;
  /** Ends the worker and frees its memory. */
  dispose(): Promise<void>;
}

/** The members of config.json, which the engine has checked. */
export function configOf(info: LoadReply): PretrainedConfig {
  return Object.freeze(JSON.parse(info.config) as Record<string, unknown>);
}

/** The members that every handle has. */
export function modelMembers({ client, info }: Loaded): ModelHandle {
  return {
    config: configOf(info),
    dtype: info.dtype,
    dim: info.dim,
    weight_bytes: info.weightBytes,
    activation_bytes: info.activationBytes,
    capabilities: () => client.capabilities(),
    memory: () => client.memory(),
    dispose: async () => client.dispose(),
  };
}

/** Makes a handle of the function that runs a model without a task, and reports that it is ready. */
export function modelHandle<F extends object, M extends object = {}>(run: F, loaded: Loaded, members: M = {} as M): F & ModelHandle & M {
  const handle = Object.assign(run, modelMembers(loaded), members);
  loaded.progress?.({ status: 'ready', name: loaded.url, task: 'model', model: loaded.url });
  return handle;
}
