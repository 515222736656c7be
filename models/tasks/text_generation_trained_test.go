//go:build !js

package tasks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// The language model that ships, in int8, against the float32 logits that PyTorch computed
// with the weights it was made of, on beginnings of stories and novels that it was not
// trained on (weights/train/lm.py writes them).
func TestTheWriterThatShipsAgreesWithPyTorch(t *testing.T) {
	const dir = "../../weights/writer-magneto-en"
	read := func(path string) []byte {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	var golden struct {
		Columns []int
		Cases   []struct {
			IDs, Next, Best []int32
			NLL             float64
			Logits          [][]float64 // of Columns
		}
	}
	if err := json.Unmarshal(read("testdata/writer-magneto-en.json"), &golden); err != nil || len(golden.Cases) != 6 {
		t.Fatalf("%d cases: %v", len(golden.Cases), err)
	}
	b, err := simd.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	dev := kernels.NewDevice(b)
	g, err := pipeline.Open(dev, pipeline.Dir(dir), pipeline.TextGeneration, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var dot, aa, bb, ours, theirs float64
	same, n := 0, 0
	for _, c := range golden.Cases {
		y, release, err := g.Logits(transformer.Padded{IDs: c.IDs, Rows: 1, Cols: len(c.IDs)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, y.Rows*y.Cols)
		dev.Get(got, y)
		release()
		for i := range c.IDs {
			z := got[i*y.Cols : (i+1)*y.Cols]
			ours += generate.LogSumExp(z) - float64(z[c.Next[i]])
			theirs += c.NLL
			n++
			if int32(best(z)) == c.Best[i] {
				same++
			}
			for j, k := range golden.Columns {
				p, q := float64(z[k]), c.Logits[i][j]
				dot, aa, bb = dot+p*q, aa+p*p, bb+q*q
			}
		}
	}
	cosine, p, q := dot/math.Sqrt(aa*bb), math.Exp(ours/float64(n)), math.Exp(theirs/float64(n))
	t.Logf("%d tokens: cosine of the logits %.5f, perplexity %.2f, PyTorch's float32 %.2f; the likeliest token is the same for %d", n, cosine, p, q, same)
	if cosine < 0.999 || math.Abs(p/q-1) > 0.01 || 100*same < 95*n {
		t.Errorf("cosine %.5f, expected at least 0.999; perplexity %.3f, expected %.3f within 1 %%; likeliest tokens %d of %d, expected 95 %%", cosine, p, q, same, n)
	}
	// The folder draws: what it writes differs from seed to seed, and not between two
	// calls with one seed.
	write := func(seed uint64) string {
		options := fmt.Appendf(nil, `{"seed":%d,"max_new_tokens":24}`, seed)
		r, err := g.Run(nil, []string{"Once upon a time"}, tasks.GenerationOptions{JSON: options})
		if err != nil {
			t.Fatal(err)
		}
		return r[0].Text
	}
	if a, b, c := write(1), write(1), write(2); a != b || a == c {
		t.Errorf("seed 1: %q and %q, seed 2: %q", a, b, c)
	}
}

func best(z []float32) int {
	k := 0
	for i, v := range z {
		if v > z[k] {
			k = i
		}
	}
	return k
}
