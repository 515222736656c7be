import { simdSupported } from './simd.js';
import { planThreads } from './threads.js';

/** Which path runs here, and why a better one does not. */
export interface Capabilities {
  /** The kernels' variant; 'none' if this browser cannot run them. */
  kernels: 'simd128' | 'none';
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
  const plan = planThreads('auto');
  return {
    kernels: simd ? 'simd128' : 'none',
    threads: plan.threads,
    webgpu: false,
    crossOriginIsolated: isolated,
    sharedArrayBuffer: shared,
    reasons: {
      kernels: simd
        ? 'this version has simd128 kernels only, none with relaxed SIMD'
        : 'this browser has no WebAssembly SIMD; needed is Chrome or Edge 91, Firefox 89, Safari 16.4 or later',
      threads: plan.reason,
      webgpu: 'this version has no WebGPU kernels',
    },
  };
}
