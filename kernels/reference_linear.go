package kernels

import "math"

func (r *Reference) LinearF32(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act Activation, alpha float32) {
	for i := range int(m) {
		in, out := r.row(x, ldx, i, int(k)), r.row(y, ldy, i, int(n))
		for j := range out {
			row := r.row(w, k, j, int(k))
			s := 0.0
			for l, v := range in {
				s += float64(v) * float64(row[l])
			}
			out[j] = r.finish(s, bias, res, ldres, i, j, act, alpha)
		}
	}
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

func (r *Reference) LinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n uint32, act Activation, alpha float32, levels, scratch uint32) {
	q := make([]int32, k)
	for i := range int(m) {
		in, out := r.row(x, ldx, i, int(k)), r.row(y, ldy, i, int(n))
		var sx float32
		if levels > MaxUnsignedLevels {
			sx = quantizeSigned(q, in, levels)
		} else {
			sx = quantizeZero(q, in, levels)
		}
		for j := range out {
			row := r.i8(w+uint32(j)*k, int(k))
			var sum int64
			for l, v := range q {
				sum += int64(v) * int64(row[l])
			}
			s := float64(sum) * float64(sx) * float64(r.f32(ws+uint32(j)*4, 1)[0])
			out[j] = r.finish(s, bias, res, ldres, i, j, act, alpha)
		}
	}
}

// LevelsOf16Bits is Levels(I8, k) of backends whose integer arithmetic multiplies 16 by 16
// bits and adds in 32: the largest L ≤ 32767 for which a sum of k ≤ MaxIn products of −128
// and ±L fits int32.
func LevelsOf16Bits(k uint32) uint32 {
	return uint32(max(MaxUnsignedLevels+1, min(math.MaxInt16, math.MaxInt32/(128*max(uint64(k), 1)))))
}

// quantizeSigned quantises a row to −levels…levels.
func quantizeSigned(q []int32, x []float32, levels uint32) (scale float32) {
	scale = float32(maxAbs(x)) / float32(levels)
	for l, v := range x {
		q[l] = 0
		if scale > 0 {
			q[l] = quantum(v, scale, float64(levels))
		}
	}
	return scale
}

// quantizeZero quantises a row to 0…levels, less the zero point.
func quantizeZero(q []int32, x []float32, levels uint32) (scale float32) {
	low, high, top := float32(0), float32(0), float32(levels)
	for _, v := range x {
		low, high = min(low, v), max(high, v)
	}
	scale = float32(high/top) - float32(low/top)
	for _, v := range x {
		scale += v * 0 // NaN unless v is finite
	}
	zero := int32(0)
	if scale > 0 {
		zero = quantum(-low, scale, float64(levels))
	}
	for l, v := range x {
		q[l] = 0
		if scale > 0 {
			q[l] = max(0, min(int32(levels), zero+quantum(v, scale, float64(levels)))) - zero
		}
	}
	return scale
}

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

// Levels are those of arithmetic with 16 bits.
func (r *Reference) Levels(t DType, k uint32) uint32 {
	if t == Q4 {
		return math.MaxInt16
	}
	return LevelsOf16Bits(k)
}

func (r *Reference) LinearScratch(t DType, m, k uint32) uint64 { return 0 }

// finish adds the bias, applies the activation and adds the residual.
func (r *Reference) finish(s float64, bias, res, ldres uint32, i, j int, act Activation, alpha float32) float32 {
	if bias != 0 {
		s += float64(r.f32(bias+uint32(j)*4, 1)[0])
	}
	s = activate(s, act)
	if res != 0 {
		s += float64(alpha) * float64(r.row(res, ldres, i, j+1)[j])
	}
	return float32(s)
}
