package kernels

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// The 4-bit linear layer: weights in blocks of BlockQ4 along a row, each with a scale.
//
// Row-major 4-bit weights are integers −8…7 as offset binary, that is 8 more, eight in
// four bytes, the first in the lowest bits; a row is filled up to whole groups of eight:
// u8 [n, 4*⌈k/8⌉]. That is what compressed-tensors calls pack-quantized, whose
// X.weight_packed is i32 [n, k/8]. Scales are f32 [n, ⌈k/BlockQ4⌉].

// BlockQ4 is the number of neighbours in a row of 4-bit weights that share a scale.
const BlockQ4 = 32

// OpsQ4 are the operations of a Backend on 4-bit weights.
type OpsQ4 interface {
	// PackQ4 packs 4-bit weights src u8 [n, 4*⌈k/8⌉] with scale f32 [n, ⌈k/32⌉] into
	// dst, n rows from a panel's start. The layout is the backend's own.
	PackQ4(dst, src, scale, n, k uint32)

	// QuantizeQ4 quantises rows of src f32 [n,k] to q u8 [n, 4*⌈k/8⌉] and scale f32
	// [n, ⌈k/32⌉]. For each block of a row
	//
	//	low, high = min(0, min_l src[l]), max(0, max_l src[l])
	//	scale     = −(low if −low >= high, else high) / 8    NaN if a src[l] is not finite
	//	q[l]      = round-half-even(src[l] / scale) + 8      cut to 0…15; 8 if scale = 0
	//
	// so that the number of largest magnitude is met exactly. The block's fill has q = 8.
	QuantizeQ4(q, scale, src, n, k uint32)

	// LevelsQ4 is the largest magnitude to which LinearQ4 quantises activations.
	LevelsQ4() uint32

	// LinearQ4 is LinearF32 on packed 4-bit weights:
	//
	//	sx      = max_l |x[i,l]| / levels
	//	q[i,l]  = round-half-even(x[i,l] / sx)               0 if sx = 0
	//	s       = bias[j] + sx * Σ_b scale[j,b] * Σ_{l in b} q[i,l] * w[j,l]
	//	y[i,j]  = act(s) + alpha * res[i,j]
	//
	// levels is LevelsQ4(); scratch holds ScratchQ4(m, k) bytes.
	LinearQ4(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act Activation, alpha float32, levels, scratch uint32)
	// ScratchQ4 is the number of bytes of scratch that LinearQ4 needs for m rows of k.
	ScratchQ4(m, k uint32) uint64
}

// QuantizeQ4 quantises n rows of k numbers f32 at src to 4 bits at q, with scales f32 at
// scale. See OpsQ4.
func (d *Device) QuantizeQ4(q, scale, src uint32, n, k int) {
	if d.err != nil || n == 0 || k == 0 {
		return
	}
	if !fits32(n, k) || !d.inside(q, uint64(n)*Q4.RowSize(k)) || !d.inside(scale, uint64(n)*blocksQ4(k)*4) ||
		!d.inside(src, uint64(n)*uint64(k)*4) || (q|scale|src)%4 != 0 {
		d.fail(ErrArgument, "quantise to 4 bits: %d×%d are not inside memory", n, k)
		return
	}
	if d.still {
		return
	}
	d.b.QuantizeQ4(q, scale, src, uint32(n), uint32(k))
}

// PackQ4 packs n rows of 4-bit weights at src with scales f32 at scale as the rows
// [row, row+n) of w, whose type is Q4. row and n are as in Pack.
func (d *Device) PackQ4(w Weight, row, n int, src, scale uint32) {
	if d.err != nil || n == 0 || w.In == 0 {
		return
	}
	if w.DType != Q4 {
		d.fail(ErrArgument, "pack: 4-bit rows for a weight of %s", w.DType)
		return
	}
	if !d.checkPanels(w, row, n) {
		return
	}
	before := d.b.PackedSize(Q4, uint32(row), uint32(w.In))
	size := d.b.PackedSize(Q4, uint32(n), uint32(w.In))
	if !d.inside(src, uint64(n)*Q4.RowSize(w.In)) || !d.inside(scale, uint64(n)*blocksQ4(w.In)*4) || !d.inside(w.At, before+size) || (src|scale)%4 != 0 {
		d.fail(ErrArgument, "pack: %d×%d of %s are not inside memory", n, w.In, w.DType)
		return
	}
	if d.still {
		return
	}
	d.b.PackQ4(w.At+uint32(before), src, scale, uint32(n), uint32(w.In))
}

// blocksQ4 is the number of blocks in a row of k.
func blocksQ4(k int) uint64 { return (uint64(k) + BlockQ4 - 1) / BlockQ4 }

// The reference keeps packed 4-bit weights as they are: the rows, then their scales.

func (r *Reference) PackQ4(dst, src, scale, n, k uint32) {
	row, blocks := uint32(Q4.RowSize(int(k))), uint32(blocksQ4(int(k)))
	for i := range n {
		to := dst + i*(row+4*blocks)
		copy(r.mem[to:to+row], r.mem[src+i*row:])
		copy(r.mem[to+row:to+row+4*blocks], r.mem[scale+i*4*blocks:])
	}
}

func (r *Reference) QuantizeQ4(q, scale, src, n, k uint32) {
	row, blocks := uint32(Q4.RowSize(int(k))), int(blocksQ4(int(k)))
	for i := range int(n) {
		x := r.row(src, k, i, int(k))
		for b := range blocks {
			part := x[b*BlockQ4 : min(len(x), (b+1)*BlockQ4)]
			low, high := float32(0), float32(0)
			for _, v := range part {
				low, high = min(low, v), max(high, v)
			}
			s := high / -8
			if -low >= high {
				s = low / -8
			}
			for _, v := range part {
				s += v * 0 // NaN unless v is finite
			}
			r.row(scale, uint32(blocks), i, blocks)[b] = s
			at := q + uint32(i)*row + uint32(b)*(BlockQ4/2)
			for g := 0; g < len(part); g += 8 {
				var word uint32
				for j := range 8 {
					v := int32(0)
					if g+j < len(part) && s != 0 && s == s {
						v = max(-8, min(7, quantum(part[g+j], s, 8)))
					}
					word |= uint32(v+8) << (4 * j)
				}
				lean.PutUint32(r.mem[at+uint32(g/2):], word)
			}
		}
	}
}

func (r *Reference) LevelsQ4() uint32 { return math.MaxInt16 }

func (r *Reference) ScratchQ4(m, k uint32) uint64 { return 0 }

func (r *Reference) LinearQ4(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act Activation, alpha float32, levels, scratch uint32) {
	size, blocks := uint32(Q4.RowSize(int(k))), int(blocksQ4(int(k)))
	q := make([]int32, k)
	for i := range int(m) {
		in, out := r.row(x, ldx, i, int(k)), r.row(y, ldy, i, int(n))
		sx := quantizeSigned(q, in, levels)
		for j := range out {
			at := w + uint32(j)*(size+4*uint32(blocks))
			scale := r.f32(at+size, blocks)
			sum := 0.0
			for b, s := range scale {
				var dot int64
				for l := b * BlockQ4; l < min(len(q), (b+1)*BlockQ4); l++ {
					v := int32(r.mem[at+uint32(l/2)]>>(4*(l%2))&15) - 8
					dot += int64(q[l]) * int64(v)
				}
				sum += float64(s) * float64(dot)
			}
			out[j] = r.finish(sum*float64(sx), bias, res, ldres, i, j, act, alpha)
		}
	}
}
