//go:build js && wasm

package simd

import "unsafe"

// Copies between Go's memory and the kernels', by JavaScript (imports.mjs).

//go:wasmimport kernels read
func wRead(to unsafe.Pointer, at, n uint32)

//go:wasmimport kernels write
func wWrite(at uint32, from unsafe.Pointer, n uint32)
