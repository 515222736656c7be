// What the Go program asks of JavaScript often, each in one call; see wasm/engine/values_js.go.

export interface Glue {
  /** The kernels' memory. */
  memory: WebAssembly.Memory;
  /** The bytes of a typed array. */
  bytes(array: ArrayBufferView): Uint8Array;
  /** Hidden states [rows, cols, dim] that lie at a byte address of the kernels' memory, copied. */
  states(at: number, rows: number, cols: number, dim: number): { data: Float32Array; dims: number[] };
}

export function glue(memory: WebAssembly.Memory): Glue {
  return {
    memory,
    bytes: (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    // slice: a buffer of its own, which is not shared even where the memory is, and can be handed over.
    states: (at, rows, cols, dim) => ({ data: new Float32Array(memory.buffer, at, rows * cols * dim).slice(), dims: [rows, cols, dim] }),
  };
}
