package kerneltest

import (
	"math"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// The error of activations relative to |x|, densely from −12 to 12.
func TestActivationError(t *testing.T) {
	d := kernels.NewDevice(native(t))
	var x []float32
	for v := -12.0; v <= 12; v += 1e-4 {
		x = append(x, float32(v))
	}
	for _, c := range []struct {
		act   kernels.Activation
		want  func(x float64) float64
		limit float64
	}{
		{kernels.GELU, func(x float64) float64 { return x * 0.5 * math.Erfc(-x/math.Sqrt2) }, 2.5e-7},
		{kernels.SiLU, func(x float64) float64 { return x / (1 + math.Exp(-x)) }, 1.5e-7},
		{kernels.GELUTanh, func(x float64) float64 {
			return x * 0.5 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		}, 2.5e-7},
	} {
		in, out := d.NewTensor(1, len(x)), d.NewTensor(1, len(x))
		d.Set(in, x)
		d.Activate(out, in, c.act)
		have := make([]float32, len(x))
		d.Get(have, out)
		if err := d.Err(); err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for i, h := range have {
			if x[i] != 0 {
				worst = max(worst, math.Abs(float64(h)-c.want(float64(x[i])))/math.Abs(float64(x[i])))
			}
		}
		t.Logf("%s: worst error over |x| %.3g", c.act, worst)
		if worst > c.limit {
			t.Errorf("%s: worst error over |x| %.3g, want at most %g", c.act, worst, c.limit)
		}
	}
}

// Quantising activations to 16 bits costs less than 1e-4 of a layer's output: nearly all of
// the error of a q8 model comes from its weights.
func TestQuantisedActivationsAreNearlyExact(t *testing.T) {
	const m, k, n = 3, 768, 32
	d := kernels.NewDevice(native(t))
	e := newEnv(kernels.NewReference(0), 5)
	x, w := e.Normal(m*k), make([]int8, n*k)
	for i := range w {
		w[i] = int8(e.Rand.IntN(255) - 127)
	}
	weight := d.NewWeight(kernels.I8, n, k, false)
	bytes, ones := make([]byte, n*k), make([]float32, n)
	for i, v := range w {
		bytes[i] = byte(v)
	}
	for i := range ones {
		ones[i] = 1
	}
	src := d.Alloc(n * k)
	d.Write(src, bytes)
	d.Write(weight.Scale.At, floatBytes(ones))
	d.Pack(weight, 0, n, src)
	in, out := d.NewTensor(m, k), d.NewTensor(m, n)
	d.Set(in, x)
	d.Linear(out, in, weight, kernels.None, nil)
	have := make([]float32, m*n)
	d.Get(have, out)
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	var sum, square float64
	for i := range m {
		for j := range n {
			want := 0.0
			for l := range k {
				want += float64(x[i*k+l]) * float64(w[j*k+l])
			}
			sum += want * want
			square += (want - float64(have[i*n+j])) * (want - float64(have[i*n+j]))
		}
	}
	if r := math.Sqrt(square / sum); r > 1e-4 {
		t.Errorf("relative error %.2g, want at most 1e-4", r)
	}
}

// For large |x| activations are exactly at their limits, x or 0, and NaN stays NaN.
func TestActivationLimits(t *testing.T) {
	d := kernels.NewDevice(native(t))
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, act := range []kernels.Activation{kernels.ReLU, kernels.GELU, kernels.SiLU, kernels.GELUTanh} {
		in, out := d.NewTensor(1, 6), d.NewTensor(1, 6)
		d.Set(in, []float32{-inf, -1e30, nan, 0, 1e30, inf})
		d.Activate(out, in, act)
		have := make([]float32, 6)
		d.Get(have, out)
		if err := d.Err(); err != nil {
			t.Fatal(err)
		}
		if math.Abs(float64(have[0])) > 1e-36 || math.Abs(float64(have[1])) > 1e-36 || have[2] == have[2] || have[3] != 0 || have[4] != 1e30 || have[5] != inf {
			t.Errorf("%s of −∞, −1e30, NaN, 0, 1e30, ∞: %v", act, have)
		}
	}
}
