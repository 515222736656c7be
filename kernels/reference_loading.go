package kernels

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// The reference packs nothing: packed weights are the rows as they are, of Q4 each with its
// scales behind it.

func (r *Reference) PackedSize(t DType, n, k uint32) uint64 {
	if t == Q4 {
		return uint64(n) * (t.RowSize(int(k)) + 4*blocksQ4(int(k)))
	}
	return uint64(n) * uint64(k) * t.Size()
}

func (r *Reference) PackF32(dst, src, n, k uint32) {
	copy(r.f32(dst, int(n*k)), r.f32(src, int(n*k)))
}

func (r *Reference) PackF16(dst, src, n, k uint32) {
	copy(r.mem[dst:dst+2*n*k], r.mem[src:])
}

func (r *Reference) PackQ8(dst, src, n, k uint32) { copy(r.i8(dst, int(n*k)), r.i8(src, int(n*k))) }

func (r *Reference) PackQ4(dst, src, scale, n, k uint32) {
	row, blocks := uint32(Q4.RowSize(int(k))), uint32(blocksQ4(int(k)))
	for i := range n {
		to := dst + i*(row+4*blocks)
		copy(r.mem[to:to+row], r.mem[src+i*row:])
		copy(r.mem[to+row:to+row+4*blocks], r.mem[scale+i*4*blocks:])
	}
}

func (r *Reference) QuantizeRows(q, scale, src, n, k uint32) {
	for i := range int(n) {
		x := r.row(src, k, i, int(k))
		dst := r.i8(q+uint32(i)*k, int(k))
		s := float32(maxAbs(x)) / 127
		r.f32(scale, int(n))[i] = s
		for j, v := range x {
			dst[j] = 0
			if s > 0 {
				dst[j] = int8(quantum(v, s, 127))
			}
		}
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

func maxAbs(x []float32) (m float64) {
	for _, v := range x {
		m = max(m, math.Abs(float64(v)))
	}
	return m
}

// quantum is v in units of s, rounded to even and clamped to ±limit. NaN, which is infinity
// in units of infinity, gives 0: the scale alone shows that a number was not finite.
func quantum(v, s float32, limit float64) int32 {
	q := math.RoundToEven(float64(v / s))
	if math.IsNaN(q) {
		return 0
	}
	return int32(max(-limit, min(limit, q)))
}

func (r *Reference) WidenF16(dst, src, n uint32) {
	out := r.f32(dst, int(n))
	for i := range out {
		out[i] = r.f16(src, i)
	}
}

func (r *Reference) WidenBF16(dst, src, n uint32) {
	out := r.f32(dst, int(n))
	for i := range out {
		out[i] = FromBF16(lean.Uint16(r.mem[src+uint32(2*i):]))
	}
}

func (r *Reference) NarrowF16(dst, src, n, beyond uint32) {
	for i, v := range r.f32(src, int(n)) {
		h := ToF16(v)
		switch {
		case v != v:
			h = h&0x8000 | 0x7e00
		case h&0x7fff == 0x7c00 && !math.IsInf(float64(v), 0):
			lean.PutUint32(r.mem[beyond:], 1)
		}
		r.mem[dst+uint32(2*i)], r.mem[dst+uint32(2*i)+1] = byte(h), byte(h>>8)
	}
}

// f16 is the number with index i of the half-precision numbers at offset at.
func (r *Reference) f16(at uint32, i int) float32 {
	return FromF16(lean.Uint16(r.mem[at+uint32(2*i):]))
}
