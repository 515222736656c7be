/** The Go object of wasm_exec.js; mem is there once its program runs. */
export interface GoMemory {
  mem: DataView;
}

/** What a Go program imports as "kernels"; see imports.mjs. */
export function kernelImports(exports: WebAssembly.Exports, go: GoMemory): WebAssembly.ModuleImports;

/** A function that gives all bytes of a Go program's memory, once it runs; they are valid until the program runs on. */
export function goBytes(go: GoMemory): () => Uint8Array;
