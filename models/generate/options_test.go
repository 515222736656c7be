//go:build !js

package generate_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

func TestLengthsMayCountThePrompt(t *testing.T) {
	m := must(t, "dec_subln")
	for i, r := range run(t, m, prompts, generate.Options{MaxLength: 9}) {
		if n := len(prompts[i].Prompt) + len(r.IDs); n != 9 {
			t.Errorf("input %d: %d tokens in all", i, n)
		}
	}
	if r := run(t, m, prompts[:1], generate.Options{MaxLength: 9, MaxNewTokens: 2})[0]; len(r.IDs) != 2 {
		t.Errorf("%d new tokens, MaxNewTokens counts", len(r.IDs))
	}
	if _, err := generate.Generate(m, prompts, generate.Options{MaxLength: 4}); !errors.Is(err, generate.ErrOptions) {
		t.Errorf("a prompt of 4 tokens with 4 in all: %v", err)
	}
	all := make([]int32, 29)
	for i := range all {
		all[i] = int32(i)
	}
	for i, r := range run(t, m, prompts, generate.Options{MaxLength: 12, MinLength: 8, EOS: all[1:]}) {
		for j, id := range r.IDs[:min(len(r.IDs), 8-len(prompts[i].Prompt))] {
			if id != 0 {
				t.Errorf("input %d: token %d is %d, only 0 does not end it", i, j, id)
			}
		}
	}
}

func TestForcedAndForbiddenTokens(t *testing.T) {
	m := must(t, "dec_subln")
	first, last := int32(17), int32(23)
	for _, beams := range []int{1, 3} {
		o := generate.Options{MaxNewTokens: 6, Beams: beams, ForcedBOS: &first, ForcedEOS: &last, EOS: []int32{last}, LengthPenalty: 1}
		for i, r := range run(t, m, prompts, o) {
			if forced := len(prompts[i].Prompt) == 1; forced != (r.IDs[0] == first) {
				t.Errorf("%d beams, a prompt of %d: begins with %d", beams, len(prompts[i].Prompt), r.IDs[0])
			}
			if r.IDs[len(r.IDs)-1] != last || r.Reason != generate.EOS {
				t.Errorf("%d beams: %v (%v), expected to end with %d", beams, r.IDs, r.Reason, last)
			}
		}
		plain := run(t, m, prompts[1:2], generate.Options{MaxNewTokens: 6, Beams: beams})[0].IDs
		o = generate.Options{MaxNewTokens: 6, Beams: beams, Suppress: plain[:1], BadWords: [][]int32{{7, 9, 11}, {28}}}
		o.Processors = []generate.Processor{func(ids []int32, logits []float32) {
			if len(ids) == 4 {
				logits[11] += 100 // would complete the bad word, whose beginning is the prompt's end
			}
		}}
		r := run(t, m, prompts[1:2], o)[0]
		if slices.Contains(r.IDs, plain[0]) || r.IDs[0] == 11 || slices.Contains(r.IDs, 28) {
			t.Errorf("%d beams: %v has what was forbidden", beams, r.IDs)
		}
	}
}

func TestSeveralResultsOfOneInput(t *testing.T) {
	m := must(t, "encdec_subln_relpos_shared")
	in := inputs(m)
	o := generate.Options{MaxNewTokens: 8, Sample: true, Seed: 3, Returns: 3}
	r := run(t, m, in, o)
	if len(r) != 9 {
		t.Fatalf("%d results of three inputs", len(r))
	}
	for i := range in {
		alone := run(t, m, in[i:i+1], o)
		for j, one := range alone {
			if !slices.Equal(one.IDs, r[3*i+j].IDs) {
				t.Errorf("input %d, result %d: %v alone, %v in a batch", i, j, one.IDs, r[3*i+j].IDs)
			}
		}
		if slices.Equal(alone[0].IDs, alone[1].IDs) && slices.Equal(alone[1].IDs, alone[2].IDs) {
			t.Errorf("input %d: drawn three times, always %v", i, alone[0].IDs)
		}
	}
	best := run(t, m, in, generate.Options{MaxNewTokens: 5, Beams: 4, Returns: 4})
	for i := range in {
		four := best[4*i : 4*i+4]
		one := run(t, m, in[i:i+1], generate.Options{MaxNewTokens: 5, Beams: 4})[0]
		if !slices.Equal(four[0].IDs, one.IDs) {
			t.Errorf("input %d: the first of four is %v, the only one %v", i, four[0].IDs, one.IDs)
		}
		for j := 1; j < 4; j++ {
			if four[j].Score > four[j-1].Score || slices.Equal(four[j].IDs, four[j-1].IDs) {
				t.Errorf("input %d: beam %d is %v, after %v", i, j, four[j], four[j-1])
			}
		}
	}
	for _, o := range []generate.Options{{Returns: 2}, {Returns: 3, Beams: 2}, {Returns: 65, Sample: true}} {
		if _, err := generate.Generate(m, in, o); !errors.Is(err, generate.ErrOptions) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// As one that sees all sequences of a step: it makes each choose its own number.
func TestABatchProcessorSeesEverySequence(t *testing.T) {
	m := must(t, "dec_subln")
	o := generate.Options{MaxNewTokens: 4, EOS: []int32{2}}
	steps := 0
	o.Batch = func(ids [][]int32, logits [][]float32) error {
		steps++
		if len(ids) != len(logits) || len(ids) != 3 && steps == 1 {
			t.Errorf("step %d: %d sequences, %d rows", steps, len(ids), len(logits))
		}
		for i, row := range logits {
			if len(row) != 29 {
				t.Fatalf("a row of %d", len(row))
			}
			row[len(ids[i])%7] = 1000 // by its length: the second ends at its second token
		}
		return nil
	}
	for i, want := range [][]int32{{1, 2}, {4, 5, 6, 0}, {2}} {
		if r := run(t, m, prompts, o)[i]; !slices.Equal(r.IDs, want) {
			t.Errorf("input %d: %v, expected %v", i, r.IDs, want)
		}
	}
	stop := errors.New("stop")
	o.Batch = func([][]int32, [][]float32) error { return stop }
	for _, o.Beams = range []int{1, 2} {
		if _, err := generate.Generate(m, prompts, o); err != stop {
			t.Errorf("%d beams: error %v", o.Beams, err)
		}
	}
}

// The table's own rows as spans give what the tokens give.
func TestSpansStandForTokens(t *testing.T) {
	m := must(t, "dec_subln")
	d := m.Device()
	defer d.Release(d.Mark())
	row, err := m.MeanEmbedding([]int32{7}, false)
	if err != nil {
		t.Fatal(err)
	}
	x := d.NewTensor(1, m.Dim())
	d.Set(x, row)
	plain := []generate.Input{{Prompt: []int32{2, 5}}, {Prompt: []int32{2, 5, 7, 9}}}
	docked := []generate.Input{plain[0], {Prompt: []int32{2, 5, 0, 9}, Spans: []transformer.Span{{At: 2, X: x}}}}
	for _, beams := range []int{1, 2} {
		o := generate.Options{MaxNewTokens: 6, Beams: beams, Scores: true}
		want := run(t, m, plain, o)
		for i, r := range run(t, m, docked, o) {
			if !slices.Equal(r.IDs, want[i].IDs) || math.Abs(r.Score-want[i].Score) > 1e-4 {
				t.Errorf("%d beams, input %d: %v, expected %v", beams, i, r, want[i])
			}
		}
	}
}
