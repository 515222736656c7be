package quant

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// Block is the number of adjacent 4-bit weights of a row that share a scale in the files
// that this package writes. It also reads groups of several blocks.
const Block = kernels.BlockQ4

// packFactor is the number of 4-bit weights in an int32.
const packFactor = 8

// blockScale is the scale of one block: the number of largest magnitude is −8 steps, so that
// it is represented exactly (the rule of kernels.Loading.QuantizeQ4). The scale can be
// negative. bad is the first number that is not finite, −1 if there is none.
func blockScale(block []float32) (scale float32, bad int) {
	low, high := float32(0), float32(0)
	for i, v := range block {
		if v-v != 0 {
			return 0, i
		}
		low, high = min(low, v), max(high, v)
	}
	if -low >= high {
		return low/-8 + 0, -1 // a block of zeros has 0, not −0
	}
	return high / -8, -1
}

// QuantizeBlock quantises up to 32 numbers to 4 bits, eight in each word, the first in the
// lowest bits, as integers −8 … 7 plus 8:
//
//	q[i] = clamp(roundHalfEven(block[i] / scale), −8, 7) + 8      8 if scale is 0
//
// What is left of the last word is filled with 8, which stands for 0.
func QuantizeBlock(dst []uint32, block []float32, scale float32) {
	for w := range dst {
		word := uint32(0)
		for j := range packFactor {
			q := 0.0
			if i := w*packFactor + j; i < len(block) && scale != 0 {
				// A quotient that overflows is cut like any other.
				q = min(max(math.RoundToEven(float64(block[i]/scale)), -8), 7)
			}
			word |= uint32(int32(q)+8) << (4 * j)
		}
		dst[w] = word
	}
}

// DequantizeWord is the way back for the eight weights of a word, or as many as dst has.
func DequantizeWord(dst []float32, word uint32, scale float32) {
	for j := range dst {
		dst[j] = float32(int32(word>>(4*j)&15)-8) * scale
	}
}

// scaleType is F16 where it holds every scale to 11 bits, or else F32; scales are rounded
// to it, so that weights are quantised with the scale that they will be multiplied by.
func scaleType(scales []float32) safetensors.DType {
	const least, most = 1.0 / (1 << 14), 65504
	for _, s := range scales {
		if m := math.Abs(float64(s)); m != 0 && (m < least || m > most) {
			return safetensors.F32
		}
	}
	for i, s := range scales {
		scales[i] = kernels.FromF16(kernels.ToF16(s))
	}
	return safetensors.F16
}
