// Package quant is the 8-bit form of weights: symmetric, one scale per output row, kept
// in the compressed-tensors convention that Hugging Face folders use.
//
//	X.weight        I8  [rows, cols]   q = round-half-even(w / scale), −127 … 127
//	X.weight_scale  F32 [rows, 1]      scale = max|w| of the row / 127
//	w ≈ q · scale                      |error| ≤ scale / 2
//
// and in config.json a quantization_config that says so. Activations are quantised
// while running (dynamic, per token), so nothing about them is stored.
//
// Begin with [QuantizeRows] for the arithmetic, [KeepF32] for what stays f32,
// [ReadConfig] and [Pairs] for a folder that is already quantised. Natively, [Folder]
// turns an f32, f16 or bf16 folder into a q8 folder and [DequantizeFolder] goes back.
package quant
