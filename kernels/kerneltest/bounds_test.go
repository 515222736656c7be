//go:build !js

package kerneltest

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

var update = flag.Bool("update", false, "write kernels/simd/ACCURACY.md")

// bound is the largest error of a function against float64.
type bound struct {
	name, over, of string
	limit          float64
	// worst measures it.
	worst func(t *testing.T, d *kernels.Device) float64
}

// bounds are what kernels/simd/ACCURACY.md says.
var bounds = []bound{
	{"exp", "−87.3 ≤ x ≤ 0", "relative", 1.2e-7, func(t *testing.T, d *kernels.Device) float64 { return expError(t, d, -87.3, 0) }},
	{"exp", "x < −87.4", "absolute", 1.2e-38, func(t *testing.T, d *kernels.Device) float64 { return expUnderflow(t, d) }},
	{"softmax of 64, some queries", "scores in ±10⁴", "relative, of weights above 10⁻³⁰, besides 2⁻²⁴ of the distance of scores", 6e-7, func(t *testing.T, d *kernels.Device) float64 { return softmaxError(t, d, 8) }},
	{"softmax of 64, many queries", "scores in ±10⁴", "relative, of weights above 10⁻³⁰, besides 2⁻²⁴ of the distance of scores", 6e-7, func(t *testing.T, d *kernels.Device) float64 { return softmaxError(t, d, 64) }},
	{"GELU", "every x", "over |x|", 2.5e-7, func(t *testing.T, d *kernels.Device) float64 { return activationError(t, d, kernels.GELU) }},
	{"GELU by tanh", "every x", "over |x|", 2.5e-7, func(t *testing.T, d *kernels.Device) float64 { return activationError(t, d, kernels.GELUTanh) }},
	{"SiLU", "every x", "over |x|", 1.5e-7, func(t *testing.T, d *kernels.Device) float64 { return activationError(t, d, kernels.SiLU) }},
}

func TestErrorBounds(t *testing.T) {
	for _, b := range bounds {
		worst := b.worst(t, kernels.NewDevice(native(t)))
		t.Logf("%s, %s: worst %s error %.3g, bound %.3g", b.name, b.over, b.of, worst, b.limit)
		if !(worst <= b.limit) {
			t.Errorf("%s, %s: worst %s error %.3g, bound %.3g", b.name, b.over, b.of, worst, b.limit)
		}
		if worst < b.limit/100 {
			t.Errorf("%s, %s: worst error %.3g is far below the bound %.3g, which says nothing", b.name, b.over, worst, b.limit)
		}
	}
}

// The file says what is tested.
func TestAccuracyFileIsFresh(t *testing.T) {
	const path = "../simd/ACCURACY.md"
	var b strings.Builder
	b.WriteString(`# How far the kernels' functions are off

Written by go test ./kernels/kerneltest -run Accuracy -update. The bounds are tested against float64
over the ranges that the table names (TestErrorBounds); those of whole operations against the
reference, whose sums are float64, are in kernels/kerneltest/budgets.go.

| function | over | error | bound |
|---|---|---|---:|
`)
	for _, c := range bounds {
		fmt.Fprintf(&b, "| %s | %s | %s | %.2g |\n", c.name, c.over, strings.ReplaceAll(c.of, "|", `\|`), c.limit)
	}
	b.WriteString(`
NaN stays NaN. exp is 0 below −87.33, where float32 has subnormal numbers only. At −∞ activations give
their limit, 0; at +∞ infinity. Softmax gives zeros where every score is −∞.

## A million calls

make kernels-soak draws random calls of every operation, strews NaN, infinities and subnormal
numbers over their inputs, and compares each with the reference in Chromium. At commit ff7d05b,
seed 7, Chromium 156 on two cores of an AMD EPYC (Zen 5), other work beside it: 125 000 calls of
each of simd128, relaxed, fused and fused8, on one thread and on two: none beyond its budget. The
memory grew by up to 196 608 bytes after the first tenth, for calls larger than those before.
`)
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Errorf("%s is stale: go test ./kernels/kerneltest -run Accuracy -update", path)
	}
}

// weights gives softmax of rows of 64 scores: keys and values are the identity, which is
// exact.
func weights(t *testing.T, d *kernels.Device, scores []float32) []float32 {
	const n = 64
	rows := len(scores) / n
	q, k, v, y := d.NewTensor(rows, n), d.NewTensor(n, n), d.NewTensor(n, n), d.NewTensor(rows, n)
	one := make([]float32, n*n)
	for i := range n {
		one[i*n+i] = 1
	}
	d.Set(q, scores)
	d.Set(k, one)
	d.Set(v, one)
	d.Attention(y, q, k, v, 1, 1, kernels.AttentionMask{})
	have := make([]float32, len(scores))
	d.Get(have, y)
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	return have
}

// seen gives exp of the numbers from…to as softmax computes it: with one score 0 and the
// others so low that the sum is 1, or nearly, whose own error the division adds.
func seen(t *testing.T, d *kernels.Device, from, to float64, each func(x, have, sum float64)) {
	const rows = 64
	for part := range 40 {
		s := make([]float32, rows*64)
		for i := range s {
			s[i] = float32(from + (to-from)*(float64(part*len(s)+i)+0.5)/float64(40*len(s)))
			if i%64 == 0 {
				s[i] = 0
			}
		}
		have := weights(t, d, s)
		for r := range rows {
			sum := 0.0
			for _, x := range s[r*64 : r*64+64] {
				sum += math.Exp(float64(x))
			}
			for i := r*64 + 1; i < r*64+64; i++ {
				each(float64(s[i]), float64(have[i]), sum)
			}
		}
		if err := d.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func expError(t *testing.T, d *kernels.Device, from, to float64) (worst float64) {
	// Above −17.4 the sum is not 1: there reduction makes the error the same function of
	// x mod ln 2, so that what is below is enough.
	seen(t, d, from, min(to, -25), func(x, have, sum float64) {
		want := math.Exp(x) / sum
		worst = max(worst, math.Abs(have-want)/want)
	})
	return worst
}

func expUnderflow(t *testing.T, d *kernels.Device) (worst float64) {
	seen(t, d, -2000, -87.4, func(x, have, _ float64) { worst = max(worst, math.Abs(have-math.Exp(x))) })
	seen(t, d, -90, -87.4, func(x, have, _ float64) { worst = max(worst, math.Abs(have-math.Exp(x))) })
	return worst
}

func softmaxError(t *testing.T, d *kernels.Device, rows int) (worst float64) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, size := range []float64{0.1, 1, 10, 40, 100, 1e4} {
		for range 64 / rows * 4 {
			s := make([]float32, rows*64)
			for i := range s {
				s[i] = float32((2*r.Float64() - 1) * size)
			}
			have := weights(t, d, s)
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
						// Float32 keeps the difference of two scores to 2⁻²⁴ of it.
						off := math.Abs(float64(have[i*64+j])-want) / want
						worst = max(worst, off-(top-float64(x))*0x1p-24)
					}
				}
			}
		}
	}
	return worst
}

// activationError goes through every binary magnitude and, closely, through −120 … 120.
func activationError(t *testing.T, d *kernels.Device, act kernels.Activation) (worst float64) {
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
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
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
	return worst
}
