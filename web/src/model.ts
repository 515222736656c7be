// What every model without a task tells about itself, and its end.
import type { Capabilities } from './capabilities.js';
import type { Loaded } from './options.js';
import type { LoadReply, MemoryReport } from './protocol.js';

export interface ModelHandle {
  /** How the weights are held. */
  readonly dtype: LoadReply['dtype'];
  /** The width of a hidden state. */
  readonly dim: number;
  /** The bytes of weights that were read. */
  readonly weight_bytes: number;
  /** The most memory that a batch of texts takes besides, in bytes: known before it runs. */
  readonly activation_bytes: number;
  /** What runs here now; threads join a little after the first results. */
  capabilities(): Capabilities;
  memory(): Promise<MemoryReport>;
  /** Ends the worker and gives its memory back. */
  dispose(): Promise<void>;
}

/** Makes a model of the function that runs it, and reports that it is ready. */
export function modelHandle<F extends object>(run: F, { engine, info, url, progress }: Loaded): F & ModelHandle {
  const handle = Object.assign(run, {
    dtype: info.dtype,
    dim: info.dim,
    weight_bytes: info.weightBytes,
    activation_bytes: info.activationBytes,
    capabilities: () => engine.capabilities(),
    memory: () => engine.memory(),
    dispose: async () => engine.dispose(),
  });
  progress?.({ status: 'ready', name: url, task: 'model', model: url });
  return handle;
}
