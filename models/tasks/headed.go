package tasks

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

const (
	// batchLogits bounds the logits of several texts that are in memory at once: 16 MB.
	batchLogits = 4 << 20
	// unboundedWindow is how many tokens are read at once by a model that states no limit.
	unboundedWindow = 512
	// maxTop bounds every TopK.
	maxTop = 1000
)

// headed is a model with a head and a tokenizer, which five tasks are made of.
type headed struct {
	model *transformer.Model
	head  *heads.Head
	tok   *tokenizer.Tokenizer
}

// newHeaded checks that the parts belong together. The error is ErrHead or
// transformer.ErrConfig.
func newHeaded(kind heads.Kind, m *transformer.Model, h *heads.Head, t *tokenizer.Tokenizer) (headed, error) {
	if h.Kind != kind {
		return headed{}, lean.Errorf("tasks: %w: the model was loaded with a %s head, this task needs %s", ErrHead, string(h.Kind), string(kind))
	}
	return headed{m, h, t}, checkVocabulary(m, t)
}

// Labels are the names of the head's labels, by class; nil of a head without classes.
func (r *headed) Labels() []string { return r.head.Labels.Names }

// checkVocabulary is an error if the tokenizer can write ids that the model does not have.
func checkVocabulary(m *transformer.Model, t *tokenizer.Tokenizer) error {
	if t.VocabSize() > m.Config.VocabSize {
		return lean.Errorf("tasks: %w: the tokenizer has %d tokens, the model %d: do they belong together?", transformer.ErrConfig, t.VocabSize(), m.Config.VocabSize)
	}
	return nil
}

// checkTop tests a TopK of which the least is low.
func checkTop(topK, low int) error {
	if topK < low || topK > maxTop {
		return lean.Errorf("tasks: %w: top_k is %d, expected %d to %d", ErrInput, topK, low, maxTop)
	}
	return nil
}

// limit is the most tokens that are read at once.
func (r *headed) limit() int {
	if n := r.model.Config.MaxPositions; n > 0 {
		return n
	}
	return unboundedWindow
}

// part is a sequence to run: a text, or tokens [from, to) of it in their frame.
type part struct {
	ids, types []int32
	rows       []int32 // the tokens whose logits are wanted, ascending; nil is all
	text       int
	from, to   int
}

// pairs are the parts of a text with each of several others, and whether each was truncated
// to the model's length: see tokenizer.Options.Strategy. what names the others in errors.
func (r *headed) pairs(text, what string, others []string, s tokenizer.TruncationStrategy) ([]part, []bool, error) {
	parts, truncated := make([]part, len(others)), make([]bool, len(others))
	for i, other := range others {
		e, err := r.tok.EncodePair(text, other, tokenizer.Options{AddSpecialTokens: true, MaxLength: r.limit(), Strategy: s})
		if err == nil && len(e.IDs) == 0 {
			err = lean.Errorf("%w: it has no token", ErrInput)
		}
		if err != nil {
			return nil, nil, lean.Errorf("tasks: %s %d: %w", what, i, err)
		}
		parts[i] = part{ids: e.IDs, types: e.TypeIDs, rows: []int32{0}, text: i}
		truncated[i] = e.Overflowed
	}
	return parts, truncated, nil
}

// logitRows is how many rows of logits the part gives.
func (p *part) logitRows() int {
	if p.rows != nil {
		return len(p.rows)
	}
	return len(p.ids)
}

// forward runs a batch of parts, the first of which has number first among all.
type forward func(b transformer.Batch, first int) (kernels.Tensor, error)

// run hands the logits (rows, Outputs) of each part to use, in order. by runs a batch,
// nil is the model's Forward.
func (r *headed) run(ctx Context, parts []part, by forward, use func(p *part, logits []float32)) error {
	if by == nil {
		by = func(b transformer.Batch, _ int) (kernels.Tensor, error) { return r.model.Forward(b) }
	}
	lengths := make([]int, len(parts))
	for i := range parts {
		lengths[i] = len(parts[i].ids)
	}
	for first := 0; first < len(parts); {
		next := first + transformer.BatchSize(lengths[first:])
		rows := 0
		for i := first; i < next; i++ {
			rows += parts[i].logitRows()
			if i > first && rows*r.head.Outputs > batchLogits {
				next = i
			}
		}
		if err := r.batch(ctx, parts[first:next], first, by, use); err != nil {
			return err
		}
		first = next
	}
	return nil
}

// batch runs one batch of parts.
func (r *headed) batch(ctx Context, parts []part, first int, by forward, use func(p *part, logits []float32)) error {
	b := transformer.Batch{Pause: pauseOf(ctx)}
	for i := range parts {
		p := &parts[i]
		for _, row := range p.rows {
			b.Select = append(b.Select, int32(len(b.IDs))+row)
		}
		b.IDs = append(b.IDs, p.ids...)
		b.Lengths = append(b.Lengths, len(p.ids))
		if r.model.Config.TypeVocabSize > 1 {
			b.Types = append(b.Types, p.types...)
		}
	}
	d := r.model.Device()
	defer d.Release(d.Mark())
	x, err := by(b, first)
	if err != nil {
		return err
	}
	logits, err := r.logits(x)
	if err != nil {
		return err
	}
	for i := range parts {
		n := parts[i].logitRows() * r.head.Outputs
		use(&parts[i], logits[:n])
		logits = logits[n:]
	}
	return nil
}

// logits are the head's of hidden states, all of them finite.
func (r *headed) logits(x kernels.Tensor) ([]float32, error) {
	d := r.model.Device()
	y, err := r.head.Logits(d, x)
	if err != nil {
		return nil, err
	}
	logits := make([]float32, y.Rows*y.Cols)
	d.Get(logits, y)
	if err := d.Err(); err != nil {
		return nil, err
	}
	for _, v := range logits {
		if v-v != 0 { // NaN − NaN and ∞ − ∞ are NaN
			return nil, lean.Errorf("tasks: %w: a logit is %v", ErrNotFinite, v)
		}
	}
	return logits, nil
}
