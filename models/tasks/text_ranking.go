package tasks

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// TextRanking scores how well texts answer a query. The model is a cross-encoder: it reads
// each text as a pair with the query (Nogueira and Cho, arXiv 1901.04085).
type TextRanking struct{ headed }

// NewTextRanking makes the task of a model that was loaded with a sequence-classification
// head of one output. The error is ErrHead if the head has more.
func NewTextRanking(m *transformer.Model, h *heads.Head, t *tokenizer.Tokenizer) (*TextRanking, error) {
	r, err := newHeaded(heads.SequenceClassification, m, h, t)
	if err == nil && h.Outputs != 1 {
		err = lean.Errorf("tasks: %w: the head has %d outputs, expected 1: a model that ranks gives one score", ErrHead, h.Outputs)
	}
	return &TextRanking{r}, err
}

// Encode makes a pair of tokens of a query and a text. A pair that is longer than the model
// is cut, the longer of the two first, as sentence-transformers' CrossEncoder does;
// Overflowed of the encoding then is true.
func (r *TextRanking) Encode(query, text string) (tokenizer.Encoding, error) {
	e, err := r.tok.EncodePair(query, text, tokenizer.Options{AddSpecialTokens: true, MaxLength: r.limit()})
	if err == nil && len(e.IDs) == 0 {
		err = lean.Errorf("%w: it has no token", ErrInput)
	}
	if err != nil {
		return e, lean.Errorf("tasks: %w", err)
	}
	return e, nil
}

// Run returns the logit of each pair, in the order of the pairs. A larger one is a better
// answer; its sigmoid is a probability if the model was trained with binary cross-entropy.
func (r *TextRanking) Run(ctx Context, pairs []tokenizer.Encoding) ([]float32, error) {
	parts := make([]part, len(pairs))
	for i, e := range pairs {
		if len(e.IDs) == 0 || len(e.IDs) > r.limit() {
			return nil, lean.Errorf("tasks: pair %d: %w: it has %d tokens, expected 1 to %d", i, ErrInput, len(e.IDs), r.limit())
		}
		parts[i] = part{ids: e.IDs, types: e.TypeIDs, rows: []int32{0}, text: i}
	}
	scores := make([]float32, len(pairs))
	err := r.run(ctx, parts, nil, func(p *part, logits []float32) { scores[p.text] = logits[0] })
	return scores, err
}
