package tasks

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// pairLogits are the logits of a pair of texts in float64, by headstest's own forward pass.
func pairLogits(t *testing.T, model *headstest.Model, r *headed, a, b string) []float64 {
	t.Helper()
	e, err := r.tok.EncodePair(a, b, tokenizer.Options{AddSpecialTokens: true})
	if err != nil {
		t.Fatal(err)
	}
	types := e.TypeIDs
	if r.model.Config.TypeVocabSize < 2 {
		types = make([]int32, len(e.IDs))
	}
	return model.Logits(e.IDs, types)[0]
}

// The scores are those of Hugging Face's ZeroShotClassificationPipeline: the softmax over the
// entailment of all labels, or for each label that of contradiction and entailment.
func TestZeroShotScoresAreThoseOfEntailment(t *testing.T) {
	for _, family := range headstest.Families {
		model := headstest.New(family, heads.SequenceClassification, "CONTRADICTION", "neutral", "Entailment")
		r := tiny(t, NewZeroShotClassification, model)
		labels := []string{"ada", "paris", "london"}
		texts := []string{"ada lives in paris", "who"}
		for _, multi := range []bool{false, true} {
			got, err := r.Run(nil, texts, labels, ZeroShotClassificationOptions{MultiLabel: multi, HypothesisTemplate: "was it {}?"})
			if err != nil {
				t.Fatal(err)
			}
			for i, text := range texts {
				want, sum := make([]float64, len(labels)), 0.0
				for k, label := range labels {
					y := pairLogits(t, model, &r.headed, text, "was it "+label+"?")
					want[k] = math.Exp(y[2])
					sum += want[k]
					if multi {
						want[k] = math.Exp(y[2]) / (math.Exp(y[0]) + math.Exp(y[2]))
					}
				}
				if len(got[i]) != len(labels) {
					t.Fatalf("%s: %d labels", family, len(got[i]))
				}
				for k, y := range got[i] {
					w := want[y.Index]
					if !multi {
						w /= sum
					}
					if math.Abs(y.Score-w) > 1e-4 || k > 0 && y.Score > got[i][k-1].Score || y.Truncated {
						t.Errorf("%s, multi_label %v, text %d: %+v, expected %v", family, multi, i, y, w)
					}
				}
			}
		}
		one, err := r.Run(nil, texts[:1], labels[:1], ZeroShotClassificationOptions{})
		y := pairLogits(t, model, &r.headed, texts[0], "This example is ada.")
		if want := math.Exp(y[2]) / (math.Exp(y[0]) + math.Exp(y[2])); err != nil || math.Abs(one[0][0].Score-want) > 1e-4 {
			t.Errorf("%s: one label: %+v, %v, expected %v", family, one, err, want)
		}
		long, err := r.Run(nil, []string{strings.Repeat("ada ", headstest.Positions)}, labels, ZeroShotClassificationOptions{})
		if err != nil || !long[0][0].Truncated {
			t.Errorf("%s: a long text: %+v, %v", family, long, err)
		}
	}
}

func TestZeroShotRefuses(t *testing.T) {
	nli := headstest.New("bert", heads.SequenceClassification, "entailment", "not_entailment")
	r := tiny(t, NewZeroShotClassification, nli)
	for _, c := range []struct {
		name   string
		labels []string
		o      ZeroShotClassificationOptions
		says   string
	}{
		{"no label", nil, ZeroShotClassificationOptions{}, "0 candidate_labels"},
		{"too many", make([]string, 1001), ZeroShotClassificationOptions{}, "1001 candidate_labels"},
		{"a template without a place", []string{"a"}, ZeroShotClassificationOptions{HypothesisTemplate: "this"}, `"this" has no {}`},
	} {
		if _, err := r.Run(nil, []string{"ada"}, c.labels, c.o); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, expected ErrInput with %q", c.name, err, c.says)
		}
	}
	sentiment := headstest.New("bert", heads.SequenceClassification, "bad", "good")
	if _, err := NewZeroShotClassification(parts(t, sentiment)); !errors.Is(err, ErrModel) || !strings.Contains(err.Error(), "this one has bad, good") {
		t.Errorf("labels of a sentiment: %v", err)
	}
	if _, err := NewZeroShotClassification(parts(t, headstest.New("bert", heads.QuestionAnswering))); !errors.Is(err, ErrHead) {
		t.Errorf("another head: %v", err)
	}
}

// The score is the sigmoid of the one output, as in sentence-transformers' CrossEncoder.
func TestDocumentsAreRankedByTheModelsOutput(t *testing.T) {
	for _, family := range headstest.Families {
		model := headstest.New(family, heads.SequenceClassification, "LABEL_0")
		r := tiny(t, NewTextRanking, model)
		documents := []string{"ada", "paris is in france", "", "the capital of london", strings.Repeat("ada ", headstest.Positions)}
		for _, function := range []string{"", "none"} {
			got, err := r.Rank(nil, "who lives in paris?", documents, RankOptions{FunctionToApply: function})
			if err != nil || len(got) != len(documents) {
				t.Fatalf("%s: %+v, %v", family, got, err)
			}
			for i, y := range got {
				if y.Truncated != (y.Index == 4) || i > 0 && y.Score > got[i-1].Score {
					t.Errorf("%s: %+v", family, got)
				}
				if y.Truncated {
					continue
				}
				want := pairLogits(t, model, &r.headed, "who lives in paris?", documents[y.Index])[0]
				if function == "" {
					want = 1 / (1 + math.Exp(-want))
				}
				if math.Abs(y.Score-want) > 1e-4 {
					t.Errorf("%s, function %q: %+v, expected %v", family, function, y, want)
				}
			}
			if best, err := r.Rank(nil, "who lives in paris?", documents, RankOptions{FunctionToApply: function, TopK: 1}); err != nil || len(best) != 1 || best[0] != got[0] {
				t.Errorf("%s: the best alone: %+v, %v", family, best, err)
			}
		}
	}
}

func TestRankingRefuses(t *testing.T) {
	r := tiny(t, NewTextRanking, headstest.New("bert", heads.SequenceClassification, "LABEL_0"))
	for _, c := range []struct {
		name      string
		documents []string
		o         RankOptions
		says      string
	}{
		{"no document", nil, RankOptions{}, "0 documents"},
		{"too many", make([]string, 10_001), RankOptions{}, "10001 documents"},
		{"fewer than none", []string{"a"}, RankOptions{TopK: -1}, "top_k is -1"},
		{"another function", []string{"a"}, RankOptions{FunctionToApply: "softmax"}, `"softmax", expected sigmoid or none`},
	} {
		if _, err := r.Rank(nil, "ada", c.documents, c.o); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, expected ErrInput with %q", c.name, err, c.says)
		}
	}
	if _, err := NewTextRanking(parts(t, headstest.New("bert", heads.SequenceClassification, "bad", "good"))); !errors.Is(err, ErrHead) || !strings.Contains(err.Error(), "the head has 2 outputs, expected 1") {
		t.Errorf("two outputs: %v", err)
	}
}
