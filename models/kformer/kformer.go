package kformer

import (
	"errors"

	"math"
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// ErrModel: the model has no layer for knowledge.
var ErrModel = errors.New("not a Kformer")

// Config is a Kformer: RoBERTa with knowledge in the layers [from, to). A sequence gets
// the top best items; the official code has 5.
func Config(vocab, hidden, layers, heads, ffn, positions, pad, from, to, top int) *transformer.Config {
	return &transformer.Config{
		Family: "kformer", ModelType: "kformer", VocabSize: vocab, HiddenSize: hidden, NumLayers: layers, NumHeads: heads,
		IntermediateSize: ffn, MaxPositions: positions, LearnedPositions: true, PositionOffset: pad + 1, Norm: transformer.PostLN,
		Alpha: 1, Eps: 1e-5, Activation: kernels.GELU, EmbedScale: 1, EmbedNorm: true, PadTokenID: pad,
		KnowledgeLayers: [2]int{from, to}, KnowledgeTop: top,
	}
}

// Knowledge is items, each the mean of its tokens' embeddings.
type Knowledge struct {
	width  int
	values []float32 // (items, width)
	empty  []bool    // items without a token are never chosen
}

// Len is the number of items.
func (k *Knowledge) Len() int { return len(k.empty) }

// Reader runs a model with knowledge. It is not safe for concurrent use.
type Reader struct{ model *transformer.Model }

// NewReader makes a Reader of a model.
func NewReader(m *transformer.Model) (*Reader, error) {
	if c := m.Config; c.KnowledgeLayers[0] >= c.KnowledgeLayers[1] {
		return nil, lean.Errorf("kformer: %w: no layer of it takes knowledge", ErrModel)
	}
	return &Reader{m}, nil
}

// Knowledge makes knowledge of items of tokens, without special tokens and padding. An
// item without tokens keeps its number, but is never chosen (the official code divides by
// zero there).
func (r *Reader) Knowledge(items [][]int32) (*Knowledge, error) {
	k := &Knowledge{width: r.model.Dim()}
	for i, ids := range items {
		v, err := r.model.MeanEmbedding(ids, true)
		if err != nil {
			return nil, lean.Errorf("kformer: item %d: %w", i, err)
		}
		k.values = append(k.values, v...)
		k.empty = append(k.empty, len(ids) == 0)
	}
	return k, nil
}

// Score is how well each item fits a sequence: the mean of the sequence's embeddings
// times the item's. The official code counts padding among the tokens; leave it in ids
// to do the same. Items without tokens score −∞.
func (r *Reader) Score(ids []int32, k *Knowledge) ([]float32, error) {
	q, err := r.model.MeanEmbedding(ids, false)
	if err != nil {
		return nil, err
	}
	scores := make([]float32, k.Len())
	for i := range scores {
		if k.empty[i] {
			scores[i] = float32(math.Inf(-1))
			continue
		}
		for j, x := range k.values[i*k.width : (i+1)*k.width] {
			scores[i] += q[j] * x
		}
	}
	return scores, nil
}

// Choose lists the items with the highest scores, best first, as many as the model
// takes or as there are. Of equal scores the lower number comes first.
func (r *Reader) Choose(scores []float32) []int {
	var order []int
	for i, s := range scores {
		if !math.IsInf(float64(s), -1) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	return order[:min(len(order), r.model.Config.KnowledgeTop)]
}

// Forward runs a batch with the knowledge of each sequence; nil entries have none. It
// returns the states, see transformer.Model.Forward, and the items that were chosen.
// ids, optional, are the tokens by which items are chosen, by default the batch's.
func (r *Reader) Forward(b transformer.Batch, knowledge []*Knowledge, ids [][]int32) (kernels.Tensor, [][]int, error) {
	if len(knowledge) != len(b.Lengths) || ids != nil && len(ids) != len(b.Lengths) {
		return kernels.Tensor{}, nil, lean.Errorf("kformer: %w: knowledge for %d of %d sequences", transformer.ErrInput, len(knowledge), len(b.Lengths))
	}
	d := r.model.Device()
	mark := d.Mark()
	chosen := make([][]int, len(knowledge))
	b.Knowledge = make([]kernels.Tensor, len(knowledge))
	first := 0
	for s, k := range knowledge {
		n := b.Lengths[s]
		if k == nil || n < 0 || n > len(b.IDs)-first {
			continue // Forward names a length that cannot be
		}
		asking := b.IDs[first : first+n]
		if ids != nil {
			asking = ids[s]
		}
		first += n
		scores, err := r.Score(asking, k)
		if err != nil {
			d.Release(mark)
			return kernels.Tensor{}, nil, err
		}
		chosen[s] = r.Choose(scores)
		var rows []float32
		for _, i := range chosen[s] {
			rows = append(rows, k.values[i*k.width:(i+1)*k.width]...)
		}
		b.Knowledge[s] = d.NewTensor(len(chosen[s]), k.width)
		d.Set(b.Knowledge[s], rows)
	}
	x, err := r.model.Forward(b)
	if err != nil {
		d.Release(mark)
	}
	return x, chosen, err
}
