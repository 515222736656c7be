// Package kerneltest compares every backend of the kernels with the reference.
//
// Begin with [Cases], one table for all backends: each operation at odd sizes, with
// strides, in place, with every activation and mask, and on numbers that are not finite.
// [Run] runs cases on two backends and compares the results. Guard bands of NaN surround
// every buffer: a store outside a buffer changes one, and a load outside it that reaches
// a result makes the result NaN. Inputs must not change.
//
// [Random] draws calls of every operation at random and scatters numbers that are not
// finite, or subnormal, over their inputs. Each operation also has a fuzzer, which draws
// calls in the same way.
//
// [Measure] compares exp, softmax and the activations with float64, within [Bounds].
//
// [Deferred] is a backend that runs calls later, as a GPU does.
//
// budgets.go has the largest error of each operation. calls.go, linear.go and attention.go
// make calls; cases.go has the table of the smaller operations, draw.go the random calls.
// Nothing here imports testing, so that the same table runs in a browser (see
// wasm/kerneltest).
package kerneltest
