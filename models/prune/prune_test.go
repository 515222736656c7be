//go:build !js

package prune_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/prune"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

func near(a, b []float64, limit float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !(math.Abs(a[i]-b[i]) <= limit) {
			return false
		}
	}
	return true
}

// testdata/prune_trace.json: a reference of the same rule, its hits and gates over 400
// tokens a window; numbers have six digits.
func TestTheTraceOfAReferenceIsReproduced(t *testing.T) {
	text, err := os.ReadFile("testdata/prune_trace.json")
	if err != nil {
		t.Fatal(err)
	}
	var want []prune.Window
	if err := json.Unmarshal(text, &want); err != nil || len(want) != 5 {
		t.Fatalf("%d windows (%v)", len(want), err)
	}
	l, err := prune.NewLayer(6, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want {
		got, err := l.Observe(w.HitRate, w.AlphaNorm)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Alive, w.Alive) || !slices.Equal(got.Survivors, w.Survivors) ||
			!near(got.Cumulative, w.Cumulative, 1e-5) || math.Abs(got.Threshold-w.Threshold) > 1e-12 || !near(got.HitRate, w.HitRate, 1e-6) {
			t.Errorf("window %d: got %+v, expected %+v", w.Window, got, w)
		}
	}
	// The directory expert_prune keeps expert 5.
	if k := l.Keep(); k != 5 || !slices.Equal(l.Alive, []int{5}) {
		t.Errorf("kept %d of %v, expected 5", k, l.Alive)
	}
}

func TestTheLastExpertsAreNeverAllDropped(t *testing.T) {
	for _, c := range []struct {
		name  string
		alpha []float64
		alive []int
		best  int
	}{
		{"no token at all: shares of 0 reach a threshold of 0", []float64{0, 0, 0}, []int{0, 1, 2}, 0},
		{"equal shares", []float64{1, 1, 1}, []int{0, 1, 2}, 0},
		{"one has everything", []float64{0, 7, 0}, []int{1}, 1},
		{"one is never hit", []float64{3, 0, 4}, []int{0, 2}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, _ := prune.NewLayer(3, 1)
			if _, err := l.Observe([]float64{0, 0, 0}, c.alpha); err != nil {
				t.Fatal(err)
			}
			if l.Best() != c.best {
				t.Errorf("best %d, expected %d", l.Best(), c.best)
			}
			// With β = 1 only what reaches an even share stays: 3 and 4 of 7 do, of three.
			if !slices.Equal(l.Alive, c.alive) {
				t.Errorf("alive %v, expected %v", l.Alive, c.alive)
			}
		})
	}
}

func TestCountsThatCannotBeAreRefused(t *testing.T) {
	l, _ := prune.NewLayer(2, 0.5)
	for name, v := range map[string][]float64{"too few": {1}, "negative": {1, -1}, "not a number": {1, math.NaN()}, "infinite": {1, math.Inf(1)}} {
		if _, err := l.Observe([]float64{0, 0}, v); !errors.Is(err, prune.ErrInput) {
			t.Errorf("%s: error %v, expected %v", name, err, prune.ErrInput)
		}
	}
	if len(l.Trace) != 0 {
		t.Errorf("%d windows after refusals", len(l.Trace))
	}
	for _, beta := range []float64{0, -1, 2, math.NaN()} {
		if _, err := prune.NewLayer(2, beta); !errors.Is(err, prune.ErrInput) {
			t.Errorf("β = %v: error %v, expected %v", beta, err, prune.ErrInput)
		}
	}
}

// mixtureFolder is a folder of one of the golden mixtures of experts.
func mixtureFolder(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	for from, to := range map[string]string{"config.json": "config.json", "weights.safetensors": "model.safetensors"} {
		b, err := os.ReadFile(filepath.Join("../golden/testdata", name, from))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "vocab.txt"), []byte("a\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sequences of tokens of a vocabulary of 29.
func sequences() (all [][]int32) {
	for i := range int32(40) {
		var s []int32
		for j := range i%7 + 1 {
			s = append(s, (5*i+11*j+i*j)%29)
		}
		all = append(all, s)
	}
	return all
}

func states(t *testing.T, m *transformer.Model) []float32 {
	t.Helper()
	x, err := m.Forward(transformer.Batch{IDs: []int32{0, 7, 11, 5, 9, 2, 3, 3}, Lengths: []int{6, 2}})
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float32, x.Rows*x.Cols)
	m.Device().Get(y, x)
	return y
}

// A softmax over one expert is 1: the dense model is the mixture with that expert alone.
func TestTheDenseFolderEqualsTheMixtureWithOneExpert(t *testing.T) {
	for _, name := range []string{"enc_moe_top1_cap100", "enc_moe_top2_all_cap100", "enc_xmoe_top1_cap100"} {
		t.Run(name, func(t *testing.T) {
			in, out := mixtureFolder(t, name), filepath.Join(t.TempDir(), "dense")
			m, err := pipeline.OpenStack(kernels.NewDevice(kernels.NewReference(0)), pipeline.Dir(in), pipeline.Options{})
			if err != nil {
				t.Fatal(err)
			}
			before := states(t, m)
			r, err := prune.Calibrate(m, sequences(), prune.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Layers) != 1 || r.Layers[0].Layer != 1 || len(r.Layers[0].Windows) != 5 || r.Layers[0].Gate != 1 {
				t.Fatalf("report %+v", r)
			}
			if !slices.Equal(before, states(t, m)) {
				t.Error("the mixture is not as it was")
			}
			if err := m.Experts(1).SetAlive([]int{r.Layers[0].Kept}); err != nil {
				t.Fatal(err)
			}
			if err := prune.Write(in, out, r); err != nil {
				t.Fatal(err)
			}
			dense, err := pipeline.OpenStack(kernels.NewDevice(kernels.NewReference(0)), pipeline.Dir(out), pipeline.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if dense.Config.MoE != nil {
				t.Error("the dense model has experts")
			}
			want, got := states(t, m), states(t, dense)
			for i := range want {
				if math.Abs(float64(want[i]-got[i])) > 1e-6 {
					t.Fatalf("number %d is %v, with one expert %v", i, got[i], want[i])
				}
			}
			if slices.Equal(before, want) {
				t.Error("dropping experts changed nothing: the test says nothing")
			}
			if b, err := os.ReadFile(filepath.Join(out, "vocab.txt")); err != nil || string(b) != "a\n" {
				t.Errorf("other files: %q, %v", b, err)
			}
			if err := prune.Write(in, out, r); !errors.Is(err, prune.ErrInput) {
				t.Errorf("over a folder that is there: error %v", err)
			}
		})
	}
}

// Of a sigmoid gate the mean stays, in the second matrix and its bias.
func TestAGateBelowOneScalesTheLayer(t *testing.T) {
	in := mixtureFolder(t, "enc_moe_top1_cap100")
	load := func(gate float64) *transformer.Model {
		out := filepath.Join(t.TempDir(), "dense")
		if err := prune.Write(in, out, &prune.Report{Layers: []prune.LayerReport{{Layer: 1, Kept: 2, Gate: gate}}}); err != nil {
			t.Fatal(err)
		}
		m, err := pipeline.OpenStack(kernels.NewDevice(kernels.NewReference(0)), pipeline.Dir(out), pipeline.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	add := func(m *transformer.Model) []float32 { // what layer 1 adds
		var before, after []float32
		_, err := m.Forward(transformer.Batch{IDs: []int32{4}, Lengths: []int{1}, Layer: func(i int, x kernels.Tensor) {
			v := make([]float32, x.Cols)
			m.Device().Get(v, x)
			switch i {
			case 0:
				before = v
			case 1:
				after = v
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range after {
			after[i] -= before[i]
		}
		return after
	}
	// The layer adds attention and g times the feed-forward: linear in g.
	zero, half, one := add(load(0)), add(load(0.5)), add(load(1))
	for i := range one {
		if want := (zero[i] + one[i]) / 2; math.Abs(float64(half[i]-want)) > 1e-5 {
			t.Fatalf("number %d is %v, expected %v", i, half[i], want)
		}
	}
}

func TestWhatCannotBePrunedIsNamed(t *testing.T) {
	in := mixtureFolder(t, "enc_moe_top1_cap100")
	dense := mixtureFolder(t, "enc_subln")
	m, err := pipeline.OpenStack(kernels.NewDevice(kernels.NewReference(0)), pipeline.Dir(dense), pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, noExperts := prune.Calibrate(m, sequences(), prune.Options{})
	for name, c := range map[string]struct {
		err   error
		names string
	}{
		"a dense model":                {noExperts, "experts"},
		"an expert that is not there":  {prune.Write(in, filepath.Join(t.TempDir(), "x"), &prune.Report{Layers: []prune.LayerReport{{Layer: 1, Kept: 9}}}), "no expert 9"},
		"a layer the report lacks":     {prune.Write(in, filepath.Join(t.TempDir(), "x"), &prune.Report{}), "moe_layer"},
		"a report of another model":    {prune.Write(dense, filepath.Join(t.TempDir(), "x"), &prune.Report{Layers: []prune.LayerReport{{Layer: 1}}}), "no expert 0 in layer 1"},
		"a folder without config.json": {prune.Write(t.TempDir(), filepath.Join(t.TempDir(), "x"), &prune.Report{}), "config.json"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.names) {
			t.Errorf("%s: error %v, expected it to name %q", name, c.err, c.names)
		}
	}
}
