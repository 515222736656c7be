// Which kernels run, how fast they are, and how much memory they and the engine hold.

/** A kernel module and a form of it; kernels/simd/choose.mjs says what each is. */
export type Variant = 'simd128' | 'relaxed' | 'fused' | 'fused8';

/** Which kernels to run: `auto` is the fastest variant that computes correctly here. */
export type Kernels = 'auto' | Variant;

/** Which kernels run, and why not better ones. */
export interface KernelReport {
  name: Variant;
  reason: string;
  /** True if timing decided, so that the choice is worth remembering. */
  timed: boolean;
}

/** Asks for the speed of a linear layer rows × in × out, in multiply-adds a second. */
export interface RateRequest {
  op: 'rate';
  dtype: 'f32' | 'q8' | 'q4';
  rows: number;
  in: number;
  out: number;
  /** About how long to measure. */
  milliseconds: number;
}

export interface MemoryReport {
  /** The kernels' memory: weights and activations. It never shrinks, so it is its own peak. */
  kernelBytes: number;
  /** The Go program's memory. It never shrinks either. */
  goBytes: number;
  /** The GPU's buffers for weights and activations; 0 where the model is on the processor. */
  gpuBytes: number;
  /** The part of kernelBytes that is allocated now, and the most that it was. */
  usedBytes: number;
  peakBytes: number;
  /** The most that a batch of texts takes on top of the weights: known before it runs. */
  activationBytes: number;
}
