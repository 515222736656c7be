//go:build !js

package thex_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"os"
	"sync"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/thex"
)

const shipped = "../../weights/thex-kinds-en"

func open(t testing.TB, tokens int) *thex.Folder {
	t.Helper()
	f, err := thex.OpenFolder(shipped, tokens)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// sentence is a held-out sentence with PyTorch's logits (weights/train/thex.py).
type sentence struct {
	Text, Kind string
	Logits     []float64
}

func sentences(t testing.TB) []sentence {
	t.Helper()
	text, err := os.ReadFile("../tasks/testdata/thex-kinds-en.json")
	if err != nil {
		t.Fatal(err)
	}
	var y struct{ Cases []sentence }
	if err := json.Unmarshal(text, &y); err != nil {
		t.Fatal(err)
	}
	return y.Cases
}

// classify is the task of the page, the plaintext twin: int8 weights, quantised activations.
var classify = sync.OnceValues(func() (*tasks.TextClassification, error) {
	b, err := simd.New(context.Background())
	if err != nil {
		return nil, err
	}
	return pipeline.Open(kernels.NewDevice(b), pipeline.Dir(shipped), pipeline.TextClassification, pipeline.Options{})
})

// twin is the logits of the plaintext twin.
func twin(t testing.TB, k *thex.Folder, text string) []float64 {
	t.Helper()
	c, err := classify()
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Run(context.Background(), []string{text}, tasks.TextClassificationOptions{FunctionToApply: "none"})
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float64, len(k.Labels))
	for _, l := range r[0] {
		for i, name := range k.Labels {
			if name == l.Label {
				y[i] = l.Score
			}
		}
	}
	return y
}

func best(v []float64) int {
	k := 0
	for i := range v {
		if v[i] > v[k] {
			k = i
		}
	}
	return k
}

func apart(a, b []float64) float64 {
	worst := 0.0
	for i := range a {
		worst = max(worst, math.Abs(a[i]-b[i]))
	}
	return worst
}

// The bounds that the run is held to, on logits between −12 and 12.
const (
	packingBound = 1e-8 // float64 rounding
	noiseBound   = 4e-3 // CKKS's noise: see the log of the test, which has about a quarter of it
	twinBound    = 6e-3 // and the activations of the plaintext twin, which have up to 16 bits
)

func TestTheSimulatedRunFindsWhatThePlaintextTwinFinds(t *testing.T) {
	if testing.Short() {
		t.Skip("sixty sentences in one goroutine: nothing for the race detector, which runs with -short; make test has this test")
	}
	for _, c := range []struct{ tokens, sentences int }{{32, 54}, {64, 6}} {
		k := open(t, c.tokens)
		n, same, packing, noise, quantised := 0, 0, 0.0, 0.0, 0.0
		for i, s := range sentences(t) {
			ids, truncated, err := k.IDs(s.Text)
			if err != nil {
				t.Fatal(err)
			}
			if truncated || n == c.sentences {
				continue
			}
			n++
			exact, err := thex.Plaintext(k.Plan.Shape, k.Weights, k.Embeddings, ids)
			if err != nil {
				t.Fatal(err)
			}
			if n <= 4 {
				quiet := thex.NewSimulator(0)
				quiet.Quiet = true
				packed, err := thex.Simulate(quiet, k.Plan, k.Weights, k.Embeddings, ids)
				if err != nil {
					t.Fatal(err)
				}
				packing = max(packing, apart(packed, exact))
			}
			got, err := thex.Simulate(thex.NewSimulator(uint64(i)), k.Plan, k.Weights, k.Embeddings, ids)
			if err != nil {
				t.Fatal(err)
			}
			want := twin(t, k, s.Text)
			noise, quantised = max(noise, apart(got, exact)), max(quantised, apart(got, want))
			if best(got) == best(want) {
				same++
			} else {
				t.Logf("%q: %v, the twin finds %v", s.Text, got, want)
			}
		}
		t.Logf("%d tokens: %d sentences, %d labels alike; logits apart: packing %.2g, noise %.2g, the twin %.2g", c.tokens, n, same, packing, noise, quantised)
		if n < c.sentences || same < n-n/100 || packing > packingBound || noise > noiseBound || quantised > twinBound {
			t.Errorf("%d tokens: %d of %d labels alike; packing %v, noise %v, the twin %v", c.tokens, same, n, packing, noise, quantised)
		}
	}
}

// Table 1 of the Homomorphic Encryption Standard: 218 bits at N = 8192.
func TestTheParametersHave128BitsOfSecurity(t *testing.T) {
	if got := thex.LogQP(); thex.N != 8192 || got > thex.StandardLogQP || got < thex.StandardLogQP-1 {
		t.Errorf("N %d, log QP %v", thex.N, got)
	}
	for _, q := range append(thex.Q(), thex.P()) {
		if !new(big.Int).SetUint64(q).ProbablyPrime(40) || q%(2*thex.N) != 1 {
			t.Errorf("%#x is not a prime that is 1 modulo 2N", q)
		}
	}
}

// The limits that the run must keep: 60 MB of traffic a sentence.
func TestTheCostsOfThePlan(t *testing.T) {
	for _, tokens := range []int{16, 32, 64} {
		p, err := thex.NewPlan(thex.Shape{Tokens: tokens, Width: 64, Heads: 2, FFN: 256 * max(1, 32/tokens), Layers: 2, Reciprocal: 16, Labels: 3})
		if err != nil {
			t.Fatal(err)
		}
		c, err := thex.Count(p)
		if err != nil {
			t.Fatal(err)
		}
		up, down := p.Traffic()
		n, bytes := c.Plains()
		t.Logf("%d tokens: %d exchanges, up %.1f MB, down %.1f MB; %d keys; rotations %d and %d hoisted, %d products of ciphertexts, %d relinearisations, %d products with weights; %d weight vectors of %.0f MB",
			tokens, len(p.Exchanges), float64(up)/1e6, float64(down)/1e6, len(p.Rotations())+2, c.Rotations, c.Hoisted, c.CiphertextProducts, c.Relinearizations, c.PlainProducts, n, float64(bytes)/1e6)
		if up+down > 60e6 || len(p.Exchanges) != 9 {
			t.Errorf("%d tokens: %d exchanges, %d bytes", tokens, len(p.Exchanges), up+down)
		}
	}
}

func TestShapesWithoutAPlanAreRefused(t *testing.T) {
	good := thex.Shape{Tokens: 32, Width: 64, Heads: 2, FFN: 256, Layers: 2, Reciprocal: 16, Labels: 3}
	for name, change := range map[string]func(*thex.Shape){
		"tokens no power of two": func(s *thex.Shape) { s.Tokens = 24 },
		"too many tokens":        func(s *thex.Shape) { s.Tokens = 128 },
		"one token":              func(s *thex.Shape) { s.Tokens = 1 },
		"few tokens":             func(s *thex.Shape) { s.Tokens = 4 },
		"width":                  func(s *thex.Shape) { s.Width = 65 },
		"heads":                  func(s *thex.Shape) { s.Heads = 3 },
		"narrow heads":           func(s *thex.Shape) { s.Heads = 64 },
		"feed-forward":           func(s *thex.Shape) { s.FFN = 200 },
		"no layers":              func(s *thex.Shape) { s.Layers = 0 },
		"T":                      func(s *thex.Shape) { s.Reciprocal = 33 },
		"labels":                 func(s *thex.Shape) { s.Labels = 65 },
		"huge":                   func(s *thex.Shape) { s.Tokens, s.Width = 1<<40, 1<<40 },
	} {
		s := good
		change(&s)
		if _, err := thex.NewPlan(s); !errors.Is(err, thex.ErrShape) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := thex.NewPlan(good); err != nil {
		t.Error(err)
	}
}

func TestInputsOutsideOfThePlanAreRefused(t *testing.T) {
	k := open(t, 32)
	for name, ids := range map[string][]int32{"no token": {}, "33 tokens": make([]int32, 33), "negative id": {0, -1}, "id behind the vocabulary": {0, 1 << 20}} {
		if _, err := thex.NewClient(k.Plan, k.Embeddings, ids); !errors.Is(err, thex.ErrInput) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	c, err := thex.NewClient(k.Plan, k.Embeddings, []int32{0, 2})
	if err != nil {
		t.Fatal(err)
	}
	large := make([]complex128, thex.Slots)
	large[7] = complex(0, math.NaN())
	for name, slots := range map[string][][]complex128{"no part": {}, "few slots": {make([]complex128, 3)}, "not a number": {large}} {
		if _, err := c.Answer(0, slots); !errors.Is(err, thex.ErrInput) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	s := thex.NewSimulator(1)
	run := thex.NewRun[*thex.Simulated](s, k.Plan, k.Weights)
	for name, up := range map[string][]*thex.Simulated{"no part": {}, "wrong level": {s.Encrypt(c.First(), 1)}} {
		if _, err := run.Step(up); !errors.Is(err, thex.ErrInput) || run.Next() != 0 {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
