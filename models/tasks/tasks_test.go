package tasks

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

func TestMasksAreFilledWithTheLikeliestTokens(t *testing.T) {
	for _, family := range headstest.Families {
		t.Run(family, func(t *testing.T) {
			tiny := headstest.New(family, heads.MaskedLM)
			r := runner(t, tiny)
			mask, written, err := r.Mask()
			if err != nil {
				t.Fatal(err)
			}
			texts := []string{"the capital of france is " + written + ".", written + " is in " + written, written}
			got, err := r.FillMask(texts, Options{TopK: 5})
			if err != nil {
				t.Fatal(err)
			}
			for i, text := range texts {
				e := encoding(t, r, text, true)
				logits := tiny.Logits(e.IDs, e.TypeIDs)
				n := 0
				for at, id := range e.IDs {
					if id != mask {
						continue
					}
					p := exact(logits[at])
					order := make([]int, len(p))
					for k := range order {
						order[k] = k
					}
					slices.SortStableFunc(order, func(a, b int) int {
						if p[a] > p[b] {
							return -1
						}
						return 1
					})
					for k, f := range got[i][n] {
						if f.Token != order[k] || !near(f.Score, p[order[k]]) {
							t.Errorf("text %d, mask %d, place %d: token %d with %g, want %d with %g", i, n, k, f.Token, f.Score, order[k], p[order[k]])
						}
						if f.Text != r.tok.Decode([]int32{int32(f.Token)}, false) {
							t.Errorf("token %d is %q", f.Token, f.Text)
						}
						filled := slices.Clone(e.IDs[1 : len(e.IDs)-1])
						filled[at-1] = int32(f.Token)
						if want := r.tok.Decode(filled, !slices.Contains(filled, mask)); f.Sequence != want {
							t.Errorf("sequence %q, want %q", f.Sequence, want)
						}
					}
					if len(got[i][n]) != 5 {
						t.Errorf("%d fills", len(got[i][n]))
					}
					n++
				}
				if n != len(got[i]) {
					t.Errorf("text %d: %d masks, want %d", i, len(got[i]), n)
				}
			}
		})
	}
}

func TestTextsWhoseMasksCannotBeFilledAreRefused(t *testing.T) {
	r := runner(t, headstest.New("bert", heads.MaskedLM))
	for _, c := range []struct {
		text string
		k    int
		err  error
		says string
	}{
		{"the capital", 5, ErrInput, "text 1 has no [MASK]"},
		{strings.Repeat("the ", 60) + "[MASK]", 5, transformer.ErrTooLong, "63 tokens, the model reads 40"},
		{"[MASK]", 0, ErrInput, "top_k 0 (1 to 1000)"},
		{"[MASK]", 1001, ErrInput, "top_k 1001 (1 to 1000)"},
	} {
		_, err := r.FillMask([]string{"[MASK]", c.text}, Options{TopK: c.k})
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.20q: error %v, expected %v saying %q", c.text, err, c.err, c.says)
		}
	}
	if all, err := r.FillMask([]string{"[MASK]"}, Options{TopK: 1000}); err != nil || len(all[0][0]) != r.head.Outputs {
		t.Errorf("more than the vocabulary: %v", err)
	}
}

func TestTextsGetTheLabelsOfTheirLogits(t *testing.T) {
	labels := []string{"bad", "fair", "good"}
	for _, family := range headstest.Families {
		for _, c := range []struct {
			problem, function string
			score             func(logits []float64, i int) float64
		}{
			{"", "", func(x []float64, i int) float64 { return exact(x)[i] }},
			{"single_label_classification", "", func(x []float64, i int) float64 { return exact(x)[i] }},
			{"multi_label_classification", "", func(x []float64, i int) float64 { return 1 / (1 + math.Exp(-x[i])) }},
			{"regression", "", func(x []float64, i int) float64 { return x[i] }},
			{"regression", "softmax", func(x []float64, i int) float64 { return exact(x)[i] }},
			{"", "sigmoid", func(x []float64, i int) float64 { return 1 / (1 + math.Exp(-x[i])) }},
			{"", "none", func(x []float64, i int) float64 { return x[i] }},
		} {
			tiny := headstest.New(family, heads.SequenceClassification, labels...)
			if c.problem != "" {
				tiny.Config["problem_type"] = c.problem
			}
			r := runner(t, tiny)
			texts := []string{"ada lives in paris", "", "who was born in london?"}
			all, err := r.Classify(texts, Options{Function: c.function})
			if err != nil {
				t.Fatal(err)
			}
			one, err := r.Classify(texts, Options{Function: c.function, TopK: 1})
			if err != nil {
				t.Fatal(err)
			}
			for i, text := range texts {
				e := encoding(t, r, text, false)
				logits := tiny.Logits(e.IDs, e.TypeIDs)[0]
				if len(all[i]) != 3 || all[i][0].Truncated || len(one[i]) != 1 || one[i][0] != all[i][0] {
					t.Errorf("%s: all %v, one %v", family, all[i], one[i])
				}
				for k, y := range all[i] {
					if want := c.score(logits, slices.Index(labels, y.Label)); !near(y.Score, want) || k > 0 && y.Score > all[i][k-1].Score {
						t.Errorf("%s, %q %q: %v, want %g", family, c.problem, c.function, all[i], want)
					}
				}
			}
		}
	}
}

func TestASingleOutputIsASigmoid(t *testing.T) {
	tiny := headstest.New("bert", heads.SequenceClassification, "toxic")
	r := runner(t, tiny)
	got, err := r.Classify([]string{"ada"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := encoding(t, r, "ada", false)
	if want := 1 / (1 + math.Exp(-tiny.Logits(e.IDs, nil)[0][0])); !near(got[0][0].Score, want) {
		t.Errorf("score %g, want %g", got[0][0].Score, want)
	}
}

func TestALongTextIsCutAndTheClassSaysSo(t *testing.T) {
	r := runner(t, headstest.New("bert", heads.SequenceClassification, "a", "b"))
	got, err := r.Classify([]string{"the", strings.Repeat("the ", 100)}, Options{})
	if err != nil || got[0][0].Truncated || !got[1][0].Truncated {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := r.Classify([]string{"a"}, Options{Function: "tanh"}); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), `"tanh"`) {
		t.Errorf("error %v", err)
	}
}

func TestATaskNeedsItsHead(t *testing.T) {
	r := runner(t, headstest.New("bert", heads.MaskedLM))
	_, classify := r.Classify([]string{"a"}, Options{})
	_, entities := r.Entities([]string{"a"}, Options{})
	_, answers := r.Answers([]string{"a"}, []string{"b"}, Options{TopK: 1})
	_, fill := runner(t, headstest.New("bert", heads.QuestionAnswering)).FillMask([]string{"[MASK]"}, Options{TopK: 1})
	for i, err := range []error{classify, entities, answers, fill} {
		if !errors.Is(err, ErrHead) {
			t.Errorf("%d: error %v, expected %v", i, err, ErrHead)
		}
	}
}

func TestARunCanBeEndedAndLeavesNothingBehind(t *testing.T) {
	r := runner(t, headstest.New("bert", heads.SequenceClassification, "a", "b"))
	texts := slices.Repeat([]string{"ada lives in paris, the capital of france"}, 120)
	stop := errors.New("stop")
	if _, err := r.Classify(texts, Options{Pause: func() error { return stop }}); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
	used := r.model.Device().Used()
	if _, err := r.Classify(texts, Options{}); err != nil || r.model.Device().Used() != used {
		t.Errorf("%d bytes in use after a call, %d before: %v", r.model.Device().Used(), used, err)
	}
}

func TestNoTextsGiveNoResults(t *testing.T) {
	r := runner(t, headstest.New("bert", heads.TokenClassification, "O", "X"))
	if got, err := r.Entities(nil, Options{}); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := r.Entities([]string{"", " "}, Options{}); err != nil || len(got) != 2 || got[0] != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestTopAreTheLargestInOrder(t *testing.T) {
	p := []float64{0.1, 0.5, 0.3, 0.5, 0, 0.3}
	for k, want := range map[int][]int{0: {1, 3, 2, 5, 0, 4}, 1: {1}, 2: {1, 3}, 3: {1, 3, 2}, 4: {1, 3, 2, 5}, 9: {1, 3, 2, 5, 0, 4}} {
		if got := top(p, k); !slices.Equal(got, want) {
			t.Errorf("top %d: %v, want %v", k, got, want)
		}
	}
	if got := top(nil, 3); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func ExampleRunner_Classify() {
	r := runner(&testing.T{}, headstest.New("distilbert", heads.SequenceClassification, "happy", "sad"))
	classes, err := r.Classify([]string{"Ada lives in Paris."}, Options{TopK: 1})
	fmt.Println(len(classes), len(classes[0]), err)
	// Output: 1 1 <nil>
}
