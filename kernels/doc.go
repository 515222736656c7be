// Package kernels computes the operations of a transformer on memory that is not
// Go's: the linear memory of a WebAssembly module, or a byte slice that stands for
// it.
//
// Begin with [Device]. It owns a [Backend], hands out memory, checks the shape and
// the extent of every argument, and only then calls the backend, which checks
// nothing: the SIMD module would read and write wherever it is told to.
//
// The contract of each operation is the comment on its method of [Backend]. The
// comment is the reference loop, and [Reference] is that loop in Go. The other
// backends (package simd) are held against it by one table of cases (package
// kerneltest).
//
// A kernel knows nothing of models; a backend never learns which model it serves.
package kernels
