package tasks

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/promptbert"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Encode is the ids of a text without what the model needs around it: no special tokens
// and no template. There are at most [FeatureExtraction.MaxTokens]; truncated tells
// whether the text has more.
func (f *FeatureExtraction) Encode(text string) (ids []int32, truncated bool, err error) {
	if f.prompt != nil {
		return f.prompt.Pieces(text)
	}
	limit := 0
	if n := f.MaxTokens(); n > 0 {
		limit = n + 1
	}
	e, err := f.tok.Encode(text, tokenizer.Options{MaxLength: limit})
	if err == nil && limit > 0 && len(e.IDs) == limit {
		return e.IDs[:limit-1], true, nil
	}
	return e.IDs, false, err
}

// MaxTokens is how many tokens of a text the model reads, besides those around it. 0: the
// model states no limit.
func (f *FeatureExtraction) MaxTokens() int {
	if f.prompt != nil {
		return f.prompt.Prompt.MaxSentence
	}
	n := f.model.Config.MaxPositions
	if n == 0 {
		return 0
	}
	empty, err := f.tok.Encode("", tokenizer.Options{AddSpecialTokens: true})
	if err != nil {
		return n
	}
	return max(1, n-len(empty.IDs))
}

// RunIDs is [FeatureExtraction.Run] of texts that are ids already, as
// [FeatureExtraction.Encode] gives them; the vectors are the same. An id outside the
// vocabulary is transformer.ErrInput. Pooling is the model's own.
func (f *FeatureExtraction) RunIDs(ctx Context, texts [][]int32, o FeatureExtractionOptions) (Vectors, error) {
	if o.Pooling != "" {
		return Vectors{}, lean.Errorf("tasks: %w: pooling is %q; texts that are ids have the model's own", ErrPooling, o.Pooling)
	}
	for i, ids := range texts {
		for _, id := range ids {
			if id < 0 || int(id) >= f.model.Config.VocabSize {
				return Vectors{}, lean.Errorf("tasks: text %d: %w: id %d, the vocabulary has %d", i, transformer.ErrInput, id, f.model.Config.VocabSize)
			}
		}
	}
	y, err := f.extractIDs(ctx, texts, o)
	if err != nil {
		return Vectors{}, err
	}
	return y, finite(y.Data, len(texts))
}

func (f *FeatureExtraction) extractIDs(ctx Context, texts [][]int32, o FeatureExtractionOptions) (Vectors, error) {
	if f.prompt != nil {
		r, err := f.prompt.EmbedPieces(texts, promptbert.Options{Normalize: o.Normalize, Pause: pauseOf(ctx), Progress: o.Progress})
		if err != nil {
			return Vectors{}, err
		}
		return Vectors{Data: r.Data, Dims: []int{len(texts), f.model.Dim()}, Truncated: r.Truncated}, nil
	}
	// Any text shows what stands around one.
	e, err := f.tok.Encode("a", tokenizer.Options{AddSpecialTokens: true})
	if err != nil {
		return Vectors{}, lean.Errorf("tasks: %w", err)
	}
	around := frame(e, 0)
	encodings, truncated := make([][]int32, len(texts)), make([]bool, len(texts))
	for i, ids := range texts {
		if n := f.MaxTokens(); n > 0 && len(ids) > n {
			ids, truncated[i] = ids[:n], true
		}
		row := append([]int32(nil), e.IDs[:around.first]...)
		encodings[i] = append(append(row, ids...), e.IDs[around.last:]...)
	}
	o.Pooling = "mean"
	return f.poolAll(ctx, encodings, truncated, o)
}
