//go:build js && wasm

package simd

import "unsafe"

// The copies between Go's memory and that of the kernels, in JavaScript (imports.mjs).

//go:wasmimport kernels read
func wRead(to unsafe.Pointer, at, n uint32)

//go:wasmimport kernels write
func wWrite(at uint32, from unsafe.Pointer, n uint32)
