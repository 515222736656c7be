package tasks

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

const (
	// batchTokens is the number of tokens that are run at once, see promptbert.
	batchTokens = 512
	// batchLogits bounds the logits that are in memory at once: 16 MB.
	batchLogits = 4 << 20
	// longest is how much of a text is read at once by a model that has no limit.
	longest = 512
)

// Runner runs a model with a head over texts. It is not safe for concurrent use.
type Runner struct {
	model *transformer.Model
	head  *heads.Head
	tok   *tokenizer.Tokenizer
}

// New makes a Runner of a model that was loaded with its head.
func New(m *transformer.Model, h *heads.Head, t *tokenizer.Tokenizer) (*Runner, error) {
	if t.VocabSize() > m.Config.VocabSize {
		return nil, lean.Errorf("tasks: %w: the tokenizer has %d pieces, the model %d: do they belong together?",
			transformer.ErrConfig, t.VocabSize(), m.Config.VocabSize)
	}
	return &Runner{model: m, head: h, tok: t}, nil
}

// Run is what the options of all tasks have.
type Run struct {
	// Pause, if set, is called between layers; its error ends the run.
	Pause func() error
	// Progress, if set, hears how many parts of the texts are done.
	Progress func(done, total int)
}

// want fails if the head is not that of a task.
func (r *Runner) want(k heads.Kind) error {
	if r.head.Kind != k {
		return lean.Errorf("tasks: %w: the model has a %s head, this needs %s", ErrHead, string(r.head.Kind), string(k))
	}
	return nil
}

// limit is the most tokens that are read at once.
func (r *Runner) limit() int {
	if n := r.model.Config.MaxPositions; n > 0 {
		return n
	}
	return longest
}

// part is a sequence to run, of one text or a window of it.
type part struct {
	ids, types []int32
	// rows are the tokens whose logits are wanted, ascending.
	rows []int32
}

// run hands the logits (len(rows), Outputs) of each part to use, in order; they are use's
// to keep until it returns.
func (r *Runner) run(parts []part, o Run, use func(i int, logits []float32) error) error {
	for first := 0; first < len(parts); {
		b := transformer.Batch{Pause: o.Pause}
		next := first
		for ; next < len(parts) && (next == first || len(b.IDs)+len(parts[next].ids) <= batchTokens); next++ {
			p := &parts[next]
			for _, row := range p.rows {
				b.Select = append(b.Select, int32(len(b.IDs))+row)
			}
			b.IDs = append(b.IDs, p.ids...)
			b.Lengths = append(b.Lengths, len(p.ids))
			if r.model.Config.TypeVocabSize > 1 {
				b.Types = append(b.Types, p.types...)
			}
		}
		if len(b.Select) == len(b.IDs) {
			b.Select = nil // all of them
		}
		if err := r.batch(b, parts[first:next], first, use); err != nil {
			return err
		}
		first = next
		if o.Progress != nil {
			o.Progress(first, len(parts))
		}
	}
	return nil
}

// batch runs one batch; first is the index of its first part.
func (r *Runner) batch(b transformer.Batch, parts []part, first int, use func(i int, logits []float32) error) error {
	d, outputs := r.model.Device(), r.head.Outputs
	defer d.Release(d.Mark())
	x, err := r.model.Forward(b)
	if err != nil {
		return err
	}
	at := 0
	for i, p := range parts {
		logits := make([]float32, 0, len(p.rows)*outputs)
		step := max(1, batchLogits/outputs)
		for n := len(p.rows); n > 0; n -= step {
			rows := min(step, n)
			part, err := r.logits(x.Slice(at, at+rows))
			if err != nil {
				return err
			}
			at += rows
			logits = append(logits, part...)
		}
		for _, v := range logits {
			if v-v != 0 {
				return lean.Errorf("tasks: %w: %v", ErrNotFinite, v)
			}
		}
		if err := use(first+i, logits); err != nil {
			return err
		}
	}
	return nil
}

// logits brings the logits of states to the host.
func (r *Runner) logits(x kernels.Tensor) ([]float32, error) {
	d := r.model.Device()
	defer d.Release(d.Mark())
	y, err := r.head.Logits(d, x)
	if err != nil {
		return nil, err
	}
	v := make([]float32, y.Rows*y.Cols)
	d.Get(v, y)
	return v, d.Err()
}
