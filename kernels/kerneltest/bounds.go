package kerneltest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// A Bound is the largest error of a function against float64. The modules differ: the relaxed
// one multiplies and adds in one instruction, with one rounding or two, depending on the
// processor.
type Bound struct {
	Name, Over, Of string
	// Limit is the bound of simd128, Relaxed that of the forms of the relaxed module.
	Limit, Relaxed float64
	// worst measures the error.
	worst func(d *kernels.Device) (float64, error)
}

// Bounds are the table of kernels/simd/ACCURACY.md.
var Bounds = []Bound{
	{"exp", "−87.3 ≤ x ≤ 0", "relative", 1e-7, 1e-7, expError},
	{"exp", "x < −87.4", "absolute", 1.2e-38, 1.2e-38, expUnderflow},
	{"softmax of 64, 8 queries", "scores in ±10⁴", "relative, of weights above 10⁻³⁰, less 2⁻²⁴ of the distance to the largest score", 6e-7, 6e-7, softmaxError(8)},
	{"softmax of 64, 64 queries", "scores in ±10⁴", "relative, of weights above 10⁻³⁰, less 2⁻²⁴ of the distance to the largest score", 6e-7, 6e-7, softmaxError(64)},
	{"GELU", "every x", "over |x|", 2.5e-7, 2.5e-7, activationError(kernels.GELU)},
	{"GELU by tanh", "every x", "over |x|", 1.5e-7, 1.5e-7, activationError(kernels.GELUTanh)},
	{"SiLU", "every x", "over |x|", 1.5e-7, 1.5e-7, activationError(kernels.SiLU)},
}

// Measured is the worst error found of a function.
type Measured struct {
	Bound
	// Limit is the bound for the backend.
	Limit, Worst float64
	// Err describes what is wrong, or is empty.
	Err string
}

// Measure compares every function of b with its bound.
func Measure(b kernels.Backend) []Measured {
	var out []Measured
	for _, c := range Bounds {
		m := Measured{Bound: c, Limit: c.Limit}
		if b.Name() != "simd128" {
			m.Limit = c.Relaxed
		}
		var err error
		m.Worst, err = c.worst(kernels.NewDevice(b))
		switch {
		case err != nil:
			m.Err = err.Error()
		case !(m.Worst <= m.Limit):
			m.Err = fmt.Sprintf("%s, %s: worst %s error %.3g, bound %.3g", c.Name, c.Over, c.Of, m.Worst, m.Limit)
		case m.Worst < m.Limit/4:
			m.Err = fmt.Sprintf("%s, %s: worst %s error %.3g is far below the bound %.3g: tighten the bound", c.Name, c.Over, c.Of, m.Worst, m.Limit)
		}
		out = append(out, m)
	}
	return out
}

// weights returns the softmax of rows of n scores, times one: keys are the identity, values
// are one times it, which is exact where one is a power of two.
func weights(d *kernels.Device, scores []float32, n int, one float32) ([]float32, error) {
	defer d.Release(d.Mark())
	rows := len(scores) / n
	q, k, v, y := d.NewTensor(rows, n), d.NewTensor(n, n), d.NewTensor(n, n), d.NewTensor(rows, n)
	identity, ones := make([]float32, n*n), make([]float32, n*n)
	for i := range n {
		identity[i*n+i], ones[i*n+i] = 1, one
	}
	d.Set(q, scores)
	d.Set(k, identity)
	d.Set(v, ones)
	d.Attention(y, q, k, v, 1, 1, kernels.AttentionMask{})
	have := make([]float32, len(scores))
	d.Get(have, y)
	return have, d.Err()
}

// expError measures exp through softmax. The exponentials of the scores 0, x and
// ln(1−exp(x)) sum to 2. Where the computed sum is exactly 2, as the weight of the score 0
// shows, the division is exact and the weight of x is the computed exp(x), halved. Weights
// are multiplied by 2⁴⁰ so that the halves of very small ones are not subnormal.
func expError(d *kernels.Device) (worst float64, err error) {
	const one = 1 << 40
	var xs []float32
	for i := range 60_000 {
		xs = append(xs, float32(-87.3*(float64(i)+0.5)/60_000))
	}
	for x := 1e-8; x < 1; x *= 1.003 { // float32 is denser near 0
		xs = append(xs, float32(-x))
	}
	// Attention has different code for few and for many keys and queries.
	for _, keys := range []int{3, 64} {
		seen := 0
		for first := 0; first < len(xs); first += 2048 {
			part := xs[first:min(first+2048, len(xs))]
			if keys > 3 && first/2048%8 != 0 {
				continue // an eighth is enough: this takes longer
			}
			scores := make([]float32, len(part)*keys)
			fill(scores, -1e4)
			for i, x := range part {
				scores[i*keys], scores[i*keys+1], scores[i*keys+2] = 0, x, float32(math.Log(-math.Expm1(float64(x))))
			}
			have, err := weights(d, scores, keys, one)
			if err != nil {
				return 0, err
			}
			for i, x := range part {
				if have[i*keys] != one/2 {
					continue
				}
				seen++
				want := math.Exp(float64(x))
				worst = max(worst, math.Abs(float64(have[i*keys+1])/(one/2)-want)/want)
			}
		}
		if seen < len(xs)/30 {
			return 0, fmt.Errorf("exp: of %d sums only %d are 2, with %d keys", len(xs), seen, keys)
		}
	}
	return worst, nil
}

// expUnderflow measures exp of scores that are negligible beside a sum of 1.
func expUnderflow(d *kernels.Device) (worst float64, err error) {
	const rows = 64
	for _, from := range []float64{-2000, -90} {
		scores := make([]float32, rows*64)
		for i := range scores {
			if i%64 != 0 { // the first score of a row is 0
				scores[i] = float32(from + (-87.4-from)*float64(i)/float64(len(scores)))
			}
		}
		have, err := weights(d, scores, 64, 1)
		if err != nil {
			return 0, err
		}
		for i, x := range scores {
			if i%64 != 0 {
				worst = max(worst, math.Abs(float64(have[i])-math.Exp(float64(x))))
			}
		}
	}
	return worst, nil
}

// softmaxError measures softmax of so many queries at a time.
func softmaxError(rows int) func(d *kernels.Device) (float64, error) {
	return func(d *kernels.Device) (worst float64, err error) {
		r := rand.New(rand.NewPCG(3, 4))
		for _, size := range []float64{0.1, 1, 10, 40, 100, 1e4} {
			for range 64 / rows * 4 {
				s := make([]float32, rows*64)
				for i := range s {
					s[i] = float32((2*r.Float64() - 1) * size)
				}
				have, err := weights(d, s, 64, 1)
				if err != nil {
					return 0, err
				}
				for i := range rows {
					row := s[i*64 : i*64+64]
					top, sum := math.Inf(-1), 0.0
					for _, x := range row {
						top = max(top, float64(x))
					}
					for _, x := range row {
						sum += math.Exp(float64(x) - top)
					}
					for j, x := range row {
						if want := math.Exp(float64(x)-top) / sum; want > 1e-30 {
							// Float32 rounds the difference of two scores by 2⁻²⁴ of it.
							off := math.Abs(float64(have[i*64+j])-want) / want
							worst = max(worst, off-(top-float64(x))*0x1p-24)
						}
					}
				}
			}
		}
		return worst, nil
	}
}

// activationError samples every binary magnitude, and −120 … 120 densely.
func activationError(act kernels.Activation) func(d *kernels.Device) (float64, error) {
	return func(d *kernels.Device) (worst float64, err error) {
		defer d.Release(d.Mark())
		var x []float32
		for v := -120.0; v <= 120; v += 1e-3 {
			x = append(x, float32(v))
		}
		for e := -126; e < 128; e++ {
			for _, f := range []float64{1, 1.3, 1.7} {
				x = append(x, float32(math.Ldexp(f, e)), float32(-math.Ldexp(f, e)))
			}
		}
		in, out := d.NewTensor(1, len(x)), d.NewTensor(1, len(x))
		d.Set(in, x)
		d.Activate(out, in, act)
		have := make([]float32, len(x))
		d.Get(have, out)
		for i, h := range have {
			v := float64(x[i])
			want := 0.0
			switch act {
			case kernels.GELU:
				want = v * 0.5 * math.Erfc(-v/math.Sqrt2)
			case kernels.SiLU:
				want = v / (1 + math.Exp(-v))
			default:
				want = v * 0.5 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v)))
			}
			if v != 0 {
				worst = max(worst, math.Abs(float64(h)-want)/math.Abs(v))
			}
		}
		return worst, d.Err()
	}
}
