package transformer

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// MaxBatchTokens is the largest number of tokens, padding included, that
// ForwardPadded takes at once.
const MaxBatchTokens = 1 << 17

// Padded is a batch as Hugging Face models take it: Rows sequences of Cols tokens.
type Padded struct {
	// IDs (Rows, Cols), row-major. Mask (Rows, Cols): 0 marks padding; nil is all ones.
	IDs, Mask  []int32
	Rows, Cols int
	// Types (Rows, Cols), optional, see [Batch]. A model without types does not look at them.
	Types []int32
	// Pause may be nil, see [Batch].
	Pause func() error
	// Watch, if set, receives where attention and routing went.
	Watch *Watch
}

// ForwardPadded is [Model.RunPadded] of tokens of type 0.
func (m *Model) ForwardPadded(ids, mask []int32, b, t int, pause func() error) (out kernels.Tensor, release func(), err error) {
	return m.RunPadded(Padded{IDs: ids, Mask: mask, Rows: b, Cols: t, Pause: pause})
}

// RunPadded runs a padded batch. The result is (Rows·Cols, D) in device memory, with
// zeros in the rows of padding; release gives its memory back.
//
// Padding is dropped before the first layer. A token's position is its column for
// torchscale and BERT, as in their code, so that padding on the left shifts it;
// RoBERTa and the families of fairseq count the tokens that are kept.
func (m *Model) RunPadded(p Padded) (out kernels.Tensor, release func(), err error) {
	ids, mask, b, t := p.IDs, p.Mask, p.Rows, p.Cols
	if b < 0 || t < 0 || b > MaxBatchTokens || t > MaxBatchTokens || b*t > MaxBatchTokens || len(ids) != b*t || mask != nil && len(mask) != b*t {
		return out, nil, lean.Errorf("transformer: %w: input_ids of %d and attention_mask of %d numbers for a batch of %d×%d (at most %d)", ErrInput, len(ids), len(mask), b, t, MaxBatchTokens)
	}
	if p.Types != nil && len(p.Types) != b*t {
		return out, nil, lean.Errorf("transformer: %w: token_type_ids of %d numbers for a batch of %d×%d", ErrInput, len(p.Types), b, t)
	}
	typed := p.Types != nil && m.Config.TypeVocabSize > 0
	batch := Batch{Pause: p.Pause, Columns: []int32{}}
	var rows []int32
	for i := range b {
		n := 0
		for j := range t {
			if mask != nil && mask[i*t+j] == 0 {
				continue
			}
			batch.IDs = append(batch.IDs, ids[i*t+j])
			if typed {
				batch.Types = append(batch.Types, p.Types[i*t+j])
			}
			column := j
			if keyMaps[m.Config.Family].countsKept {
				column = n
			}
			batch.Columns = append(batch.Columns, int32(column))
			rows = append(rows, int32(i*t+j))
			n++
		}
		if n > 0 {
			batch.Lengths = append(batch.Lengths, n)
		}
	}
	if (m.Config.RelBuckets > 0 || m.Config.XPos || m.Config.Rope != nil) && mask != nil && gaps(mask, b, t) {
		return out, nil, lean.Errorf("transformer: %w: attention_mask has zeros between ones; a model with relative positions takes padding at the ends only", ErrInput)
	}
	if err := m.watch(&batch, p, rows); err != nil {
		return out, nil, err
	}
	d := m.dev
	mark := d.Mark()
	release = func() { d.Release(mark) }
	out = d.NewTensor(b*t, m.Dim())
	if err := d.Err(); err != nil {
		release()
		return kernels.Tensor{}, nil, err
	}
	x, err := m.Forward(batch)
	if err != nil {
		release()
		return kernels.Tensor{}, nil, err
	}
	where := make([]int32, b*t)
	for i := range where {
		where[i] = -1
	}
	for i, r := range rows {
		where[r] = int32(i)
	}
	if len(rows) == 0 {
		d.Zero(out.At, uint64(b*t)*uint64(m.Dim())*4)
	} else {
		d.Gather(out, x, where)
	}
	if err := d.Err(); err != nil {
		release()
		return kernels.Tensor{}, nil, err
	}
	return out, release, nil
}

// gaps tells whether a row of mask has a zero between ones.
func gaps(mask []int32, b, t int) bool {
	for i := range b {
		state := 0 // 0: before the ones, 1: in them, 2: after them
		for _, k := range mask[i*t : (i+1)*t] {
			switch {
			case k != 0 && state == 2:
				return true
			case k != 0:
				state = 1
			case state == 1:
				state = 2
			}
		}
	}
	return false
}
