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

// The expected logits are those of headstest, computed in float64.
func TestPairsAreScoredByTheLogitOfTheHead(t *testing.T) {
	for _, family := range []string{"bert", "roberta", "distilbert"} {
		model := headstest.New(family, heads.SequenceClassification, "relevant")
		r := tiny(t, NewTextRanking, model)
		var pairs []tokenizer.Encoding
		for _, text := range []string{"ada", "paris", "ada was it", strings.Repeat("ada ", headstest.Positions)} {
			e, err := r.Encode("was it", text)
			if err != nil {
				t.Fatal(err)
			}
			if long := len(text) > headstest.Positions; e.Overflowed != long || long && len(e.IDs) != r.limit() {
				t.Errorf("%s: %d tokens, overflowed %v", family, len(e.IDs), e.Overflowed)
			}
			pairs = append(pairs, e)
		}
		scores, err := r.Run(nil, pairs)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range pairs {
			types := e.TypeIDs
			if r.model.Config.TypeVocabSize < 2 {
				types = make([]int32, len(e.IDs))
			}
			if want := model.Logits(e.IDs, types)[0][0]; math.Abs(float64(scores[i])-want) > 1e-4 {
				t.Errorf("%s: pair %d: %v, expected %v", family, i, scores[i], want)
			}
		}
	}
}

func TestAHeadOfSeveralOutputsDoesNotRank(t *testing.T) {
	m, h, tok := parts(t, headstest.New("bert", heads.SequenceClassification, "no", "yes"))
	if _, err := NewTextRanking(m, h, tok); !errors.Is(err, ErrHead) {
		t.Errorf("error %v, expected ErrHead", err)
	}
	r := tiny(t, NewTextRanking, headstest.New("bert", heads.SequenceClassification, "relevant"))
	for _, n := range []int{0, headstest.Positions + 1} {
		if _, err := r.Run(nil, []tokenizer.Encoding{{IDs: make([]int32, n)}}); !errors.Is(err, ErrInput) {
			t.Errorf("a pair of %d tokens: error %v, expected ErrInput", n, err)
		}
	}
}
