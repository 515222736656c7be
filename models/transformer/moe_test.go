package transformer

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/routing"
)

const experts = `"moe_freq":1,"moe_expert_count":4,"moe_top1_expert":true`

func encoderWith(extra string) string { return tinyConfig(extra) }

// routed runs a batch and returns its states and the decision of layer 0.
func routed(t *testing.T, m *Model, b Batch) ([]float32, *routing.Decision) {
	t.Helper()
	var first *routing.Decision
	b.Routing = func(layer int, d *routing.Decision) {
		if layer == 0 {
			first = d
		}
	}
	return states(t, m, b), first
}

func TestWithoutCapacityABatchChangesNobody(t *testing.T) {
	m := build(t, kernels.NewReference(0), parse(t, encoderWith(experts)), LoadOptions{})
	together, d := routed(t, m, Batch{IDs: slices.Concat(first, second), Lengths: []int{6, 3}})
	alone := slices.Concat(states(t, m, Batch{IDs: first, Lengths: []int{6}}), states(t, m, Batch{IDs: second, Lengths: []int{3}}))
	if e := far(together, alone); e > 1e-5 {
		t.Errorf("differs by %g", e)
	}
	if d.Dropped() != 0 {
		t.Errorf("%d dropped", d.Dropped())
	}
}

func TestACapacityThatBindsDropsTokensInTheOrderOfTheFamily(t *testing.T) {
	// A fraction of 1/9 of 9 tokens: one for each expert.
	const cap = experts + `,"moe_eval_capacity_token_fraction":0.1111`
	for _, c := range []struct {
		name, config string
		before       func(a, b int) bool // whether token a takes its place before token b
	}{
		{"an encoder: column by column", encoderWith(cap), func(a, b int) bool {
			column := func(i int) int { return 2*(i%6) + i/6 } // of sequences of 6 and 3 tokens
			return column(a) < column(b)
		}},
		{"a decoder: sequence by sequence", decoderConfig(cap), func(a, b int) bool { return a < b }},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := build(t, kernels.NewReference(0), parse(t, c.config), LoadOptions{})
			_, d := routed(t, m, Batch{IDs: slices.Concat(first, second), Lengths: []int{6, 3}})
			if d.Dropped() == 0 {
				t.Fatal("nothing was dropped: the test says nothing")
			}
			for a := range 9 {
				for b := range 9 {
					if d.Expert[a] == d.Expert[b] && d.Kept[a] && !d.Kept[b] && !c.before(a, b) {
						t.Errorf("tokens %d and %d want expert %d; %d, which comes later, got it", a, b, d.Expert[a], a)
					}
				}
			}
		})
	}
}

func TestADroppedTokenPassesByTheLayer(t *testing.T) {
	m := build(t, kernels.NewReference(0), parse(t, encoderWith(experts)), LoadOptions{})
	e, d := m.Experts(0), m.dev
	x, y := d.NewTensor(2, 18), d.NewTensor(2, 18)
	v := make([]float32, 36)
	for i := range v {
		v[i] = float32(math.Sin(float64(i)))
	}
	d.Set(x, v)
	r, err := e.Route(x, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Kept[1], r.Weight[1] = false, 0
	if err := e.Apply(y, x, r); err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 36)
	d.Get(got, y)
	if far(got[18:], make([]float32, 18)) != 0 || far(got[:18], make([]float32, 18)) == 0 {
		t.Errorf("results %v: the second row is zeros, the first is not", got)
	}
	r.Kept[0], r.Weight[0] = false, 0
	if err := e.Apply(y, x, r); err != nil {
		t.Fatal(err)
	}
	if d.Get(got, y); far(got, make([]float32, 36)) != 0 {
		t.Errorf("nobody was kept, results %v", got)
	}
}

// An odd width goes through the host; by torch's order of the loops both are w·FFN(x).
func TestAnOddWidthOfExpertsEqualsItsExpertAlone(t *testing.T) {
	for _, width := range []string{`"encoder_embed_dim":18`, `"encoder_embed_dim":15`} {
		text := strings.Replace(encoderWith(experts), `"encoder_embed_dim":18`, width, 1)
		m := build(t, kernels.NewReference(0), parse(t, text), LoadOptions{})
		e, d := m.Experts(1), m.dev
		n := m.Dim()
		x, y, alone := d.NewTensor(3, n), d.NewTensor(3, n), d.NewTensor(1, n)
		room := d.NewTensor(1, m.Config.IntermediateSize)
		v := make([]float32, 3*n)
		for i := range v {
			v[i] = float32(math.Cos(float64(3 * i)))
		}
		d.Set(x, v)
		r, err := e.Route(x, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Apply(y, x, r); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			e.experts[r.Expert[i]].apply(d, alone, x.Slice(i, i+1), room, m.Config, nil)
			want, got := make([]float32, n), make([]float32, n)
			d.Get(want, alone)
			d.Get(got, y.Slice(i, i+1))
			for j := range want {
				want[j] *= r.Weight[i]
			}
			if e := far(got, want); e > 1e-6 {
				t.Errorf("width %d, token %d differs by %g", n, i, e)
			}
		}
	}
}

func TestExpertsOutOfTheGameAreNeverHit(t *testing.T) {
	m := build(t, kernels.NewReference(0), parse(t, encoderWith(experts)), LoadOptions{})
	for i := range 2 {
		if err := m.Experts(i).SetAlive([]int{1, 3}); err != nil {
			t.Fatal(err)
		}
	}
	_, d := routed(t, m, Batch{IDs: first, Lengths: []int{6}})
	if d.Experts != 2 || !slices.Equal(m.Experts(0).Alive(), []int{1, 3}) {
		t.Errorf("%d experts, alive %v", d.Experts, m.Experts(0).Alive())
	}
	for _, bad := range [][]int{nil, {4}, {-1}, {2, 1}, {1, 1}} {
		if err := m.Experts(0).SetAlive(bad); !errors.Is(err, ErrInput) {
			t.Errorf("alive %v: error %v, expected %v", bad, err, ErrInput)
		}
	}
}

// A cosine divides by the length of a token: one of zeros has the score 0 everywhere.
func TestATokenOfZerosIsRoutedToTheFirstExpert(t *testing.T) {
	c := &Config{HiddenSize: 6, IntermediateSize: 4, Eps: 1e-5, Alpha: 1, MoE: &MoEConfig{Freq: 1, Experts: 3, TopK: 1, Router: RouterCosine, RoutingDim: 2}}
	dev := newDevice()
	k := &checkpoint{shapes: map[string][]int{}, values: map[string][]float32{}, dtypes: map[string]safetensorsDType{}}
	k.mixture(c)
	e, err := LoadExperts(dev, c, "", []Stream{stream(dev, k.encode(t))}, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	x := dev.NewTensor(1, 6)
	dev.Set(x, make([]float32, 6))
	for _, sigmoid := range []bool{false, true} {
		c.MoE.Sigmoid = sigmoid
		r, err := e.Route(x, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := float32(1) / 3
		if sigmoid {
			want = 0.5
		}
		if !slices.Equal(r.Scores, []float32{0, 0, 0}) || r.Expert[0] != 0 || math.Abs(float64(r.Weight[0]-want)) > 1e-6 {
			t.Errorf("sigmoid %t: scores %v, expert %d, weight %v", sigmoid, r.Scores, r.Expert[0], r.Weight[0])
		}
	}
	k.drop("gate.gating_t")
	if _, err := LoadExperts(dev, c, "", []Stream{stream(dev, k.encode(t))}, LoadOptions{}); !errors.Is(err, ErrMissingTensor) {
		t.Errorf("error %v, expected %v", err, ErrMissingTensor)
	}
}

func TestARouterStaysFloatWhenTheRestIsQuantised(t *testing.T) {
	for _, extra := range []string{experts, experts + `,"use_xmoe":true`} {
		m := build(t, kernels.NewReference(0), parse(t, encoderWith(extra)), LoadOptions{DType: "q8"})
		e := m.Experts(0)
		if m.DType() != "q8" || e.rows.DType != kernels.F32 || e.reduce.Out > 0 && e.reduce.DType != kernels.F32 {
			t.Errorf("%s: model %s, router %v and %v", extra, m.DType(), e.rows.DType, e.reduce.DType)
		}
	}
}

// A temperature is what the paper's router has and torchscale's lacks (arXiv 2204.09179, equation 4): cosines in E/2 dimensions, over τ.
func TestAnXMoEFolderWithATemperatureHasThePapersRouter(t *testing.T) {
	c := parse(t, encoderWith(experts+`,"use_xmoe":true`))
	k := tiny(c)
	r := rand.New(rand.NewPCG(5, 6))
	for i := range c.NumLayers {
		at := fmt.Sprintf("layers.%d.moe_layer.gate.", i)
		if _, mixture := k.shapes[at+"wg"]; !mixture {
			continue
		}
		k.drop(at + "wg")
		k.drop(at + "wg_reduction.weight")
		k.random(r, at+"wg.weight", c.MoE.Experts, 2)
		k.random(r, at+"wg_reduction.weight", 2, c.HiddenSize)
		k.random(r, at+"gating_t", 1)
		k.values[at+"gating_t"][0] = 0.25
	}
	dev := newDevice()
	m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Config.MoE.Router != RouterCosine || m.Config.MoE.RoutingDim != 2 || m.Experts(0).Temperature() != 0.25 {
		t.Fatalf("%+v, temperature %v", m.Config.MoE, m.Experts(0).Temperature())
	}
	_, d := routed(t, m, Batch{IDs: first, Lengths: []int{6}})
	for i, s := range d.Scores {
		if s < -1.001 || s > 1.001 {
			t.Errorf("score %d is %v, no cosine", i, s)
		}
	}
}
