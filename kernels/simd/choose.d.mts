/** A kernel module and a form of it; see choose.mjs. */
export type Variant = 'simd128' | 'relaxed' | 'fused' | 'fused8';

export interface Chosen {
  module: WebAssembly.Module;
  exports: WebAssembly.Exports;
  name: Variant;
  /** Why a better one does not run; '' if there is none. */
  reason: string;
  /** Whether a clock decided between several. */
  timed: boolean;
}

export function simdSupported(): boolean;

export function relaxedSupported(): boolean;

export function chooseKernels(
  compile: (file: string) => Promise<WebAssembly.Module>,
  force?: Variant,
  imports?: WebAssembly.Imports,
  last?: Variant,
  /** The clock in milliseconds; performance.now unless a test passes its own. */
  now?: () => number,
): Promise<Chosen>;
