package safetensors

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Float16 is the IEEE 754 binary16 nearest to f, ties to even: 1 sign, 5 exponent
// (bias 15), 10 fraction bits. Beyond 65504 it is an infinity; a NaN stays a quiet NaN
// with the top of its payload.
func Float16(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b >> 16 & 0x8000)
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000: // NaN
		return sign | 0x7e00 | uint16(b>>13&0x3ff)
	case b >= 0x47800000: // 2¹⁶ and more, infinity
		return sign | 0x7c00
	case b >= 0x38800000: // normal: rebias by 112, drop 13 bits; a carry walks into the exponent
		b -= 112 << 23
		return sign | uint16((b+0xfff+b>>13&1)>>13)
	case b >= 0x33000000: // subnormal: a multiple of 2⁻²⁴
		shift := 126 - b>>23 // 14 … 24
		m := b&0x7fffff | 0x800000
		return sign | uint16((m+1<<(shift-1)-1+m>>shift&1)>>shift)
	}
	return sign // at most 2⁻²⁵, which ties to zero
}

// FromFloat16 is exact.
func FromFloat16(h uint16) float32 {
	sign, exp, frac := uint32(h&0x8000)<<16, uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exp {
	case 0: // zero or subnormal: frac · 2⁻²⁴
		f := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// BFloat16 is the bfloat16 nearest to f, ties to even: the upper half of a float32.
// A NaN stays a quiet NaN with the top of its payload.
func BFloat16(f float32) uint16 {
	b := math.Float32bits(f)
	if b&0x7fffffff > 0x7f800000 {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// FromBFloat16 is exact.
func FromBFloat16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// DecodeFloats converts little-endian F32, F16 or BF16 elements, all of src that dst
// has room for, and returns how many; 0 for another type.
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
			dst[i] = FromFloat16(lean.Uint16(src[2*i:]))
		}
	case BF16:
		for i := range dst {
			dst[i] = FromBFloat16(lean.Uint16(src[2*i:]))
		}
	}
	return n
}

// AppendFloats appends src to dst as little-endian F32, F16 or BF16, rounding to
// nearest even; for another type it appends nothing.
func AppendFloats(dst []byte, src []float32, d DType) []byte {
	for _, f := range src {
		switch d {
		case F32:
			dst = lean.AppendUint32(dst, math.Float32bits(f))
		case F16:
			dst = lean.AppendUint16(dst, Float16(f))
		case BF16:
			dst = lean.AppendUint16(dst, BFloat16(f))
		}
	}
	return dst
}
