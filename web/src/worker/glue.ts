// What the Go program needs often from JavaScript, each in one call; see wasm/engine/values_js.go.

export interface Glue {
  /** The kernels' memory. */
  memory: WebAssembly.Memory;
  /** The bytes of a typed array. */
  bytes(array: ArrayBufferView): Uint8Array;
  /** A copy of the hidden states [rows, cols, dim] at a byte address of the kernels' memory. */
  states(at: number, rows: number, cols: number, dim: number): { data: Float32Array; dims: number[] };
}

export function glue(memory: WebAssembly.Memory): Glue {
  return {
    memory,
    bytes: (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    // slice makes a buffer of its own, which is not shared even if the memory is, and can be transferred.
    states: (at, rows, cols, dim) => ({ data: new Float32Array(memory.buffer, at, rows * cols * dim).slice(), dims: [rows, cols, dim] }),
  };
}
