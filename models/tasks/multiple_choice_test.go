package tasks

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/kformer"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// Every answer is scored by itself, in whatever batch it runs.
func TestAnswersAreChosenByTheSoftmaxOfTheirScores(t *testing.T) {
	for _, family := range headstest.Families {
		for _, n := range []int{1, 3, 150} {
			model := headstest.New(family, heads.MultipleChoice)
			r := tiny(t, NewMultipleChoice, model)
			var answers []string
			var want []float64
			sum := 0.0
			for i := range n {
				answers = append(answers, strings.Repeat("ada ", i%5)+"paris")
				e, err := r.tok.EncodePair("was it", answers[i], tokenizer.Options{AddSpecialTokens: true})
				if err != nil {
					t.Fatal(err)
				}
				types := e.TypeIDs
				if r.model.Config.TypeVocabSize < 2 {
					types = make([]int32, len(e.IDs))
				}
				want = append(want, math.Exp(model.Logits(e.IDs, types)[0][0]))
				sum += want[i]
			}
			got, err := r.Run(nil, "was it", answers, MultipleChoiceOptions{})
			if err != nil || len(got) != n {
				t.Fatalf("%s: %d answers: %v", family, len(got), err)
			}
			for i, y := range got {
				if math.Abs(y.Score-want[y.Index]/sum) > 1e-4 || y.Text != answers[y.Index] || i > 0 && y.Score > got[i-1].Score || y.Notes != nil {
					t.Errorf("%s: answer %d: %+v, expected %v", family, i, y, want[y.Index]/sum)
				}
			}
			if top, err := r.Run(nil, "was it", answers, MultipleChoiceOptions{TopK: 1}); err != nil || len(top) != 1 || top[0].Index != got[0].Index {
				t.Errorf("%s: the best alone: %+v, %v", family, top, err)
			}
		}
	}
}

func TestChoicesThatCannotBeAreRefused(t *testing.T) {
	r := tiny(t, NewMultipleChoice, headstest.New("bert", heads.MultipleChoice))
	long := strings.Repeat("ada ", headstest.Positions)
	for _, c := range []struct {
		name    string
		answers []string
		err     error
		says    string
	}{
		{"no answer", nil, ErrInput, "0 answers"},
		{"too many", make([]string, 1001), ErrInput, "1001 answers"},
		{"too long", []string{"ada", long}, ErrInput, fmt.Sprintf("answer 1: invalid input: with its question it has 43 tokens, expected 1 to %d", headstest.Positions)},
		{"no text", []string{"\xff"}, tokenizer.ErrInvalidText, "answer 0"},
	} {
		if _, err := r.Run(nil, "", c.answers, MultipleChoiceOptions{}); !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, expected %v saying %q", c.name, err, c.err, c.says)
		}
	}
	if _, err := r.Notes([]string{"ada"}); !errors.Is(err, kformer.ErrModel) {
		t.Errorf("notes for a BERT: error %v", err)
	}
	if _, err := r.Run(nil, "", []string{"ada"}, MultipleChoiceOptions{Notes: &kformer.Knowledge{}}); !errors.Is(err, kformer.ErrModel) {
		t.Errorf("a BERT with notes: error %v", err)
	}
	if _, err := NewMultipleChoice(parts(t, headstest.New("bert", heads.QuestionAnswering))); !errors.Is(err, ErrHead) {
		t.Errorf("another head: error %v", err)
	}
	stop := errors.New("stop")
	mark := r.model.Device().Mark()
	if _, err := r.Run(stopped{stop}, "", []string{"ada"}, MultipleChoiceOptions{}); !errors.Is(err, stop) || r.model.Device().Mark() != mark {
		t.Errorf("error %v, %d bytes left behind", err, r.model.Device().Mark()-mark)
	}
}
