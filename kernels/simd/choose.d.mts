/** The name of a kernel module and a form of it; see choose.mjs. */
export type Variant = 'simd128' | 'relaxed' | 'fused' | 'fused8';

export interface Chosen {
  module: WebAssembly.Module;
  exports: WebAssembly.Exports;
  name: Variant;
  /** Why a better form does not run; '' if there is none. */
  reason: string;
  /** Whether several forms were timed. */
  timed: boolean;
}

/** Whether the engine compiles WebAssembly with fixed-width SIMD. */
export function simdSupported(): boolean;

/** Whether the engine compiles WebAssembly with relaxed SIMD. */
export function relaxedSupported(): boolean;

export function chooseKernels(
  compile: (file: string) => Promise<WebAssembly.Module>,
  force?: Variant,
  imports?: WebAssembly.Imports,
  last?: Variant,
  /** The clock in milliseconds; performance.now unless a test passes its own. */
  now?: () => number,
): Promise<Chosen>;
