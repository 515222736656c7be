package kernels

import (
	"math"
	"unsafe"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Reference is the loops of Backend's comments in Go, on a byte slice. Sums are
// kept in float64, so it is also the more exact one.
type Reference struct {
	mem []byte
	max uint64
}

// NewReference makes a Reference whose memory may grow to max bytes; 0 means
// MaxMemory.
func NewReference(max uint64) *Reference {
	if max == 0 {
		max = MaxMemory
	}
	return &Reference{max: max}
}

var _ Backend = (*Reference)(nil)

func (r *Reference) Name() string { return "reference" }
func (r *Reference) Base() uint32 { return Alignment }
func (r *Reference) Size() uint64 { return uint64(len(r.mem)) }

func (r *Reference) Grow(size uint64) error {
	if size > r.max {
		return lean.Errorf("%d bytes are more than the limit of %d", size, r.max)
	}
	if size > uint64(len(r.mem)) {
		mem := make([]byte, min(r.max, size+size/4))
		copy(mem, r.mem)
		r.mem = mem
	}
	return nil
}

func (r *Reference) Write(at uint32, p []byte) { copy(r.mem[at:], p) }
func (r *Reference) Read(at uint32, p []byte)  { copy(p, r.mem[at:uint64(at)+uint64(len(p))]) }

// f32 is memory as n numbers at offset at.
func (r *Reference) f32(at uint32, n int) []float32 {
	if n == 0 {
		return nil
	}
	b := r.mem[at : uint64(at)+uint64(n)*4]
	return unsafe.Slice((*float32)(unsafe.Pointer(&b[0])), n)
}

func (r *Reference) i8(at uint32, n int) []int8 {
	if n == 0 {
		return nil
	}
	b := r.mem[at : uint64(at)+uint64(n)]
	return unsafe.Slice((*int8)(unsafe.Pointer(&b[0])), n)
}

func (r *Reference) i32(at uint32, n int) []int32 {
	if n == 0 {
		return nil
	}
	b := r.mem[at : uint64(at)+uint64(n)*4]
	return unsafe.Slice((*int32)(unsafe.Pointer(&b[0])), n)
}

// row is row i of a matrix with stride ld.
func (r *Reference) row(at, ld uint32, i, n int) []float32 {
	return r.f32(at+uint32(i)*ld*4, n)
}

// Packed weights are the weights as they are.

func (r *Reference) PackedSize(t DType, n, k uint32) uint64 {
	if t == Q4 {
		return uint64(n) * (t.RowSize(int(k)) + 4*blocksQ4(int(k)))
	}
	return uint64(n) * uint64(k) * t.Size()
}
func (r *Reference) PackF32(dst, src, n, k uint32) {
	copy(r.f32(dst, int(n*k)), r.f32(src, int(n*k)))
}
func (r *Reference) PackQ8(dst, src, n, k uint32) { copy(r.i8(dst, int(n*k)), r.i8(src, int(n*k))) }

func (r *Reference) QuantScratch(m, k uint32) uint64          { return 0 }
func (r *Reference) AttentionScratch(tq, tk, h uint32) uint64 { return 0 }

// QuantLevels is that of 16 bits.
func (r *Reference) QuantLevels(k uint32) uint32 { return QuantLevels16(k) }

// QuantLevels16 is QuantLevels of backends whose integer arithmetic multiplies 16
// by 16 bits and adds in 32: the largest L ≤ 32767 for which a sum of k ≤ MaxIn products
// of −128 and ±L fits int32.
func QuantLevels16(k uint32) uint32 {
	return uint32(max(EightBits+1, min(math.MaxInt16, math.MaxInt32/(128*max(uint64(k), 1)))))
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

func maxAbs(x []float32) (m float64) {
	for _, v := range x {
		m = max(m, math.Abs(float64(v)))
	}
	return m
}

// quantum is v in units of s. Infinity in units of infinity is 0: the scale carries
// on what was not finite.
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
		out[i] = math.Float32frombits(uint32(lean.Uint16(r.mem[src+uint32(2*i):])) << 16)
	}
}

func (r *Reference) EmbedF32(y, table, ids, n, d uint32, mul float32, accumulate uint32) {
	r.embed(y, ids, n, d, accumulate, func(id int32, j int) float32 {
		return mul * r.row(table, d, int(id), int(d))[j]
	})
}

func (r *Reference) EmbedQ8(y, table, scale, ids, n, d uint32, mul float32, accumulate uint32) {
	r.embed(y, ids, n, d, accumulate, func(id int32, j int) float32 {
		s := mul * r.f32(scale+uint32(id)*4, 1)[0]
		return s * float32(r.i8(table+uint32(id)*d, int(d))[j])
	})
}

func (r *Reference) embed(y, ids, n, d, accumulate uint32, entry func(id int32, j int) float32) {
	for i, id := range r.i32(ids, int(n)) {
		out := r.row(y, d, i, int(d))
		for j := range out {
			v := float32(0)
			if id >= 0 {
				v = entry(id, j)
			}
			if accumulate != 0 {
				out[j] += v
			} else {
				out[j] = v
			}
		}
	}
}

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

func (r *Reference) LinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n uint32, act Activation, alpha float32, levels, scratch uint32) {
	q := make([]int32, k)
	for i := range int(m) {
		in, out := r.row(x, ldx, i, int(k)), r.row(y, ldy, i, int(n))
		var sx float32
		if levels > EightBits {
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

// quantizeSigned is the first form of LinearQ8.
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

// quantizeZero is its second form, less the zero point.
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

// finish is what a linear layer does to a sum.
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

func activate(x float64, act Activation) float64 {
	if math.IsInf(x, -1) && act != None {
		return 0 // the limit; the formulas give −∞·0
	}
	switch act {
	case ReLU:
		return max(x, 0)
	case GELU:
		return x * 0.5 * math.Erfc(-x/math.Sqrt2)
	case SiLU:
		return x / (1 + math.Exp(-x))
	case GELUTanh:
		return x * 0.5 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	}
	return x
}

func (r *Reference) LayerNorm(y, x, w, b, n, d uint32, eps float32) {
	gain, shift := r.f32(w, int(d)), r.f32(b, int(d))
	for i := range int(n) {
		in, out := r.row(x, d, i, int(d)), r.row(y, d, i, int(d))
		mean, sq := 0.0, 0.0
		for _, v := range in {
			mean += float64(v)
		}
		mean /= float64(d)
		for _, v := range in {
			sq += (float64(v) - mean) * (float64(v) - mean)
		}
		inv := 1 / math.Sqrt(sq/float64(d)+float64(eps))
		for j, v := range in {
			out[j] = float32((float64(v)-mean)*inv*float64(gain[j]) + float64(shift[j]))
		}
	}
}

func (r *Reference) RMSNorm(y, x, w, n, d uint32, eps float32) {
	gain := r.f32(w, int(d))
	for i := range int(n) {
		in, out := r.row(x, d, i, int(d)), r.row(y, d, i, int(d))
		sq := 0.0
		for _, v := range in {
			sq += float64(v) * float64(v)
		}
		inv := 1 / math.Sqrt(sq/float64(d)+float64(eps))
		for j, v := range in {
			out[j] = float32(float64(v) * inv * float64(gain[j]))
		}
	}
}

func (r *Reference) Activate(y, x, n uint32, act Activation) {
	out := r.f32(y, int(n))
	for i, v := range r.f32(x, int(n)) {
		out[i] = float32(activate(float64(v), act))
	}
}

func (r *Reference) Add(y, a, b, n uint32, alpha float32) {
	out, right := r.f32(y, int(n)), r.f32(b, int(n))
	for i, v := range r.f32(a, int(n)) {
		out[i] = float32(float64(alpha)*float64(v) + float64(right[i]))
	}
}

func (r *Reference) Gate(y, a, b, n uint32, act Activation) {
	out, right := r.f32(y, int(n)), r.f32(b, int(n))
	for i, v := range r.f32(a, int(n)) {
		out[i] = float32(activate(float64(v), act) * float64(right[i]))
	}
}

func (r *Reference) Attention(y, ldy, q, ldq, k, v, ldkv, tq, tk, heads, group, h uint32, scale float32,
	keep, mask, ldmask, rel, ldrel uint32, relbase int32, causal, scratch uint32) {
	s := make([]float64, tk)
	for head := range int(heads) {
		part, shared := uint32(head)*h*4, uint32(head)/group*h*4
		for i := range int(tq) {
			query, out := r.row(q+part, ldq, i, int(h)), r.row(y+part, ldy, i, int(h))
			top := math.Inf(-1)
			for j := range s {
				if keep != 0 && r.mem[int(keep)+j] == 0 || j > i+int(causal) {
					s[j] = math.Inf(-1)
					continue
				}
				sum := 0.0
				for c, kv := range r.row(k+shared, ldkv, j, int(h)) {
					sum += float64(query[c]) * float64(kv)
				}
				s[j] = sum * float64(scale)
				if mask != 0 {
					s[j] += float64(r.row(mask, ldmask, i, j+1)[j])
				}
				if rel != 0 {
					s[j] += float64(r.f32(rel+(uint32(head)*ldrel+uint32(int(relbase)+j-i))*4, 1)[0])
				}
				top = max(top, s[j])
			}
			total := 0.0
			for j := range s {
				if s[j] = math.Exp(s[j] - top); math.IsInf(top, -1) {
					s[j] = 0
				}
				total += s[j]
			}
			for c := range out {
				sum := 0.0
				for j, p := range s {
					if p != 0 {
						sum += p * float64(r.row(v+shared, ldkv, j, int(h))[c])
					}
				}
				if out[c] = 0; total != 0 {
					out[c] = float32(sum / total)
				}
			}
		}
	}
}

func (r *Reference) Rotate(x, ldx, n, heads, h, cos, sin uint32) {
	half := int(h / 2)
	for i := range int(n) {
		row := r.row(x, ldx, i, int(heads*h))
		co, si := r.row(cos, uint32(half), i, half), r.row(sin, uint32(half), i, half)
		for p := range int(heads) * half {
			a, b, c, s := row[2*p], row[2*p+1], co[p%half], si[p%half]
			row[2*p], row[2*p+1] = a*c-b*s, b*c+a*s
		}
	}
}

func (r *Reference) RotateHalves(x, ldx, n, heads, h, turn, cos, sin uint32) {
	half := int(turn / 2)
	for i := range int(n) {
		co, si := r.row(cos, uint32(half), i, half), r.row(sin, uint32(half), i, half)
		for head := range heads {
			row := r.row(x+head*h*4, ldx, i, int(turn))
			for p, c := range co {
				a, b, s := row[p], row[half+p], si[p]
				row[p], row[half+p] = a*c-b*s, b*c+a*s
			}
		}
	}
}

func (r *Reference) MeanRows(y, x, n, d uint32) {
	out := r.f32(y, int(d))
	for j := range out {
		sum := 0.0
		for i := range int(n) {
			sum += float64(r.row(x, d, i, int(d))[j])
		}
		out[j] = float32(sum / float64(n))
	}
}

func (r *Reference) L2Normalize(y, x, n, d uint32, eps float32) {
	for i := range int(n) {
		in, out := r.row(x, d, i, int(d)), r.row(y, d, i, int(d))
		sq := 0.0
		for _, v := range in {
			sq += float64(v) * float64(v)
		}
		length := max(math.Sqrt(sq), float64(eps))
		for j, v := range in {
			out[j] = float32(float64(v) / length)
		}
	}
}

func (r *Reference) SHA256(state, src, n uint32) {
	var s [8]uint32
	words := r.i32(state, 8)
	for i := range s {
		s[i] = uint32(words[i])
	}
	sha256Blocks(&s, r.mem[src:uint64(src)+uint64(n)*64])
	for i := range s {
		words[i] = int32(s[i])
	}
}
