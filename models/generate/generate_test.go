//go:build !js

package generate_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// open loads a model of the golden vectors: a vocabulary of 29, 32 positions.
func open(name string) (*transformer.Model, error) {
	dir := filepath.Join("../golden/testdata", name)
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, err
	}
	c, err := transformer.ParseConfig(text)
	if err != nil {
		return nil, err
	}
	dev := kernels.NewDevice(kernels.NewReference(0))
	s, closer, err := transformer.OpenFile(dev, filepath.Join(dir, "weights.safetensors"))
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	return transformer.Load(dev, c, []transformer.Stream{s}, transformer.LoadOptions{Head: true})
}

func must(t *testing.T, name string) *transformer.Model {
	t.Helper()
	m, err := open(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func run(t *testing.T, m *transformer.Model, inputs []generate.Input, o generate.Options) []generate.Result {
	t.Helper()
	used := m.Device().Used()
	r, err := generate.Generate(m, inputs, o)
	if err != nil {
		t.Fatal(err)
	}
	if m.Device().Used() != used {
		t.Errorf("%d bytes in use, %d before", m.Device().Used(), used)
	}
	return r
}

// next is the logarithms of the probabilities of what follows ids, by a pass over the
// whole sequence.
func next(t *testing.T, m *transformer.Model, in generate.Input, ids []int32) []float64 {
	t.Helper()
	d := m.Device()
	defer d.Release(d.Mark())
	b := transformer.Batch{IDs: ids, Lengths: []int{len(ids)}, Select: []int32{int32(len(ids) - 1)}}
	if m.Encoder != nil {
		x, err := m.Encoder.Forward(transformer.Batch{IDs: in.Source, Lengths: []int{len(in.Source)}})
		if err != nil {
			t.Fatal(err)
		}
		b.Source, b.SourceLengths = x, []int{len(in.Source)}
	}
	x, err := m.Forward(b)
	if err != nil {
		t.Fatal(err)
	}
	y, err := m.Logits(x)
	if err != nil {
		t.Fatal(err)
	}
	v := make([]float32, y.Cols)
	d.Get(v, y)
	p, sum := make([]float64, len(v)), 0.0
	for _, x := range v {
		sum += math.Exp(float64(x))
	}
	for i, x := range v {
		p[i] = float64(x) - math.Log(sum)
	}
	return p
}

func largest(p []float64) (best int32) {
	for i, x := range p {
		if x > p[best] {
			best = int32(i)
		}
	}
	return best
}

var (
	models  = []string{"dec_subln", "dec_deepnorm_postln", "dec_subln_relpos", "dec_subln_xpos", "encdec_subln_relpos_shared"}
	prompts = []generate.Input{{Prompt: []int32{2}}, {Prompt: []int32{2, 5, 7, 9}}, {Prompt: []int32{2, 11}}}
)

// inputs are prompts, with sources for a model that wants them.
func inputs(m *transformer.Model) []generate.Input {
	in := slices.Clone(prompts)
	for i, s := range [][]int32{{3, 7, 11}, {4}, {9, 9, 5, 2}} {
		if m.Encoder != nil {
			in[i].Source = s
		}
	}
	return in
}

func TestGreedySearchTakesTheLikeliestTokenOfAPassOverAll(t *testing.T) {
	for _, name := range models {
		t.Run(name, func(t *testing.T) {
			m := must(t, name)
			in := inputs(m)
			for i, r := range run(t, m, in, generate.Options{MaxNewTokens: 9, Scores: true}) {
				ids, score := slices.Clone(in[i].Prompt), 0.0
				for range 9 {
					p := next(t, m, in[i], ids)
					id := largest(p)
					ids, score = append(ids, id), score+p[id]
				}
				if want := ids[len(in[i].Prompt):]; !slices.Equal(r.IDs, want) || r.Reason != generate.Length || math.Abs(r.Score-score) > 1e-4 {
					t.Errorf("input %d: %v (%v, %v), expected %v (%v)", i, r.IDs, r.Reason, r.Score, want, score)
				}
			}
		})
	}
}

func TestASequenceDoesNotDependOnItsBatch(t *testing.T) {
	for _, o := range []generate.Options{{MaxNewTokens: 8, Scores: true}, {MaxNewTokens: 8, Scores: true, Sample: true, Seed: 7, TopK: 6}, {MaxNewTokens: 8, Beams: 3, EOS: []int32{6}}} {
		m := must(t, "encdec_subln_relpos_shared")
		together := run(t, m, inputs(m), o)
		for i, in := range inputs(m) {
			alone := run(t, m, []generate.Input{in}, o)[0]
			if !slices.Equal(alone.IDs, together[i].IDs) || math.Abs(alone.Score-together[i].Score) > 1e-5 {
				t.Errorf("%+v: input %d is %v alone, %v in a batch", o, i, alone, together[i])
			}
		}
	}
}

// 29 beams keep every first token, and so see every pair.
func TestBeamsThatKeepEverythingFindTheBest(t *testing.T) {
	for _, name := range []string{"dec_subln", "encdec_subln_relpos_shared"} {
		for _, penalty := range []float64{0, 1, -2} {
			m := must(t, name)
			for i, in := range inputs(m) {
				best, want := math.Inf(-1), []int32(nil)
				try := func(score float64, ids ...int32) {
					if score /= math.Pow(float64(len(ids)), penalty); score > best {
						best, want = score, ids
					}
				}
				const end = 6
				first := next(t, m, in, in.Prompt)
				for a := range int32(29) {
					if a == end {
						try(first[a], a)
						continue
					}
					for b, p := range next(t, m, in, append(slices.Clone(in.Prompt), a)) {
						try(first[a]+p, a, int32(b))
					}
				}
				r := run(t, m, []generate.Input{in}, generate.Options{MaxNewTokens: 2, Beams: 29, LengthPenalty: penalty, EOS: []int32{end}})[0]
				if !slices.Equal(r.IDs, want) || math.Abs(r.Score-best) > 1e-4 {
					t.Errorf("%s, input %d, penalty %v: %v (%v), expected %v (%v)", name, i, penalty, r.IDs, r.Score, want, best)
				}
			}
		}
	}
}

func TestMoreBeamsAreNeverWorseThanGreedyHereAndEndEarly(t *testing.T) {
	m := must(t, "dec_subln")
	for i, in := range inputs(m) {
		greedy := run(t, m, []generate.Input{in}, generate.Options{MaxNewTokens: 6, Scores: true})[0]
		beams := run(t, m, []generate.Input{in}, generate.Options{MaxNewTokens: 6, Beams: 5})[0]
		if beams.Score < greedy.Score-1e-5 {
			t.Errorf("input %d: beams %v, greedy %v", i, beams.Score, greedy.Score)
		}
		all := make([]int32, 29) // every token ends a sequence
		for j := range all {
			all[j] = int32(j)
		}
		if r := run(t, m, []generate.Input{in}, generate.Options{MaxNewTokens: 6, Beams: 5, EOS: all, EarlyStopping: true})[0]; len(r.IDs) != 1 || r.Reason != generate.EOS {
			t.Errorf("input %d: %v (%v), expected one token", i, r.IDs, r.Reason)
		}
	}
}

func TestWhereASequenceEnds(t *testing.T) {
	m := must(t, "dec_subln")
	in := prompts[1:2]
	plain := run(t, m, in, generate.Options{MaxNewTokens: 8})[0].IDs
	for _, c := range []struct {
		name   string
		o      generate.Options
		n      int
		reason generate.Reason
	}{
		{"at the end of sequence", generate.Options{MaxNewTokens: 8, EOS: []int32{28, plain[2]}}, slices.Index(plain, plain[2]) + 1, generate.EOS},
		{"at a stop sequence", generate.Options{MaxNewTokens: 8, Stop: [][]int32{{plain[4], 28, 28}, plain[2:4]}}, 4, generate.Stop},
		{"at once", generate.Options{MaxNewTokens: 1}, 1, generate.Length},
		{"after 20 tokens", generate.Options{}, 20, generate.Length},
		{"where positions end", generate.Options{MaxNewTokens: 100}, 32 - 4, generate.Length},
	} {
		if r := run(t, m, in, c.o)[0]; len(r.IDs) != c.n || r.Reason != c.reason {
			t.Errorf("%s: %d tokens (%v), expected %d (%v)", c.name, len(r.IDs), r.Reason, c.n, c.reason)
		}
	}
	late := run(t, m, in, generate.Options{MaxNewTokens: 8, MinNewTokens: 5, EOS: plain[:3]})[0].IDs
	if len(late) < 6 && slices.ContainsFunc(late[:len(late)-1], func(id int32) bool { return slices.Contains(plain[:3], id) }) || len(late) < 5 {
		t.Errorf("%v ends before its fifth token", late)
	}
	full := make([]int32, 32)
	if r := run(t, m, []generate.Input{{Prompt: full}}, generate.Options{})[0]; len(r.IDs) != 0 || r.Reason != generate.Length {
		t.Errorf("after a prompt that fills the model: %v (%v)", r.IDs, r.Reason)
	}
	if r := run(t, m, []generate.Input{{Prompt: full}}, generate.Options{Beams: 2})[0]; len(r.IDs) != 0 || r.Reason != generate.Length {
		t.Errorf("with beams: %v (%v)", r.IDs, r.Reason)
	}
}

func TestProcessorsChangeWhatIsChosen(t *testing.T) {
	m := must(t, "dec_subln")
	even := func(_ []int32, logits []float32) {
		for i := 1; i < len(logits); i += 2 {
			logits[i] = float32(math.Inf(-1))
		}
	}
	for _, o := range []generate.Options{{MaxNewTokens: 12}, {MaxNewTokens: 12, Sample: true}, {MaxNewTokens: 12, Beams: 3}} {
		o.Processors = []generate.Processor{even}
		o.NoRepeatNGram = 2
		for i, r := range run(t, m, prompts, o) {
			ids := slices.Concat(prompts[i].Prompt, r.IDs)
			seen := map[[2]int32]bool{}
			for j := 1; j < len(ids); j++ {
				pair := [2]int32{ids[j-1], ids[j]}
				if seen[pair] {
					t.Errorf("%v twice in %v", pair, ids)
				}
				seen[pair] = true
			}
			for _, id := range r.IDs {
				if id%2 != 0 {
					t.Errorf("token %d was forbidden", id)
				}
			}
		}
	}
	nothing := func(_ []int32, logits []float32) {
		for i := range logits {
			logits[i] = float32(math.NaN())
		}
	}
	for _, o := range []generate.Options{{}, {Sample: true}} {
		o.Processors = []generate.Processor{nothing}
		if _, err := generate.Generate(m, prompts, o); !errors.Is(err, generate.ErrOptions) {
			t.Errorf("every logit is NaN: got %v", err)
		}
	}
	run(t, m, prompts, generate.Options{Beams: 2, Processors: []generate.Processor{nothing}}) // ends, whatever it says
}

func TestWhatIsHeardIsWhatComesOut(t *testing.T) {
	m := must(t, "dec_subln")
	heard := make([][]int32, 3)
	o := generate.Options{MaxNewTokens: 7, EOS: []int32{6}, Token: func(i int, id int32) error {
		heard[i] = append(heard[i], id)
		return nil
	}}
	for i, r := range run(t, m, prompts, o) {
		if !slices.Equal(r.IDs, heard[i]) {
			t.Errorf("input %d: heard %v, result %v", i, heard[i], r.IDs)
		}
	}
}

func TestARunEndsWithinATokenAndLeavesNothing(t *testing.T) {
	m := must(t, "dec_subln")
	used, stop := m.Device().Used(), errors.New("stop")
	layers := 0
	for name, o := range map[string]generate.Options{
		"pause": {Pause: func() error {
			if layers++; layers > 7 {
				return stop
			}
			return nil
		}},
		"token": {Token: func(int, int32) error { return stop }},
		"beams": {Beams: 2, Pause: func() error { return stop }},
	} {
		if _, err := generate.Generate(m, prompts, o); err != stop {
			t.Errorf("%s: error %v, expected %v", name, err, stop)
		}
	}
	if layers != 8 {
		t.Errorf("%d layers were begun, expected 8", layers)
	}
	if m.Device().Used() != used {
		t.Errorf("%d bytes in use, %d before", m.Device().Used(), used)
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	m, both, enc := must(t, "dec_subln"), must(t, "encdec_subln"), must(t, "enc_subln")
	nan := float32(math.NaN())
	for _, c := range []struct {
		name  string
		m     *transformer.Model
		in    []generate.Input
		o     generate.Options
		want  error
		names string
	}{
		{"an encoder", enc, prompts, generate.Options{}, generate.ErrOptions, "no decoder"},
		{"no prompt", m, []generate.Input{{}}, generate.Options{}, generate.ErrOptions, "no prompt"},
		{"no source", both, prompts, generate.Options{}, generate.ErrOptions, "source of 0"},
		{"a source for a decoder", m, []generate.Input{{Prompt: []int32{1}, Source: []int32{1}}}, generate.Options{}, generate.ErrOptions, "source of 1"},
		{"temperature below 0", m, prompts, generate.Options{Sample: true, Temperature: -1}, generate.ErrOptions, "temperature"},
		{"temperature that is none", m, prompts, generate.Options{Sample: true, Temperature: nan}, generate.ErrOptions, "temperature"},
		{"top-p above 1", m, prompts, generate.Options{Sample: true, TopP: 1.5}, generate.ErrOptions, "top_p"},
		{"more than there can be", m, prompts, generate.Options{MinNewTokens: 30}, generate.ErrOptions, "is 30, expected 0 to 20"},
		{"sampled beams", m, prompts, generate.Options{Sample: true, Beams: 2}, generate.ErrOptions, "not sampled"},
		{"a thousand beams", m, prompts, generate.Options{Beams: 1000}, generate.ErrOptions, "1 to 64"},
		{"an empty stop sequence", m, prompts, generate.Options{Stop: [][]int32{{}}}, generate.ErrOptions, "empty"},
		{"a token beyond the vocabulary", m, []generate.Input{{Prompt: []int32{29}}}, generate.Options{}, transformer.ErrInput, "id 29"},
		{"a prompt beyond the positions", m, []generate.Input{{Prompt: make([]int32, 33)}}, generate.Options{}, transformer.ErrTooLong, "33"},
	} {
		used := c.m.Device().Used()
		if _, err := generate.Generate(c.m, c.in, c.o); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: error %v, expected %v naming %q", c.name, err, c.want, c.names)
		}
		if c.m.Device().Used() != used {
			t.Errorf("%s: %d bytes in use, %d before", c.name, c.m.Device().Used(), used)
		}
	}
}

// Greedy search that stops at token 6, with a callback for every token.
func ExampleGenerate() {
	m, err := open("dec_subln")
	if err != nil {
		fmt.Println(err)
		return
	}
	heard := 0
	r, err := generate.Generate(m, []generate.Input{{Prompt: []int32{2, 5}}}, generate.Options{
		MaxNewTokens: 5, EOS: []int32{6}, RepetitionPenalty: 1.2,
		Token: func(_ int, id int32) error { heard++; return nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(r[0].IDs) == heard, r[0].Reason)
	// Output: true length
}

func TestAnInterruptedRunReturnsWhatItHas(t *testing.T) {
	m := must(t, "dec_subln")
	inputs := []generate.Input{{Prompt: []int32{3, 5}}, {Prompt: []int32{4}}}
	for _, beams := range []int{1, 3} {
		whole := run(t, m, inputs, generate.Options{MaxNewTokens: 9, Beams: beams})
		steps := 0
		r := run(t, m, inputs, generate.Options{MaxNewTokens: 9, Beams: beams, Interrupted: func() bool { steps++; return steps == 4 }})
		if steps != 4 || len(r) != len(whole) {
			t.Fatalf("%d beams: %d steps, %d results", beams, steps, len(r))
		}
		for i := range r {
			if len(r[i].IDs) != 4 || r[i].Reason != generate.Stop || beams == 1 && !slices.Equal(r[i].IDs, whole[i].IDs[:4]) {
				t.Errorf("%d beams: %+v, expected 4 tokens of %v", beams, r[i], whole[i].IDs)
			}
		}
	}
}

func TestBatchEndsSequences(t *testing.T) {
	m := must(t, "dec_subln")
	inputs := []generate.Input{{Prompt: []int32{3, 5}}, {Prompt: []int32{4}}}
	whole := run(t, m, inputs, generate.Options{MaxNewTokens: 9})
	step := 0
	r := run(t, m, inputs, generate.Options{MaxNewTokens: 9, Batch: func(ids [][]int32, logits [][]float32) error {
		step++
		switch step {
		case 4: // the first of two has three tokens
			logits[0] = nil
		case 6: // the second is alone now, and has five
			if len(ids) != 1 || len(ids[0]) != 1+5 {
				t.Errorf("step 6: %v, expected the second sequence with five tokens", ids)
			}
			logits[0] = nil
		}
		return nil
	}})
	for i, n := range []int{3, 5} {
		if r[i].Reason != generate.Stop || !slices.Equal(r[i].IDs, whole[i].IDs[:n]) {
			t.Errorf("sequence %d: %+v, expected the first %d tokens of %v", i, r[i], n, whole[i].IDs)
		}
	}
	if step != 6 {
		t.Errorf("%d steps, expected 6", step)
	}
}
