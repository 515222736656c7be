// Go's own glue for js/wasm, from GOROOT/lib/wasm; the build puts it in the worker.
declare module 'go/wasm_exec';
