package kernels

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Weights of 16 bits: IEEE 754 half precision, in half the bytes of float32. WebAssembly
// has no arithmetic on them; they become float32 on the way into a product, exactly.

// RowBlockF16 is RowBlock for weights of 16 bits: a panel is widened once a call, which
// many rows share.
const RowBlockF16 = 256

// MaxF16 is the largest number of half precision.
const MaxF16 = 65504

// OpsF16 are the operations of a Backend on weights of 16 bits.
type OpsF16 interface {
	// PackF16 packs weights src f16 [n,k] row-major into dst, n rows from a panel's start.
	// The layout is the backend's own.
	PackF16(dst, src, n, k uint32)

	// NarrowF16 converts n f32 numbers at src to f16 at dst, to the nearest, ties to even;
	// NaN becomes 0x7e00 or 0xfe00. The result is 1 if a number that is finite is beyond f16
	// and became an infinity, else 0. dst and src may not overlap.
	NarrowF16(dst, src, n uint32) uint32

	// EmbedF16 is EmbedF32 on a table f16 [·,d].
	EmbedF16(y, table, ids, n, d uint32, mul float32, accumulate uint32)

	// LinearF16 is LinearF32 on packed weights f16 [n,k] for up to RowBlockF16 rows; scratch
	// holds ScratchF16(m, k) bytes.
	LinearF16(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act Activation, alpha float32, scratch uint32)
	// ScratchF16 is the number of bytes of scratch that LinearF16 needs for m rows of k.
	ScratchF16(m, k uint32) uint64
}

// NarrowF16 converts n f32 numbers at src to f16 at dst, and tells whether all that are
// finite still are: the largest number of f16 is MaxF16. See OpsF16.
func (d *Device) NarrowF16(dst, src uint32, n int) (fits bool) {
	if d.err != nil || n == 0 {
		return true
	}
	if !fits32(n) || !d.inside(dst, uint64(n)*2) || !d.inside(src, uint64(n)*4) || dst%2 != 0 || src%4 != 0 ||
		uint64(dst) < uint64(src)+uint64(n)*4 && uint64(src) < uint64(dst)+uint64(n)*2 {
		d.fail(ErrArgument, "narrow: %d numbers from %d to %d", n, src, dst)
		return true
	}
	return d.still || d.b.NarrowF16(dst, src, uint32(n)) == 0
}

// linearF16 is Linear where everything has been checked but the memory of scratch.
func (d *Device) linearF16(y, x Tensor, w Weight, bias, res, ldres uint32, act Activation, alpha float32) {
	mark := d.Mark()
	defer d.Release(mark)
	in := uint32(w.In)
	scratch := d.Alloc(d.b.ScratchF16(uint32(min(x.Rows, RowBlockF16)), in))
	if d.err != nil || d.still {
		return
	}
	for r := 0; r < x.Rows; r += RowBlockF16 {
		m, at := uint32(min(RowBlockF16, x.Rows-r)), res
		if res != 0 {
			at += uint32(r) * ldres * 4
		}
		d.b.LinearF16(y.At+uint32(r*y.Stride)*4, uint32(y.Stride), x.At+uint32(r*x.Stride)*4, uint32(x.Stride),
			w.At, bias, at, ldres, m, in, uint32(w.Out), act, alpha, scratch)
	}
}

// FromF16 is the number whose half-precision bits are h.
func FromF16(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exp {
	case 0:
		return math.Float32frombits(math.Float32bits(float32(frac)*(1.0/(1<<24))) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// ToF16 is x in half precision: the nearest, ties to even.
func ToF16(x float32) uint16 {
	sign := uint16(math.Float32bits(x)>>31) << 15
	a := math.Abs(float64(x))
	switch {
	case a != a:
		return sign | 0x7e00
	case a >= 65520: // halfway to 2¹⁶
		return sign | 0x7c00
	case a < 0x1p-14:
		return sign | uint16(math.RoundToEven(a*(1<<24)))
	}
	_, e := math.Frexp(a) // a = f·2ᵉ with ½ ≤ f < 1
	// The fraction, 2¹⁰ to 2¹¹, carries into the exponent.
	return sign | uint16(uint32(e+13)<<10+uint32(math.RoundToEven(math.Ldexp(a, 11-e))))
}

// The reference keeps packed weights of 16 bits as they are.

func (r *Reference) PackF16(dst, src, n, k uint32) {
	copy(r.mem[dst:dst+2*n*k], r.mem[src:])
}

func (r *Reference) NarrowF16(dst, src, n uint32) (beyond uint32) {
	for i, v := range r.f32(src, int(n)) {
		h := ToF16(v)
		if h&0x7fff == 0x7c00 && !math.IsInf(float64(v), 0) {
			beyond = 1
		}
		r.mem[dst+uint32(2*i)], r.mem[dst+uint32(2*i)+1] = byte(h), byte(h>>8)
	}
	return beyond
}

// f16 is number i of those at offset at.
func (r *Reference) f16(at uint32, i int) float32 {
	return FromF16(lean.Uint16(r.mem[at+uint32(2*i):]))
}

func (r *Reference) EmbedF16(y, table, ids, n, d uint32, mul float32, accumulate uint32) {
	r.embed(y, ids, n, d, accumulate, func(id int32, j int) float32 { return mul * r.f16(table+2*uint32(id)*d, j) })
}

func (r *Reference) LinearF16(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act Activation, alpha float32, scratch uint32) {
	for i := range int(m) {
		in, out := r.row(x, ldx, i, int(k)), r.row(y, ldy, i, int(n))
		for j := range out {
			s := 0.0
			for l, v := range in {
				s += float64(v) * float64(r.f16(w+2*uint32(j)*k, l))
			}
			out[j] = r.finish(s, bias, res, ldres, i, j, act, alpha)
		}
	}
}

func (r *Reference) ScratchF16(m, k uint32) uint64 { return 0 }
