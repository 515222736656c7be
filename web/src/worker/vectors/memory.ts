// The kernels' memory, which holds the vectors: it grows by what is needed and is never given back.
import { LodestoneError } from '../../protocol/error.js';

const PAGE = 1 << 16;

/** What an index needs of the kernels. */
export interface ScanKernels {
  memory: WebAssembly.Memory;
  /** Writes to y the products of the query at q with n rows of k numbers at x, times their scales at s; see kernels/reference_ops.go. */
  scan_q8(y: number, q: number, x: number, s: number, keep: number, n: number, k: number): void;
}

export class Memory {
  readonly kernels: ScanKernels;
  #next: number;

  constructor(kernels: ScanKernels) {
    this.kernels = kernels;
    this.#next = kernels.memory.buffer.byteLength; // what is below belongs to the module
  }

  /** The bytes of the whole memory. */
  get size(): number {
    return this.kernels.memory.buffer.byteLength;
  }

  /** The address of n bytes of zeros, a multiple of 16. */
  alloc(n: number): number {
    const at = this.#next;
    const end = at + ((n + 15) & ~15);
    const more = Math.ceil(end / PAGE) - this.size / PAGE;
    if (more > 0) {
      try {
        this.kernels.memory.grow(more);
      } catch {
        throw new LodestoneError('out_of_memory', `VectorIndex: ${end} bytes are needed, and the browser gives no more than ${this.size}; use fewer vectors or fewer numbers in each`);
      }
    }
    this.#next = end;
    return at;
  }

  /** Views are valid until the next alloc. */
  i8(at: number, n: number): Int8Array {
    return new Int8Array(this.kernels.memory.buffer, at, n);
  }

  f32(at: number, n: number): Float32Array {
    return new Float32Array(this.kernels.memory.buffer, at, n);
  }
}
