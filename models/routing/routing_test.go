package routing_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/routing"
)

// ln makes scores whose softmax is p.
func ln(p ...float32) []float32 {
	y := make([]float32, len(p))
	for i, v := range p {
		y[i] = float32(math.Log(float64(v)))
	}
	return y
}

func close(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Abs(float64(x-y)) < 1e-6 })
}

// Worked by hand from GShard's gating as torchscale has it: three tokens, three
// experts, gates .6 .3 .1 / .5 .1 .4 / .2 .7 .1.
func TestChoicesWeightsAndDropsAreGShards(t *testing.T) {
	scores := ln(.6, .3, .1, .5, .1, .4, .2, .7, .1)
	two := func(n int) routing.Capacity { return routing.Capacity{Kind: routing.FixedTokens, Tokens: n} }
	for _, c := range []struct {
		name   string
		rule   routing.Rule
		order  []int32
		expert []int32
		weight []float32
	}{
		{"one expert keeps its gate", routing.Rule{TopK: 1}, nil, []int32{0, 0, 1}, []float32{.6, .5, .7}},
		{"the second token finds expert 0 full", routing.Rule{TopK: 1, Capacity: two(1)}, nil, []int32{0, 0, 1}, []float32{.6, 0, .7}},
		{"in another order the first does", routing.Rule{TopK: 1, Capacity: two(1)}, []int32{2, 1, 0}, []int32{0, 0, 1}, []float32{0, .5, .7}},
		{"no room at all", routing.Rule{TopK: 1, Capacity: two(0)}, nil, []int32{0, 0, 1}, []float32{0, 0, 0}},
		{"a third of three tokens is one", routing.Rule{TopK: 1, Capacity: routing.Capacity{Kind: routing.FractionOfTokens, Fraction: 1. / 3}}, nil, []int32{0, 0, 1}, []float32{.6, 0, .7}},
		{"no fraction: K·ceil(S/E)", routing.Rule{TopK: 1, Capacity: routing.Capacity{Kind: routing.FractionOfTokens, Fraction: -1}}, nil, []int32{0, 0, 1}, []float32{.6, 0, .7}},
		{"two experts share", routing.Rule{TopK: 2}, nil, []int32{0, 1, 0, 2, 1, 0}, []float32{2. / 3, 1. / 3, 5. / 9, 4. / 9, 7. / 9, 2. / 9}},
		// Expert 0 is full with the first choices of tokens 0 and 1, expert 1 with token 2's
		// first choice and token 0's second; token 2's second finds no room.
		{"second choices queue behind all first ones", routing.Rule{TopK: 2, Capacity: two(2)}, nil, []int32{0, 1, 0, 2, 1, 0}, []float32{2. / 3, 1. / 3, 5. / 9, 4. / 9, 1, 0}},
		{"normalised before, a lone survivor keeps less than 1", routing.Rule{TopK: 2, NormalizeBefore: true, Capacity: two(2)}, nil, []int32{0, 1, 0, 2, 1, 0}, []float32{2. / 3, 1. / 3, 5. / 9, 4. / 9, 7. / 9, 0}},
		// Token 0's second choice, expert 1, comes behind token 2's first.
		{"both dropped", routing.Rule{TopK: 2, Capacity: two(1)}, []int32{1, 2, 0}, []int32{0, 1, 0, 2, 1, 0}, []float32{0, 0, 5. / 9, 4. / 9, 1, 0}},
		{"a sigmoid of the score alone", routing.Rule{TopK: 1, Sigmoid: true}, nil, []int32{0, 0, 1}, []float32{.6 / 1.6, .5 / 1.5, .7 / 1.7}},
		{"a temperature of a half squares", routing.Rule{TopK: 1, Temperature: .5}, nil, []int32{0, 0, 1}, []float32{.36 / .46, .25 / .42, .49 / .54}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := routing.Route(scores, 3, 3, c.order, c.rule)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(d.Expert, c.expert) || !close(d.Weight, c.weight) {
				t.Errorf("experts %v with weights %v, expected %v with %v", d.Expert, d.Weight, c.expert, c.weight)
			}
		})
	}
}

func TestTiesGoToTheLowerExpert(t *testing.T) {
	for _, k := range []int{1, 2} {
		d, err := routing.Route([]float32{1, 1, 1, 0, 2, 2}, 2, 3, nil, routing.Rule{TopK: k})
		if err != nil {
			t.Fatal(err)
		}
		if want := [][]int32{{0, 1}, {0, 1, 1, 2}}[k-1]; !slices.Equal(d.Expert, want) {
			t.Errorf("top %d: %v, expected %v", k, d.Expert, want)
		}
	}
}

func TestASingleExpertHasWeightOne(t *testing.T) {
	for _, r := range []routing.Rule{{TopK: 1}, {TopK: 2}, {TopK: 2, NormalizeBefore: true}} {
		d, err := routing.Route([]float32{-3, 700}, 2, 1, nil, r)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			sum := float32(0)
			for _, w := range d.Weight[i*r.TopK : (i+1)*r.TopK] {
				sum += w
			}
			if sum != 1 {
				t.Errorf("%+v: token %d has a weight of %v", r, i, sum)
			}
		}
	}
}

func TestGatesThatUnderflowAreZeroAndNotNaN(t *testing.T) {
	d, err := routing.Route([]float32{200, -200, -300}, 1, 3, nil, routing.Rule{TopK: 2})
	if err != nil || d.Weight[0] != 1 || d.Weight[1] != 0 {
		t.Errorf("weights %v (%v), expected 1 and 0", d.Weight, err)
	}
}

func TestScoresThatAreNotFiniteBecomeTheLeast(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	d, err := routing.Route([]float32{nan, 1, inf, -2, -inf, 3}, 2, 3, nil, routing.Rule{TopK: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Scores, []float32{-2, 1, -2, -2, -2, 3}) || !slices.Equal(d.Expert, []int32{1, 2}) {
		t.Errorf("scores %v, experts %v", d.Scores, d.Expert)
	}
	if d, err = routing.Route([]float32{nan, nan}, 1, 2, nil, routing.Rule{TopK: 1}); err != nil || d.Weight[0] != .5 {
		t.Errorf("nothing finite: weights %v (%v)", d.Weight, err)
	}
}

func TestStatisticsOfARoute(t *testing.T) {
	// Gates as above; first choices 0, 0, 1.
	d, err := routing.Route(ln(.6, .3, .1, .5, .1, .4, .2, .7, .1), 3, 3, nil, routing.Rule{TopK: 1, Capacity: routing.Capacity{Kind: routing.FixedTokens, Tokens: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Load(), []int{2, 1, 0}) || d.Dropped() != 1 {
		t.Errorf("load %v, %d dropped", d.Load(), d.Dropped())
	}
	if h := d.Entropy(); math.Abs(h-(math.Log(3)-2./3*math.Log(2))) > 1e-12 {
		t.Errorf("entropy %v", h)
	}
	// E²·mean(me·ce) = 3·(1.3/3·2/3 + 1.1/3·1/3) = 3.7/3
	if l := d.AuxLoss(); math.Abs(l-3.7/3) > 1e-6 {
		t.Errorf("balance loss %v, expected %v", l, 3.7/3)
	}
}

func TestClustersThatDoNotDivideTheExpertsAreRefused(t *testing.T) {
	d, err := routing.Route(make([]float32, 12), 2, 6, nil, routing.Rule{TopK: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, clusters := range []int{-1, 0, 4, 5, 7, 12} {
		if _, err := d.Diagnose(.07, clusters); !errors.Is(err, routing.ErrShape) {
			t.Errorf("6 experts in %d clusters: error %v, expected %v", clusters, err, routing.ErrShape)
		}
	}
	if q, err := d.Diagnose(.07, 6); err != nil || q.VarianceIn != 0 || math.IsNaN(q.VarianceApart) {
		t.Errorf("clusters of one: %+v, %v", q, err)
	}
}

func TestShapesThatDoNotFitAreRefused(t *testing.T) {
	for name, f := range map[string]func() (*routing.Decision, error){
		"too few scores": func() (*routing.Decision, error) { return routing.Route(nil, 1, 1, nil, routing.Rule{TopK: 1}) },
		"no expert":      func() (*routing.Decision, error) { return routing.Route(nil, 0, 0, nil, routing.Rule{TopK: 1}) },
		"three experts each": func() (*routing.Decision, error) {
			return routing.Route([]float32{1}, 1, 1, nil, routing.Rule{TopK: 3})
		},
		"an order of other tokens": func() (*routing.Decision, error) {
			return routing.Route([]float32{1}, 1, 1, []int32{1}, routing.Rule{TopK: 1})
		},
	} {
		if _, err := f(); !errors.Is(err, routing.ErrShape) {
			t.Errorf("%s: error %v, expected %v", name, err, routing.ErrShape)
		}
	}
	if d, err := routing.Route(nil, 0, 4, nil, routing.Rule{TopK: 2}); err != nil || d.AuxLoss() != 0 || d.Entropy() != 0 {
		t.Errorf("no tokens: %v", err)
	}
}

func TestClustersAreNeighboursOfEqualNumber(t *testing.T) {
	// Four tokens, whose best experts of six are 0, 2, 3 and 3.
	scores := make([]float32, 4*6)
	for token, e := range []int{0, 2, 3, 3} {
		scores[6*token+e] = 1
	}
	d, err := routing.Route(scores, 4, 6, nil, routing.Rule{TopK: 1})
	if err != nil {
		t.Fatal(err)
	}
	for clusters, want := range map[int][]int{1: {4}, 2: {2, 2}, 3: {1, 3, 0}, 6: {1, 0, 1, 2, 0, 0}} {
		if got, err := d.ClusterLoad(clusters); err != nil || !slices.Equal(got, want) {
			t.Errorf("%d clusters: %v (%v), expected %v", clusters, got, err, want)
		}
	}
	for _, clusters := range []int{0, 4, -1} {
		if _, err := d.ClusterLoad(clusters); !errors.Is(err, routing.ErrShape) {
			t.Errorf("%d clusters: error %v, expected %v", clusters, err, routing.ErrShape)
		}
	}
}

func ExampleRoute() {
	// Two tokens, three experts with room for one token each.
	scores := []float32{3, 1, 0, 2.5, 2, 0}
	d, err := routing.Route(scores, 2, 3, nil, routing.Rule{TopK: 1, Capacity: routing.Capacity{Kind: routing.FixedTokens, Tokens: 1}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("experts", d.Expert, "kept", d.Kept, "load", d.Load())
	// Output: experts [0 0] kept [true false] load [2 0 0]
}
