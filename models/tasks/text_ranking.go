package tasks

import (
	"math"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// maxDocuments bounds the documents of a ranking.
const maxDocuments = 10_000

// TextRanking ranks documents by how well they answer a query, with a cross-encoder: a
// model with one output that reads the query and a document together.
type TextRanking struct{ headed }

// NewTextRanking makes the task of a model that was loaded with a sequence-classification
// head of one output.
func NewTextRanking(m *transformer.Model, h *heads.Head, t *tokenizer.Tokenizer) (*TextRanking, error) {
	r, err := newHeaded(heads.SequenceClassification, m, h, t)
	if err == nil && h.Outputs != 1 {
		err = lean.Errorf("tasks: %w: text-ranking needs a cross-encoder, whose head has one output; this one has %d (%s)", ErrModel, h.Outputs, lean.Clip(strings.Join(h.Labels.Names, ", ")))
	}
	return &TextRanking{r}, err
}

// TextRankingOptions are the options of [TextRanking.Run].
type TextRankingOptions struct {
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

// Run ranks documents, the best first. Of a pair that is longer than the model the longer
// text is truncated.
func (t *TextRanking) Run(ctx Context, query string, documents []string, o TextRankingOptions) ([]Ranked, error) {
	switch {
	case len(documents) == 0 || len(documents) > maxDocuments:
		return nil, lean.Errorf("tasks: %w: %d documents, expected 1 to %d", ErrInput, len(documents), maxDocuments)
	case o.TopK < 0 || o.TopK > maxDocuments:
		return nil, lean.Errorf("tasks: %w: top_k is %d, expected 0 to %d", ErrInput, o.TopK, maxDocuments)
	case o.FunctionToApply != "" && o.FunctionToApply != "sigmoid" && o.FunctionToApply != "none":
		return nil, lean.Errorf("tasks: %w: function_to_apply is %q, expected sigmoid or none", ErrInput, o.FunctionToApply)
	}
	parts, truncated, err := t.pairs(query, "document", documents, tokenizer.LongestFirst)
	if err != nil {
		return nil, err
	}
	scores := make([]float64, len(documents))
	err = t.run(ctx, parts, nil, func(p *part, logits []float32) {
		scores[p.text] = float64(logits[0])
		if o.FunctionToApply != "none" {
			scores[p.text] = 1 / (1 + math.Exp(-scores[p.text]))
		}
	})
	if err != nil {
		return nil, err
	}
	var ranked []Ranked
	for _, i := range top(scores, o.TopK) {
		ranked = append(ranked, Ranked{i, scores[i], truncated[i]})
	}
	return ranked, nil
}
