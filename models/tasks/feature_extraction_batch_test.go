//go:build !js

package tasks_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// rows counts the rows that the int8 layers of one width compute, and those of each batch.
type rows struct {
	kernels.Backend
	width   uint32
	sum     int
	batches []int
}

func (b *rows) EmbedQ8(y, table, scale, ids, n, d uint32, mul float32, accumulate uint32) {
	b.batches = append(b.batches, int(n))
	b.Backend.EmbedQ8(y, table, scale, ids, n, d, mul, accumulate)
}

func (b *rows) LinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, levels, scratch uint32) {
	if n == b.width {
		b.sum += int(m)
	}
	b.Backend.LinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n, act, alpha, levels, scratch)
}

// counted is the shipped model on kernels that count the rows of its feed-forwards.
func counted(t *testing.T) (*tasks.FeatureExtraction, *transformer.Model, *rows) {
	t.Helper()
	b, err := simd.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	c := &rows{Backend: b}
	dev := kernels.NewDevice(c)
	f, err := pipeline.Read(dev, pipeline.Dir(defaultModel), pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Load(dev, pipeline.NoHead, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.width = uint32(m.Config.IntermediateSize)
	x, err := pipeline.FeatureExtraction.Of(m)
	if err != nil {
		t.Fatal(err)
	}
	return x, m.Stack, c
}

// Short sentences are one matrix in every layer; texts of all lengths cost their tokens
// and no padding, and come back in their order.
func TestBatchesComputeTokensAndNoPadding(t *testing.T) {
	x, m, count := counted(t)
	short := make([]string, 32)
	for i := range short {
		short[i] = "Guten Morgen, wie geht es?"
	}
	mixed := []string{"a", strings.Repeat("the long way home ", 25), "Wo ist der Bahnhof?", "", strings.Repeat("und so weiter ", 12), "b c"}
	for _, tt := range []struct {
		name    string
		texts   []string
		batches int
	}{{"32 short sentences", short, 1}, {"mixed lengths", mixed, 1}, {"many of mixed lengths", slices.Repeat(mixed, 6), 2}} {
		for _, pooling := range []string{"none", "mean"} {
			tokens := 0
			for _, text := range tt.texts {
				one := extract(t, x, "none", false, text)
				tokens += one.Dims[1]
			}
			count.sum, count.batches = 0, nil
			got := extract(t, x, pooling, false, tt.texts...)
			if len(count.batches) != tt.batches || count.sum != tokens*m.Config.NumLayers {
				t.Errorf("%s, %s: batches of %v and %d rows in all layers, expected %d batches and %d rows",
					tt.name, pooling, count.batches, count.sum, tt.batches, tokens*m.Config.NumLayers)
			}
			row := len(got.Data) / len(tt.texts)
			for i, text := range tt.texts[:min(len(tt.texts), 6)] {
				alone := extract(t, x, pooling, false, text)
				if !alike(got.Data[i*row:i*row+len(alone.Data)], alone.Data) {
					t.Errorf("%s, %s: text %d is not what it is alone", tt.name, pooling, i)
				}
			}
		}
	}
}

// 32 sentences are one batch also where the first of them would fill one: what is left over
// would be a small one.
func TestTheLastSentencesAreNotLeftForABatchOfTheirOwn(t *testing.T) {
	x, _, count := counted(t)
	for _, tt := range []struct {
		pooling, text string
		sentences     int
		batches       int
	}{
		{"mean", "Wo ist der Bahnhof, und wann fährt der nächste Zug nach Berlin ab?", 32, 1},
		{"none", "Wo ist der Bahnhof, und wann fährt der nächste Zug nach Berlin ab?", 32, 1},
		{"prompt", "Guten Morgen, wie geht es?", 32, 1},
		{"prompt", "Guten Morgen, wie geht es?", 64, 2},
	} {
		texts := slices.Repeat([]string{tt.text}, tt.sentences)
		extract(t, x, tt.pooling, false, tt.text)
		count.batches = nil
		got := extract(t, x, tt.pooling, false, texts...)
		tokens := 0
		for _, n := range count.batches {
			tokens += n
			if n > transformer.BatchLimit {
				t.Errorf("%s: a batch of %d tokens, at most %d are one", tt.pooling, n, transformer.BatchLimit)
			}
		}
		if one := tokens / tt.sentences; tt.batches == 1 && tokens-one < transformer.BatchTokens {
			t.Errorf("%s: %d tokens are too few to say anything", tt.pooling, tokens)
		}
		if len(count.batches) != tt.batches {
			t.Errorf("%s: %d sentences in batches of %v, expected %d batches", tt.pooling, tt.sentences, count.batches, tt.batches)
		}
		row := len(got.Data) / tt.sentences
		for i := range tt.sentences {
			if !alike(got.Data[i*row:(i+1)*row], got.Data[:row]) {
				t.Errorf("%s: sentence %d is not what the first is", tt.pooling, i)
			}
		}
	}
}
