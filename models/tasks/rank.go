package tasks

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// maxDocuments bounds the documents of a ranking.
const maxDocuments = 10_000

// RankOptions are the options of [TextRanking.Rank].
type RankOptions struct {
	// TopK is how many documents are returned, up to 10,000; 0 is all.
	TopK int
	// FunctionToApply makes a score of the model's output: "sigmoid" (also "") or "none".
	FunctionToApply string
}

// Ranked is a document, by its place among those that were given.
type Ranked struct {
	Index int
	Score float64
	// Truncated: query and document were longer than the model, and an end was not read.
	Truncated bool
}

// Rank ranks documents for a query, the best first, as sentence-transformers' CrossEncoder.rank
// does.
func (t *TextRanking) Rank(ctx Context, query string, documents []string, o RankOptions) ([]Ranked, error) {
	switch {
	case len(documents) == 0 || len(documents) > maxDocuments:
		return nil, lean.Errorf("tasks: %w: %d documents, expected 1 to %d", ErrInput, len(documents), maxDocuments)
	case o.TopK < 0 || o.TopK > maxDocuments:
		return nil, lean.Errorf("tasks: %w: top_k is %d, expected 0 to %d", ErrInput, o.TopK, maxDocuments)
	case o.FunctionToApply != "" && o.FunctionToApply != "sigmoid" && o.FunctionToApply != "none":
		return nil, lean.Errorf("tasks: %w: function_to_apply is %q, expected sigmoid or none", ErrInput, o.FunctionToApply)
	}
	pairs := make([]tokenizer.Encoding, len(documents))
	for i, d := range documents {
		var err error
		if pairs[i], err = t.Encode(query, d); err != nil {
			return nil, lean.Errorf("tasks: document %d: %w", i, err)
		}
	}
	logits, err := t.Run(ctx, pairs)
	if err != nil {
		return nil, err
	}
	scores := make([]float64, len(documents))
	for i, v := range logits {
		scores[i] = float64(v)
		if o.FunctionToApply != "none" {
			scores[i] = 1 / (1 + math.Exp(-scores[i]))
		}
	}
	var ranked []Ranked
	for _, i := range top(scores, o.TopK) {
		ranked = append(ranked, Ranked{i, scores[i], pairs[i].Overflowed})
	}
	return ranked, nil
}
