import { simdSupported } from './simd.js';

/** Which path runs here, and why a better one does not. */
export interface Capabilities {
  /** The kernels' variant; 'none' if this browser cannot run them. */
  kernels: 'simd128' | 'none';
  threads: number;
  webgpu: boolean;
  crossOriginIsolated: boolean;
  sharedArrayBuffer: boolean;
  /** For each better path a sentence that says why it does not run. */
  reasons: { kernels: string; threads: string; webgpu: string };
}

/** What runs here. It asks the browser only; nothing is loaded. */
export function capabilities(): Capabilities {
  const simd = simdSupported();
  const isolated = typeof crossOriginIsolated === 'boolean' && crossOriginIsolated;
  const shared = typeof SharedArrayBuffer === 'function';
  return {
    kernels: simd ? 'simd128' : 'none',
    threads: 1,
    webgpu: false,
    crossOriginIsolated: isolated,
    sharedArrayBuffer: shared,
    reasons: {
      kernels: simd
        ? 'this version has simd128 kernels only, none with relaxed SIMD'
        : 'this browser has no WebAssembly SIMD; needed is Chrome or Edge 91, Firefox 89, Safari 16.4 or later',
      threads:
        'this version has kernels for one thread only' +
        (isolated && shared ? '' : '; threads would also need a page with COOP and COEP headers (cross-origin isolation) and SharedArrayBuffer'),
      webgpu: 'this version has no WebGPU kernels',
    },
  };
}
