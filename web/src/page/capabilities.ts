// What this browser can run.
import { relaxedSupported, simdSupported } from '../../../kernels/simd/choose.mjs';
import type { Variant } from '../protocol/kernels.js';
import { inWorker, planThreads } from './threads.js';

/** What runs here, and why nothing better does. */
export interface Capabilities {
  /**
   * The kernels. A handle reports those that run, the page those that it would try first;
   * 'none' if this browser can run none.
   */
  kernels: Variant | 'none';
  /** The number of threads. A handle reports those that compute now, the page the most that `auto` would try. */
  threads: number;
  /** A handle reports whether its model is on the GPU, the page whether the browser has WebGPU. */
  webgpu: boolean;
  crossOriginIsolated: boolean;
  sharedArrayBuffer: boolean;
  /** One sentence each: why these kernels and threads run and no better ones, and why the model is on the GPU or not. */
  reasons: { kernels: string; threads: string; webgpu: string };
}

/** What this browser can run. It loads nothing. */
export function capabilities(): Capabilities {
  const simd = simdSupported();
  const isolated = typeof crossOriginIsolated === 'boolean' && crossOriginIsolated;
  const shared = typeof SharedArrayBuffer === 'function';
  const relaxed = simd && relaxedSupported();
  const plan = planThreads('auto', inWorker());
  const webgpu = typeof navigator === 'object' && 'gpu' in navigator;
  return {
    kernels: relaxed ? 'relaxed' : simd ? 'simd128' : 'none',
    threads: plan.threads,
    webgpu,
    crossOriginIsolated: isolated,
    sharedArrayBuffer: shared,
    reasons: {
      kernels: relaxed
        ? 'this browser has relaxed SIMD; a self-test and timing choose its form when a model loads'
        : simd
          ? 'this browser has no relaxed SIMD'
          : 'this browser has no WebAssembly SIMD; use Chrome or Edge 91, Firefox 114, Safari 16.4 or later',
      threads: plan.reason,
      webgpu: webgpu ? 'this browser has WebGPU; a self-test and timing choose the device when a model loads' : 'this browser has no WebGPU, or the page is not served by https',
    },
  };
}
