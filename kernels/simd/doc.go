// Package simd is the kernels.Backend of WebAssembly with 128-bit SIMD.
//
// One small module has all kernels and owns the memory that they compute on: simd128.wasm,
// or relaxed.wasm where the engine has relaxed SIMD. relaxed.wasm has three forms,
// "relaxed", "fused" and "fused8", because it depends on the processor which of them is
// fastest and whether activations may have 8 bits instead of 7. choose.mjs chooses the
// module and the form for a page; TUNING.md has the measurements. Package gen, in the
// folder gen, generates both modules; it describes how a kernel works and how its data is
// laid out.
//
// Begin with [New]. Natively it runs the module under wazero, from a copy in the program.
// In a browser the page instantiates the module before the Go program and passes its
// exports as the import module "kernels", so that Go's WebAssembly calls a kernel directly,
// without JavaScript. imports.mjs adds the copies between the two memories:
//
//	const { exports } = await chooseKernels((file) => WebAssembly.compileStreaming(fetch(file)));
//	Object.assign(go.importObject, { kernels: kernelImports(exports, go) });
//
// # Threads
//
// Each module has a form with shared memory for a thread pool, VARIANT-shared.wasm. It
// imports the memory, of at least twelve pages, and needs a page that is cross-origin
// isolated. It must run in a worker, because it may block. The Go program is the same.
//
//	const memory = new WebAssembly.Memory({ initial: 12, maximum: 65536, shared: true });
//	const instance = await WebAssembly.instantiate(module, { env: { memory } });
//	// Each kernel worker receives module, memory and an index from 1 on:
//	//   const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
//	//   exports.thread_ready();
//	//   exports.thread_main(index);   // again whenever it returns; thread_failed() if it throws
//	instance.exports.set_threads(n, 1 << 17);
//
// Results do not depend on the number of threads.
//
// A [Backend] checks nothing: use it through kernels.Device.
package simd
