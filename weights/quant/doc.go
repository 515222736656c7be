// Package quant is the 8-bit and the 4-bit form of weights: symmetric, with scales per
// output row or per block of a row, kept in the compressed-tensors convention that Hugging
// Face folders use.
//
//	X.weight        I8  [rows, cols]   q = round-half-even(w / scale), −127 … 127
//	X.weight_scale  F32 [rows, 1]      scale = max|w| of the row / 127
//	w ≈ q · scale                      |error| ≤ scale / 2
//
//	X.weight_packed I32 [rows, cols/8]  eight q + 8 in each, the first in the lowest bits; q = −8 … 7
//	X.weight_scale  F16 [rows, cols/32] of each block; F32 where F16 cannot hold them
//	X.weight_shape  I64 [2]             rows, cols
//
// and in config.json a quantization_config that says so. Activations are quantised
// while running (dynamic, per token), so nothing about them is stored.
//
// Begin with [QuantizeRows] for the arithmetic, [KeepF32] for what stays f32,
// [ReadConfig], [Pairs] and [PackedOf] for a folder that is already quantised. Natively,
// [Folder] turns an f32, f16 or bf16 folder into a q8 or q4 folder and [DequantizeFolder] goes back.
package quant
