package generate

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The sum with math.Exp, term by term.
func exactLogSum(logits []float32) float64 {
	top, sum := math.Inf(-1), 0.0
	for _, x := range logits {
		if x == x {
			top = max(top, float64(x))
		}
	}
	for _, x := range logits {
		if x == x {
			sum += math.Exp(float64(x) - top)
		}
	}
	return top + math.Log(sum)
}

func TestLogSumAgreesWithExpTermByTerm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, spread := range []float64{0, 1e-6, 1, 10, 100, 1e4, 1e30} {
		logits := make([]float32, 1000)
		for i := range logits {
			logits[i] = float32(r.NormFloat64() * spread)
		}
		logits[3], logits[4] = minusInf, float32(math.NaN())
		got, want := LogSumExp(logits), exactLogSum(logits)
		if math.Abs(got-want) > 1e-7*max(1, math.Abs(want)*1e-7) {
			t.Errorf("spread %g: %v, expected %v", spread, got, want)
		}
	}
	for _, c := range []struct {
		logits []float32
		want   float64
	}{
		{[]float32{0}, 0}, {[]float32{0, 0}, math.Ln2}, {[]float32{minusInf, 5}, 5}, {[]float32{minusInf, minusInf}, math.Inf(-1)},
		{[]float32{float32(math.NaN()), 2}, 2}, {[]float32{0, -1e38}, 0}, {[]float32{float32(math.Inf(1)), 0}, math.Inf(1)},
	} {
		if got := LogSumExp(c.logits); got != c.want && math.Abs(got-c.want) > 1e-8 {
			t.Errorf("%v: %v, expected %v", c.logits, got, c.want)
		}
	}
}
