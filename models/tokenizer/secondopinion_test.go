package tokenizer

import (
	"slices"
	"testing"

	hf "github.com/sugarme/tokenizer/model/unigram"
)

// TestSecondOpinionOfSugarme feeds words, normalised and marked by this package, to
// the Unigram model of github.com/sugarme/tokenizer v0.3.0, another implementation.
func TestSecondOpinionOfSugarme(t *testing.T) {
	tok := loadDefault(t)
	model := tok.model.(*unigram)
	vocab := make([]hf.TokenScore, len(model.pieces))
	for i, p := range model.pieces {
		vocab[i] = hf.TokenScore{Token: p, Score: model.scores[i]}
	}
	other, err := hf.NewUnigramBuilder().Vocab(vocab).UnkID(int(model.unk)).FuseUnk(true).Build()
	if err != nil {
		t.Fatal(err)
	}
	words, differ := 0, 0
	seen := map[string]bool{}
	ws := new(workspace)
	for _, line := range readOracle(t) {
		if line.Name != "default" || line.Pair != nil || len(line.Text) > 2000 {
			continue
		}
		var a, spare aligned
		a.load([]byte(line.Text), 0, len(line.Text))
		tok.normalizer.normalize(&a, &spare)
		if len(a.text) == 0 {
			continue
		}
		tok.preTokenizer.preTokenize(&a, ws, func(word *aligned) bool {
			text := string(word.text)
			if seen[text] {
				return true
			}
			seen[text] = true
			words++
			pieces, err := model.tokenize(word.text, nil, ws, nil)
			if err != nil {
				t.Fatal(err)
			}
			var ids, theirs []int32
			for _, p := range pieces {
				ids = append(ids, p.id)
			}
			tokens, err := other.Tokenize(text)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			for _, token := range tokens {
				theirs = append(theirs, int32(token.Id))
			}
			if !slices.Equal(ids, theirs) {
				if differ++; differ <= 8 {
					t.Errorf("%q: %v, theirs %v", text, ids, theirs)
				}
			}
			return true
		})
	}
	if differ > 0 || words < 7000 {
		t.Errorf("%d of %d words differ", differ, words)
	}
}
