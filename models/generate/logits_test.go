package generate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Worked by hand: 2 was positive and is halved, −1 doubled, each once.
func TestRepetitionPenaltyChangesEachTokenOnce(t *testing.T) {
	p := RepetitionPenalty(2)
	for range 2 { // its memory is used again
		v := []float32{2, -1, 5, 0}
		p([]int32{0, 1, 0, 1, 99}, v)
		if !slices.Equal(v, []float32{1, -2, 5, 0}) {
			t.Errorf("logits %v", v)
		}
	}
}

func TestRepeatedNGramsAreForbidden(t *testing.T) {
	for _, c := range []struct {
		n    int
		ids  []int32
		want []int32 // forbidden
	}{
		{1, []int32{0, 2}, []int32{0, 2}},
		{2, []int32{0, 1, 0, 3, 0}, []int32{1, 3}},
		{3, []int32{0, 1, 2, 0, 1}, []int32{2}},
		{3, []int32{0, 1}, nil},
		{4, []int32{0, 0, 0, 0}, []int32{0}},
	} {
		v := make([]float32, 4)
		NoRepeatNGram(c.n)(c.ids, v)
		var got []int32
		for i, x := range v {
			if math.IsInf(float64(x), -1) {
				got = append(got, int32(i))
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d-grams of %v forbid %v, expected %v", c.n, c.ids, got, c.want)
		}
	}
}

// Frequencies of 20000 draws lie within five standard deviations of what temperature,
// top-k and top-p make of the probabilities .5 .3 .15 .05.
func TestDrawsFollowTheirProbabilities(t *testing.T) {
	v := []float32{float32(math.Log(.3)), float32(math.Log(.05)), float32(math.Log(.5)), float32(math.Log(.15)), minusInf, float32(math.NaN())}
	for _, c := range []struct {
		name string
		o    Options
		want []float64
	}{
		{"all", Options{Temperature: 1}, []float64{.3, .05, .5, .15, 0, 0}},
		{"top 2", Options{Temperature: 1, TopK: 2}, []float64{.375, 0, .625, 0, 0, 0}},
		{"top p just reached", Options{Temperature: 1, TopP: .79}, []float64{.375, 0, .625, 0, 0, 0}},
		{"top p just missed", Options{Temperature: 1, TopP: .81}, []float64{.3 / .95, 0, .5 / .95, .15 / .95, 0, 0}},
		{"top p of nothing keeps the first", Options{Temperature: 1, TopP: 1e-9}, []float64{0, 0, 1, 0, 0, 0}},
		{"temperature ½ squares", Options{Temperature: .5}, []float64{.09 / .365, .0025 / .365, .25 / .365, .0225 / .365, 0, 0}},
		{"top k beyond all", Options{Temperature: 1, TopK: 100}, []float64{.3, .05, .5, .15, 0, 0}},
	} {
		const n = 20000
		r := rand.New(rand.NewPCG(1, 1))
		var s sampler
		count := make([]float64, len(v))
		for range n {
			count[s.draw(v, &c.o, r)]++
		}
		for i, p := range c.want {
			if sd := math.Sqrt(n * p * (1 - p)); math.Abs(count[i]-n*p) > 5*sd {
				t.Errorf("%s: token %d was drawn %v times of %d, expected %v", c.name, i, count[i], n, n*p)
			}
		}
	}
}

func TestLogitsThatAreNotFiniteDoNotBreakTheDraw(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	r := rand.New(rand.NewPCG(1, 1))
	var s sampler
	for _, c := range []struct {
		v    []float32
		want []int32
	}{
		{[]float32{nan, nan}, []int32{0, 1}}, {[]float32{minusInf, minusInf}, []int32{0}}, {[]float32{1, inf, nan}, []int32{1}},
		{[]float32{minusInf, 3, nan}, []int32{1}},
	} {
		for range 20 {
			if got := s.draw(c.v, &Options{Temperature: 1, TopP: .9}, r); !slices.Contains(c.want, got) {
				t.Errorf("drew %d of %v", got, c.v)
			}
		}
	}
}

func TestTheBestLogitsInOrder(t *testing.T) {
	nan := float32(math.NaN())
	if got := best(nil, []float32{1, 3, nan, 3, 2, -1}, 4); !slices.Equal(got, []int32{1, 3, 4, 0}) {
		t.Errorf("%v", got)
	}
	if got := best(nil, []float32{nan, 1}, 4); !slices.Equal(got, []int32{1}) {
		t.Errorf("%v", got)
	}
}
