// Package webgpu is the kernels.Backend of a GPU that a browser offers by WebGPU.
//
// The Go program does not call WebGPU. It appends the calls of a forward pass to a list of
// 32-bit numbers, the commands (recorder.go), and hands the list over when a result is read
// or the list is full. JavaScript plays it (bridge.mjs): it encodes one compute pass, sends
// it to the GPU in one command buffer and answers a Read when the bytes are there. So a
// command costs neither side an object.
//
// Begin with [Recorder], which is the Backend. New makes the one of a browser. kernels.go has
// the numbers of the kernels and what they take; package gen, in the folder gen, emits their
// text in WGSL to wgsl.mjs. layout.go has the layout of packed weights and of scratch.
//
// # Memory
//
// Memory is one or more segments, each a storage buffer as large as the adapter binds at once
// or smaller. Place moves an object that would straddle two of them. A kernel is compiled for
// each distribution of its operands over segments that occurs, nearly always one.
//
// # Accuracy
//
// WGSL promises little about NaN, infinities, subnormal numbers and division. What has to be
// exact (quantisation, half precision) is computed with integers; the rest is within the
// budgets of package kerneltest, which the table of cases and 5,000 random calls hold it to in
// a browser (make webgpu). int8
// layers have activations of 8 bits with a zero point, as the variant fused8 of package simd.
package webgpu
