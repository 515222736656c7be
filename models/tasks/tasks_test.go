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
			model := headstest.New(family, heads.MaskedLM)
			r := tiny(t, NewFillMask, model)
			mask, written, err := r.Mask()
			if err != nil {
				t.Fatal(err)
			}
			texts := []string{"the capital of france is " + written + ".", written + " is in " + written, written}
			got, err := r.Run(nil, texts, FillMaskOptions{TopK: 5})
			if err != nil {
				t.Fatal(err)
			}
			for i, text := range texts {
				e := encoding(t, r.tok, text, true)
				logits := model.Logits(e.IDs, e.TypeIDs)
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
						if int(f.Token) != order[k] || !near(f.Score, p[order[k]]) {
							t.Errorf("text %d, mask %d, place %d: token %d with %g, want %d with %g", i, n, k, f.Token, f.Score, order[k], p[order[k]])
						}
						if f.TokenStr != r.tok.Decode([]int32{f.Token}, false) {
							t.Errorf("token %d is %q", f.Token, f.TokenStr)
						}
						filled := slices.Clone(e.IDs[1 : len(e.IDs)-1])
						filled[at-1] = f.Token
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
	r := tiny(t, NewFillMask, headstest.New("bert", heads.MaskedLM))
	for _, c := range []struct {
		text string
		k    int
		err  error
		says string
	}{
		{"the capital", 5, ErrInput, "text 1 has no [MASK]"},
		{strings.Repeat("the ", 60) + "[MASK]", 5, transformer.ErrTooLong, "63 tokens, the model reads 40"},
		{"[MASK]", -1, ErrInput, "top_k is -1, expected 1 to 1000"},
		{"[MASK]", 1001, ErrInput, "top_k is 1001, expected 1 to 1000"},
	} {
		_, err := r.Run(nil, []string{"[MASK]", c.text}, FillMaskOptions{TopK: c.k})
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.20q: error %v, expected %v saying %q", c.text, err, c.err, c.says)
		}
	}
	if all, err := r.Run(nil, []string{"[MASK]"}, FillMaskOptions{TopK: 1000}); err != nil || len(all[0][0]) != r.head.Outputs {
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
			model := headstest.New(family, heads.SequenceClassification, labels...)
			if c.problem != "" {
				model.Config["problem_type"] = c.problem
			}
			r := tiny(t, NewTextClassification, model)
			texts := []string{"ada lives in paris", "", "who was born in london?"}
			all, err := r.Run(nil, texts, TextClassificationOptions{FunctionToApply: c.function})
			if err != nil {
				t.Fatal(err)
			}
			one, err := r.Run(nil, texts, TextClassificationOptions{FunctionToApply: c.function, TopK: 1})
			if err != nil {
				t.Fatal(err)
			}
			for i, text := range texts {
				e := encoding(t, r.tok, text, false)
				logits := model.Logits(e.IDs, e.TypeIDs)[0]
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
	model := headstest.New("bert", heads.SequenceClassification, "toxic")
	r := tiny(t, NewTextClassification, model)
	got, err := r.Run(nil, []string{"ada"}, TextClassificationOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e := encoding(t, r.tok, "ada", false)
	if want := 1 / (1 + math.Exp(-model.Logits(e.IDs, nil)[0][0])); !near(got[0][0].Score, want) {
		t.Errorf("score %g, want %g", got[0][0].Score, want)
	}
}

func TestALongTextIsCutAndTheClassSaysSo(t *testing.T) {
	r := tiny(t, NewTextClassification, headstest.New("bert", heads.SequenceClassification, "a", "b"))
	got, err := r.Run(nil, []string{"the", strings.Repeat("the ", 100)}, TextClassificationOptions{})
	if err != nil || got[0][0].Truncated || !got[1][0].Truncated {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := r.Run(nil, []string{"a"}, TextClassificationOptions{FunctionToApply: "tanh"}); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), `"tanh"`) {
		t.Errorf("error %v", err)
	}
}

func TestATaskNeedsItsHead(t *testing.T) {
	m, h, tok := parts(t, headstest.New("bert", heads.MaskedLM))
	_, classify := NewTextClassification(m, h, tok)
	_, entities := NewTokenClassification(m, h, tok)
	_, answers := NewQuestionAnswering(m, h, tok)
	_, choose := NewMultipleChoice(m, h, tok)
	m, h, tok = parts(t, headstest.New("bert", heads.QuestionAnswering))
	_, fill := NewFillMask(m, h, tok)
	for i, err := range []error{classify, entities, answers, choose, fill} {
		if !errors.Is(err, ErrHead) {
			t.Errorf("%d: error %v, expected %v", i, err, ErrHead)
		}
	}
}

func TestARunCanBeEndedAndLeavesNothingBehind(t *testing.T) {
	r := tiny(t, NewTextClassification, headstest.New("bert", heads.SequenceClassification, "a", "b"))
	texts := slices.Repeat([]string{"ada lives in paris, the capital of france"}, 120)
	stop := errors.New("stop")
	if _, err := r.Run(stopped{stop}, texts, TextClassificationOptions{}); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
	used := r.model.Device().Used()
	if _, err := r.Run(nil, texts, TextClassificationOptions{}); err != nil || r.model.Device().Used() != used {
		t.Errorf("%d bytes in use after a call, %d before: %v", r.model.Device().Used(), used, err)
	}
}

func TestNoTextsGiveNoResults(t *testing.T) {
	r := tiny(t, NewTokenClassification, headstest.New("bert", heads.TokenClassification, "O", "X"))
	if got, err := r.Run(nil, nil, TokenClassificationOptions{}); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := r.Run(nil, []string{"", " "}, TokenClassificationOptions{}); err != nil || len(got) != 2 || got[0] != nil {
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

func ExampleTextClassification_Run() {
	r := tiny(&testing.T{}, NewTextClassification, headstest.New("distilbert", heads.SequenceClassification, "happy", "sad"))
	classes, err := r.Run(nil, []string{"Ada lives in Paris."}, TextClassificationOptions{TopK: 1})
	fmt.Println(len(classes), len(classes[0]), err)
	// Output: 1 1 <nil>
}
