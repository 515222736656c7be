import { simdSupported } from './simd.js';
import { relaxedSupported, type Variant } from './kernels.js';
import { inWorker, planThreads } from './threads.js';

/** Which path runs here, and why a better one does not. */
export interface Capabilities {
  /**
   * The kernels' variant: of a handle the one that runs, of the page the one that would be
   * tried first; 'none' if this browser cannot run any.
   */
  kernels: Variant | 'none';
  /** How many threads compute: of a handle those that do now, of the page the most that `auto` would try. */
  threads: number;
  webgpu: boolean;
  crossOriginIsolated: boolean;
  sharedArrayBuffer: boolean;
  /** For each path a sentence that says why it runs as it does, and no better one. */
  reasons: { kernels: string; threads: string; webgpu: string };
}

/** What runs here. It asks the browser only; nothing is loaded. */
export function capabilities(): Capabilities {
  const simd = simdSupported();
  const isolated = typeof crossOriginIsolated === 'boolean' && crossOriginIsolated;
  const shared = typeof SharedArrayBuffer === 'function';
  const relaxed = simd && relaxedSupported();
  const plan = planThreads('auto', inWorker());
  return {
    kernels: relaxed ? 'relaxed' : simd ? 'simd128' : 'none',
    threads: plan.threads,
    webgpu: false,
    crossOriginIsolated: isolated,
    sharedArrayBuffer: shared,
    reasons: {
      kernels: relaxed
        ? 'this browser has relaxed SIMD; which form of it runs is decided by a self-test and by time when a model is loaded'
        : simd
          ? 'this browser has no relaxed SIMD'
          : 'this browser has no WebAssembly SIMD; needed is Chrome or Edge 91, Firefox 89, Safari 16.4 or later',
      threads: plan.reason,
      webgpu: 'this version has no WebGPU kernels',
    },
  };
}
