// Package kernels computes the operations of a transformer on memory that is not Go's: the
// linear memory of a WebAssembly module, a GPU's buffers, or a byte slice.
//
// Begin with [Device]. It has a [Backend], allocates its memory, and checks the shape and
// the extent of every argument before it calls the backend. The backend checks nothing: a
// SIMD module would read and write wherever it is told to.
//
// A backend has three parts, each an interface with its contract: [Memory] (backend.go),
// [Loading] (loading.go) and [Operations] (operations.go). The contract of an operation is
// the comment on its method. It is a loop, and [Reference] is the same loop in Go. One
// table of cases (package kerneltest) compares the other backends (packages simd
// and webgpu) with the reference.
//
// The files device_*.go are the checked calls, reference_*.go the loops. ADDING.md shows
// how an operation is added, from the contract to all backends.
//
// Kernels know nothing about models.
package kernels
