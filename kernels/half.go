package kernels

import "math"

// Numbers of 16 bits. No backend computes with them: they are widened to float32, which is
// exact, on the way into a product.

// ToF16 is the half-precision number (IEEE 754 binary16: 1 sign, 5 exponent with bias 15,
// 10 fraction bits) nearest to x, ties to even. Numbers that round beyond MaxF16 become
// infinities. NaN becomes a quiet NaN with the top bits of its payload.
func ToF16(x float32) uint16 {
	b := math.Float32bits(x)
	sign := uint16(b >> 16 & 0x8000)
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000: // NaN
		return sign | 0x7e00 | uint16(b>>13&0x3ff)
	case b >= 0x47800000: // 2¹⁶ and more, infinity
		return sign | 0x7c00
	case b >= 0x38800000: // normal: subtract 112 from the exponent, drop 13 bits; a carry increments the exponent
		b -= 112 << 23
		return sign | uint16((b+0xfff+b>>13&1)>>13)
	case b >= 0x33000000: // subnormal: a multiple of 2⁻²⁴
		shift := 126 - b>>23 // 14 … 24
		m := b&0x7fffff | 0x800000
		return sign | uint16((m+1<<(shift-1)-1+m>>shift&1)>>shift)
	}
	return sign // at most 2⁻²⁵, which ties to zero
}

// FromF16 is the number whose half-precision bits are h. It is exact.
func FromF16(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exp {
	case 0: // zero or subnormal: frac · 2⁻²⁴
		return math.Float32frombits(math.Float32bits(float32(frac)*(1.0/(1<<24))) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// ToBF16 is the bfloat16 number, the upper half of a float32, nearest to x, ties to even.
// NaN becomes a quiet NaN with the top bits of its payload.
func ToBF16(x float32) uint16 {
	b := math.Float32bits(x)
	if b&0x7fffffff > 0x7f800000 {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// FromBF16 is the number whose bfloat16 bits are h. It is exact.
func FromBF16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }
