package safetensors

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// DecodeFloats converts little-endian F32, F16 or BF16 elements of src to dst, as many as
// both have, and returns their number. It is 0 for other types.
//
//	dst [n], src [n × d.Size()] bytes
func DecodeFloats(dst []float32, src []byte, d DType) int {
	if !d.IsFloat() {
		return 0
	}
	n := min(len(dst), len(src)/d.Size())
	dst = dst[:n]
	switch d {
	case F32:
		for i := range dst {
			dst[i] = math.Float32frombits(lean.Uint32(src[4*i:]))
		}
	case F16:
		for i := range dst {
			dst[i] = kernels.FromF16(lean.Uint16(src[2*i:]))
		}
	case BF16:
		for i := range dst {
			dst[i] = kernels.FromBF16(lean.Uint16(src[2*i:]))
		}
	}
	return n
}

// AppendFloats appends src to dst as little-endian F32, F16 or BF16, rounded to the
// nearest, ties to even. For other types it appends nothing.
func AppendFloats(dst []byte, src []float32, d DType) []byte {
	for _, f := range src {
		switch d {
		case F32:
			dst = lean.AppendUint32(dst, math.Float32bits(f))
		case F16:
			dst = lean.AppendUint16(dst, kernels.ToF16(f))
		case BF16:
			dst = lean.AppendUint16(dst, kernels.ToBF16(f))
		}
	}
	return dst
}
