package transformer

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/routing"
)

// Batch is sequences to run together. Their tokens lie one after the other, without
// padding; S is the number of all of them.
type Batch struct {
	// IDs (S) are the tokens, Lengths the number of them in each sequence, at least 1;
	// a sequence of a Cache may rest with 0.
	IDs     []int32
	Lengths []int

	// Columns (S), optional, are the positions of the tokens in their sequence; by
	// default 0, 1, 2, …, or what follows the cached ones. With images, text and
	// image count apart. They say which rows of a table, or which sines, are added;
	// relative positions, xpos and rope count the tokens of a sequence whatever they say.
	Columns []int32
	// RawPositions: Columns are rows of the table of positions as they are, without
	// Config.PositionOffset.
	RawPositions bool
	// Types (S), optional, are the tokens' types, by default 0: for BERT, 1 is the second
	// text of a pair.
	Types []int32
	// Keep (S), optional, marks padding with 0: nobody attends to it, and outside the
	// families of BERT it embeds to zeros.
	Keep []byte
	// Mask, optional, is added to the scores of every sequence and head: (T, T) of
	// the longest sequence, row-major, rows are queries.
	Mask []float32

	// Spans are rows whose embeddings come from elsewhere, instead of the table of
	// tokens; positions are added to them as to any.
	Spans []Span
	// Images (len(Lengths)), multiway models only, is how many rows at the start of
	// each sequence belong to an image.
	Images []int
	// Knowledge (len(Lengths)), optional, are vectors (n, D) for each sequence, n ≥ 0,
	// that the layers with knowledge take in.
	Knowledge []kernels.Tensor

	// Source is what cross-attention reads: the encoder's states. SourceLengths and
	// SourceKeep are as Lengths and Keep. With a Cache that has its source, nil.
	Source        kernels.Tensor
	SourceLengths []int
	SourceKeep    []byte

	// Cache, optional, decoders only: the sequences continue the cached ones, and are
	// added to them.
	Cache *Cache

	// Select, optional, asks for these rows alone (ascending indices into IDs). The
	// last layer then computes nothing else, where it can.
	Select []int32

	// Pause, if set, is called before each layer. Its error ends the run.
	Pause func() error
	// Layer, if set, sees the states (S, D) after the embedding (index −1) and
	// after each layer, for tests and pictures.
	Layer func(index int, x kernels.Tensor)
	// Attention, if set, sees where every head of every layer looked, sequence after
	// sequence. It costs time on the host; the results of the run are the same.
	Attention func(m AttentionMap)
	// Routing, if set, is called with where the tokens of a mixture of experts went.
	Routing func(layer int, d *routing.Decision)
}

// Span is rows [At, At+X.Rows) of a batch whose embeddings are X (n, D). They are
// multiplied by Config.EmbedScale as the table's rows are (as Kosmos-2 does).
type Span struct {
	At int
	X  kernels.Tensor
}

// check tests a batch and fills in its defaults.
func (m *Model) check(b *Batch) (longest int, err error) {
	c := m.Config
	s := len(b.IDs)
	fail := func(kind error, format string, args ...any) (int, error) {
		return 0, lean.Errorf("transformer: %w: "+format, append([]any{kind}, args...)...)
	}
	if b.Cache != nil {
		if err := b.Cache.check(m, b); err != nil {
			return 0, err
		}
	}
	total := 0
	for i, n := range b.Lengths {
		if n < 0 || n == 0 && b.Cache == nil || n > s-total {
			return fail(ErrInput, "sequence %d has length %d, %d tokens are left", i, n, s-total)
		}
		if n += b.past(i); c.MaxPositions > 0 && n > c.MaxPositions && b.Columns == nil && c.Vision == nil {
			return fail(ErrTooLong, "sequence %d has %d tokens, the model has %d positions", i, n, c.MaxPositions)
		}
		total += b.Lengths[i]
		longest = max(longest, b.Lengths[i])
	}
	for i, n := range b.Lengths {
		if err := c.checkTurns(b.past(i) + n); err != nil {
			return 0, err
		}
	}
	if total != s {
		return fail(ErrInput, "the lengths add up to %d, there are %d tokens", total, s)
	}
	if b.Images != nil && (c.Vision == nil || len(b.Images) != len(b.Lengths)) {
		return fail(ErrInput, "%d images for %d sequences of a %s model", len(b.Images), len(b.Lengths), c.Family)
	}
	for i, n := range b.Images {
		if n < 0 || n > b.Lengths[i] {
			return fail(ErrInput, "sequence %d of %d tokens has %d of an image", i, b.Lengths[i], n)
		}
	}
	for i, id := range b.IDs {
		if id < 0 || int(id) >= c.VocabSize {
			return fail(ErrInput, "id %d at token %d, the vocabulary has %d", id, i, c.VocabSize)
		}
	}
	if b.Types != nil && len(b.Types) != s {
		return fail(ErrInput, "%d tokens, %d types", s, len(b.Types))
	}
	for i, k := range b.Types {
		if k < 0 || int(k) >= c.TypeVocabSize {
			return fail(ErrInput, "type %d at token %d, the model has %d types", k, i, c.TypeVocabSize)
		}
	}
	m.columns(b)
	if len(b.Columns) != s || b.Keep != nil && len(b.Keep) != s {
		return fail(ErrInput, "%d tokens, %d positions, %d marks of padding", s, len(b.Columns), len(b.Keep))
	}
	for _, g := range m.segments(b) {
		limit := c.MaxPositions
		if b.RawPositions && limit > 0 {
			limit += c.PositionOffset
		}
		if c.Vision != nil && g.branch == 0 {
			limit = c.Vision.Tokens()
		}
		for i := g.from; i < g.to; i++ {
			if p := b.Columns[i]; p < 0 || limit > 0 && int(p) >= limit {
				return fail(ErrTooLong, "position %d at token %d, the model has %d positions", p, i, limit)
			}
		}
	}
	if b.Mask != nil && len(b.Mask) != longest*longest {
		return fail(ErrInput, "a mask of %d numbers, the longest sequence has %d tokens", len(b.Mask), longest)
	}
	for i, r := range b.Select {
		if r < 0 || int(r) >= s || i > 0 && r <= b.Select[i-1] {
			return fail(ErrInput, "selected row %d, expected ascending rows below %d", r, s)
		}
	}
	for _, z := range b.Spans {
		if z.At < 0 || z.X.Rows < 0 || z.X.Rows > s-z.At || z.X.Cols != c.HiddenSize {
			return fail(ErrInput, "a span of %d×%d at token %d of %d, the model is %d wide", z.X.Rows, z.X.Cols, z.At, s, c.HiddenSize)
		}
	}
	if b.Knowledge != nil && len(b.Knowledge) != len(b.Lengths) {
		return fail(ErrInput, "knowledge for %d of %d sequences", len(b.Knowledge), len(b.Lengths))
	}
	for i, k := range b.Knowledge {
		if k.Rows > 0 && k.Cols != c.HiddenSize {
			return fail(ErrInput, "knowledge of width %d for sequence %d, the model is %d wide", k.Cols, i, c.HiddenSize)
		}
	}
	return longest, m.checkSource(b)
}

// checkSource tests what cross-attention reads.
func (m *Model) checkSource(b *Batch) error {
	cached := b.Cache != nil && b.Cache.sourced
	if !m.Config.CrossAttention || cached {
		if b.SourceLengths != nil {
			return lean.Errorf("transformer: %w: a source for a model without cross-attention, or a cache that has its source", ErrInput)
		}
		return nil
	}
	total := 0
	for _, n := range b.SourceLengths {
		if n < 0 || n > b.Source.Rows-total {
			return lean.Errorf("transformer: %w: a source of %d tokens with sequences of %v", ErrInput, b.Source.Rows, b.SourceLengths)
		}
		total += n
	}
	if total != b.Source.Rows || len(b.SourceLengths) != len(b.Lengths) || b.Source.Cols != m.Config.HiddenSize ||
		b.SourceKeep != nil && len(b.SourceKeep) != total {
		return lean.Errorf("transformer: %w: a source of %d×%d for %d sequences with lengths %v and %d marks of padding, the model is %d wide",
			ErrInput, b.Source.Rows, b.Source.Cols, len(b.Lengths), b.SourceLengths, len(b.SourceKeep), m.Config.HiddenSize)
	}
	return nil
}

// past is the number of tokens of sequence i that are cached.
func (b *Batch) past(i int) int {
	if b.Cache == nil || i >= len(b.Cache.lengths) {
		return 0
	}
	return b.Cache.lengths[i]
}

// columns fills in the positions.
func (m *Model) columns(b *Batch) {
	if b.Columns != nil {
		return
	}
	b.Columns = m.scratch.columns[:0]
	for i, n := range b.Lengths {
		past, image := b.past(i), 0
		if b.Images != nil {
			image = b.Images[i]
		}
		for p := range n {
			if p >= image {
				p -= image
			}
			b.Columns = append(b.Columns, int32(past+p))
		}
	}
	m.scratch.columns = b.Columns
}

// segment is rows [from, to) of a batch that belong to one branch.
type segment struct{ from, to, branch int }

// segments are the rows of a batch by branch: one segment, or an image and a text for
// each sequence of a multiway model.
func (m *Model) segments(b *Batch) []segment {
	y := m.scratch.segments[:0]
	if m.Config.Vision == nil {
		y = append(y, segment{0, len(b.IDs), 0})
	} else {
		first := 0
		for i, n := range b.Lengths {
			image := 0
			if b.Images != nil {
				image = b.Images[i]
			}
			for _, g := range [2]segment{{first, first + image, 0}, {first + image, first + n, 1}} {
				if last := len(y) - 1; last >= 0 && y[last].branch == g.branch && y[last].to == g.from {
					y[last].to = g.to
				} else if g.from < g.to {
					y = append(y, g)
				}
			}
			first += n
		}
	}
	m.scratch.segments = y
	return y
}

// scratch is memory of the host that every run uses again.
type scratch struct {
	columns, ids, rows []int32
	segments           []segment
}
