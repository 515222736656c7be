/** The Go object of wasm_exec.js. mem exists once its program runs. */
export interface GoMemory {
  mem: DataView;
}

/** The imports "kernels" of a Go program; see imports.mjs. */
export function kernelImports(exports: WebAssembly.Exports, go: GoMemory): WebAssembly.ModuleImports;

/** Returns a function that returns all bytes of a Go program's memory, once it runs. They are valid until the program continues. */
export function goBytes(go: GoMemory): () => Uint8Array;
