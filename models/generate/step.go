package generate

import (
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// stepper runs the new tokens of all sequences and keeps their logits on the host.
type stepper struct {
	model  *transformer.Model
	cache  *transformer.Cache
	batch  transformer.Batch
	at     []int     // the row of each sequence in logits, −1 if it rested
	logits []float32 // (sequences, V), or the largest (sequences, keep)
	keep   int       // how many of the largest logits of a sequence decide, 0 if all do
	tokens []int32   // (sequences, keep), the tokens that have them

	inputs []Input // until the first step
	copies int
}

// newStepper makes a stepper with a cache for copies sequences of each input. The
// encoder of an encoder–decoder runs here, once for each input.
func newStepper(m *transformer.Model, inputs []Input, copies int, o *Options) (*stepper, error) {
	n := len(inputs) * copies
	k := transformer.CacheOptions{Sequences: n}
	for _, in := range inputs {
		k.Capacity = max(k.Capacity, len(in.Prompt)+max(0, o.room(m.Config, len(in.Prompt))))
	}
	if m.Config.CrossAttention {
		b := transformer.Batch{Pause: o.Pause}
		for _, in := range inputs {
			b.IDs = append(b.IDs, in.Source...)
			b.Lengths = append(b.Lengths, len(in.Source))
		}
		x, err := m.Encoder.Forward(b)
		if err != nil {
			return nil, err
		}
		k.Source, k.SourceLengths = x, b.Lengths
		for i := range n {
			k.SourceOf = append(k.SourceOf, i/copies)
		}
	}
	cache, err := m.NewCache(k)
	if err != nil {
		return nil, err
	}
	s := &stepper{model: m, cache: cache, at: make([]int, n), keep: o.kept(m.Config.VocabSize), inputs: inputs, copies: copies}
	s.tokens = make([]int32, n*s.keep)
	s.logits = make([]float32, n*s.keep)
	if s.keep == 0 {
		s.logits = make([]float32, n*m.Config.VocabSize)
	}
	s.batch = transformer.Batch{Cache: cache, Pause: o.Pause, Lengths: make([]int, n)}
	return s, nil
}

// step brings the fresh tokens of sequences into the cache and computes the logits
// behind them. A sequence that is nil rests.
func (s *stepper) step(open []*sequence) error {
	b := &s.batch
	b.IDs, b.Select, b.Columns, b.Spans = b.IDs[:0], b.Select[:0], nil, nil
	for i, q := range open {
		s.at[i], b.Lengths[i] = -1, 0
		if q == nil {
			continue
		}
		if s.inputs != nil {
			for _, z := range s.inputs[i/s.copies].Spans {
				b.Spans = append(b.Spans, transformer.Span{At: len(b.IDs) + z.At, X: z.X})
			}
		}
		s.at[i], b.Lengths[i] = len(b.Select), q.fresh
		b.IDs = append(b.IDs, q.ids[len(q.ids)-q.fresh:]...)
		b.Select = append(b.Select, int32(len(b.IDs)-1))
		q.fresh = 0
	}
	s.inputs = nil
	if len(b.IDs) == 0 {
		return nil
	}
	d := s.model.Device()
	defer d.Release(d.Mark())
	x, err := s.model.Forward(*b)
	if err != nil {
		return err
	}
	y, err := s.model.Logits(x)
	if err != nil {
		return err
	}
	if s.keep > 0 {
		d.TopK(s.tokens[:y.Rows*s.keep], s.logits[:y.Rows*s.keep], y, s.keep)
	} else {
		d.Get(s.logits[:y.Rows*y.Cols], y)
	}
	return d.Err()
}

// largest are the tokens of the largest logits of sequence i, and these.
func (s *stepper) largest(i int) ([]int32, []float32) {
	from, to := s.at[i]*s.keep, (s.at[i]+1)*s.keep
	return s.tokens[from:to], s.logits[from:to]
}

// row is the logits of sequence i, where keep is 0.
func (s *stepper) row(i int) []float32 {
	v := s.model.Config.VocabSize
	return s.logits[s.at[i]*v : (s.at[i]+1)*v]
}
