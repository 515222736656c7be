package kernels

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Known values from IEEE 754 binary16 and the definition of bfloat16.
func TestHalfKnownValues(t *testing.T) {
	inf := float32(math.Inf(1))
	negZero := float32(math.Copysign(0, -1))
	for _, tt := range []struct {
		f         float32
		f16, bf16 uint16
	}{
		{0, 0, 0}, {negZero, 0x8000, 0x8000}, {1, 0x3c00, 0x3f80}, {-2, 0xc000, 0xc000},
		{inf, 0x7c00, 0x7f80}, {-inf, 0xfc00, 0xff80},
		{65504, 0x7bff, 0x4780}, {65519.996, 0x7bff, 0x4780}, {65520, 0x7c00, 0x4780}, // 65520 ties to even, which is 2¹⁶
		{math.MaxFloat32, 0x7c00, 0x7f80},
		{0x1p-14, 0x0400, 0x3880}, {0x1p-24, 0x0001, 0x3380},
		{0x1p-25, 0x0000, 0x3300}, {0x1.000002p-25, 0x0001, 0x3300}, // ties to zero, and just above
		{0x1.8p-24, 0x0002, 0x33c0},                                  // 1.5 units tie to 2
		{0x1.4p-23, 0x0002, 0x3420},                                  // 2.5 units tie to 2
		{0x1.ff8p-15, 0x03ff, 0x3880}, {0x1.ffcp-15, 0x0400, 0x3880}, // 1023 units; 1023.5 tie to 1024, a normal number
		{1 + 0x1p-11, 0x3c00, 0x3f80}, {1 + 3*0x1p-11, 0x3c02, 0x3f80}, // ties to even, down and up
		{1 + 0x1p-8, 0x3c04, 0x3f80}, {1 + 3*0x1p-8, 0x3c0c, 0x3f82},
		{math.SmallestNonzeroFloat32, 0, 0},
	} {
		if got := ToF16(tt.f); got != tt.f16 {
			t.Errorf("ToF16(%g) = %#04x, want %#04x", tt.f, got, tt.f16)
		}
		if got := ToBF16(tt.f); got != tt.bf16 {
			t.Errorf("ToBF16(%g) = %#04x, want %#04x", tt.f, got, tt.bf16)
		}
	}
}

// All 65536 patterns go to float32 and come back; NaNs come back quiet.
func TestHalfRoundTripsEveryPattern(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		want := h
		if h&0x7c00 == 0x7c00 && h&0x3ff != 0 {
			want |= 0x200
		}
		f := FromF16(h)
		if got := ToF16(f); got != want {
			t.Fatalf("f16 %#04x → %g → %#04x", h, f, got)
		}
		if ref := slowFromF16(h); float64(f) != ref && !(math.IsNaN(ref) && f != f) {
			t.Fatalf("f16 %#04x = %g, want %g", h, f, ref)
		}
		want = h
		if h&0x7f80 == 0x7f80 && h&0x7f != 0 {
			want |= 0x40
		}
		if got := ToBF16(FromBF16(h)); got != want {
			t.Fatalf("bf16 %#04x → %g → %#04x", h, FromBF16(h), got)
		}
	}
}

// slowFromF16 is the definition, in float64.
func slowFromF16(h uint16) float64 {
	sign := 1 - 2*float64(h>>15)
	e, f := int(h>>10&31), float64(h&1023)
	switch {
	case e == 31 && f != 0:
		return math.NaN()
	case e == 31:
		return math.Inf(int(sign))
	case e == 0:
		return sign * math.Ldexp(f, -24)
	}
	return sign * math.Ldexp(1024+f, e-25)
}

// Rounding against a definition in float64: the value in units of the last place,
// rounded by math.RoundToEven.
func TestHalfRoundsToNearestEven(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 400_000 {
		// Exponents around binary16's range; a third of the values are ties.
		bits := rng.Uint32()&0x807fffff | uint32(90+rng.IntN(60))<<23
		if rng.IntN(3) == 0 {
			bits = bits&^0x1fff | 0x1000
		}
		f := math.Float32frombits(bits)
		if got, want := float64(FromF16(ToF16(f))), nearest(float64(f), 10, -24, 65504); got != want {
			t.Fatalf("ToF16(%b) = %b, want %b", f, got, want)
		}
		if rng.IntN(3) == 0 {
			bits = rng.Uint32()&^0xffff | 0x8000
			f = math.Float32frombits(bits)
		}
		if f != f {
			continue
		}
		if got, want := float64(FromBF16(ToBF16(f))), nearest(float64(f), 7, -133, 0x1.fep127); got != want {
			t.Fatalf("ToBF16(%b) = %b, want %b", f, got, want)
		}
	}
}

// nearest rounds to a format of fraction bits whose smallest unit is 2^least.
func nearest(f float64, fraction, least int, largest float64) float64 {
	if f == 0 || math.IsInf(f, 0) {
		return f
	}
	unit := max(math.Ilogb(f)-fraction, least)
	r := math.Ldexp(math.RoundToEven(math.Ldexp(f, -unit)), unit)
	if math.Abs(r) > largest {
		return math.Copysign(math.Inf(1), f)
	}
	return r
}
