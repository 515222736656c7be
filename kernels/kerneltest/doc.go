// Package kerneltest holds every backend of the kernels against the reference.
//
// [Cases] is one table for all of them: each operation at odd sizes, strides, in
// place, with every activation and mask, and on numbers that are not finite. [Run]
// runs cases on two backends and compares. Around every buffer lie guard bands of
// NaN: a store outside a buffer changes one, and a load outside it that reaches a
// result makes the result NaN. Inputs are compared with what they were.
//
// [Random] draws calls of every operation instead, with numbers that are not finite, or
// subnormal, strewn over their inputs; each operation has a fuzzer that draws its calls so.
//
// [Measure] holds exp, softmax and activations against float64, within [Bounds].
//
// budgets.go says how much an operation may differ; table files say what is run.
// Nothing here imports testing, so that the same table runs in a browser (see
// wasm/kerneltest).
package kerneltest
