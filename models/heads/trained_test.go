//go:build !js

package heads_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// The taggers that ship, in int8, against the float32 logits that PyTorch computed with
// the weights they were made of (weights/train/tagger.py and crop.py write them).
func TestTheTaggersThatShipAgreeWithPyTorch(t *testing.T) {
	for _, name := range []string{"tagger-magneto-en", "tagger-magneto-en-de"} {
		t.Run(name, func(t *testing.T) { agrees(t, name) })
	}
}

func agrees(t *testing.T, name string) {
	dir := "../../weights/" + name
	text, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			IDs, First []int32
			Logits     [][]float32
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil || len(golden.Cases) != 16 {
		t.Fatalf("%d cases: %v", len(golden.Cases), err)
	}
	b, err := simd.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	dev := kernels.NewDevice(b)
	f, err := pipeline.Read(dev, pipeline.Dir(dir), pipeline.Options{NoTokenizer: true})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := f.Load(dev, pipeline.Head(heads.TokenClassification), pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, h := loaded.Stack, loaded.Head
	var words, same, n int
	var dot, aa, bb, worst float64
	for _, g := range golden.Cases {
		mark := dev.Mark()
		x, err := m.Forward(transformer.Batch{IDs: g.IDs, Lengths: []int{len(g.IDs)}})
		if err != nil {
			t.Fatal(err)
		}
		y, err := h.Logits(dev, x)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, y.Rows*y.Cols)
		dev.Get(got, y)
		dev.Release(mark)
		for i, want := range g.Logits {
			for j, w := range want {
				p, q := float64(got[i*y.Cols+j]), float64(w)
				dot, aa, bb, worst, n = dot+p*q, aa+p*p, bb+q*q, max(worst, math.Abs(p-q)), n+1
			}
		}
		for _, i := range g.First {
			words++
			if best(got[int(i)*y.Cols:][:y.Cols]) == best(g.Logits[i]) {
				same++
			}
		}
	}
	cosine := dot / math.Sqrt(aa*bb)
	t.Logf("%d logits: cosine %.5f, largest difference %.3f; %d of %d words have the same label", n, cosine, worst, same, words)
	if cosine < 0.999 || 100*same < 98*words || words < 100 {
		t.Errorf("cosine %.5f, expected at least 0.999; %d of %d words, expected 98 %%", cosine, same, words)
	}
}

func best(logits []float32) int {
	k := 0
	for i, v := range logits {
		if v > logits[k] {
			k = i
		}
	}
	return k
}
