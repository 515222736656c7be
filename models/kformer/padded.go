package kformer

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// RunPadded is transformer.Model.RunPadded with the same knowledge, which may be nil, for
// every row, and the items that each row chose. Padding does not count when items are
// chosen, so that a row does not depend on the others.
func (r *Reader) RunPadded(p transformer.Padded, k *Knowledge) (out kernels.Tensor, release func(), chosen [][]int, err error) {
	n := p.Rows * p.Cols
	if p.Rows < 0 || p.Cols < 0 || p.Rows > transformer.MaxBatchTokens || p.Cols > transformer.MaxBatchTokens || n > transformer.MaxBatchTokens ||
		len(p.IDs) != n || p.Mask != nil && len(p.Mask) != n {
		return out, nil, nil, lean.Errorf("kformer: %w: %d ids and %d marks for a batch of %d×%d (at most %d)",
			transformer.ErrInput, len(p.IDs), len(p.Mask), p.Rows, p.Cols, transformer.MaxBatchTokens)
	}
	d := r.model.Device()
	mark := d.Mark()
	release = func() { d.Release(mark) }
	fail := func(err error) (kernels.Tensor, func(), [][]int, error) {
		d.Err()
		release()
		return kernels.Tensor{}, nil, nil, err
	}
	out = d.NewTensor(n, r.model.Dim())
	chosen = make([][]int, p.Rows)
	b := transformer.Batch{Pause: p.Pause}
	var all []*Knowledge
	var rows []int
	where := make([]int32, n)
	for i := range p.Rows {
		first := len(b.IDs)
		for j := i * p.Cols; j < (i+1)*p.Cols; j++ {
			where[j] = -1
			if p.Mask == nil || p.Mask[j] != 0 {
				where[j] = int32(len(b.IDs))
				b.IDs, b.Columns = append(b.IDs, p.IDs[j]), append(b.Columns, int32(len(b.IDs)-first))
			}
		}
		if len(b.IDs) > first {
			b.Lengths, all, rows = append(b.Lengths, len(b.IDs)-first), append(all, k), append(rows, i)
		}
	}
	if len(b.IDs) == 0 {
		d.Zero(out.At, uint64(out.Rows)*uint64(out.Cols)*4)
	} else {
		x, items, err := r.Forward(b, all, nil)
		if err != nil {
			return fail(err)
		}
		for i, row := range rows {
			chosen[row] = items[i]
		}
		d.Gather(out, x, where)
	}
	if err := d.Err(); err != nil {
		return fail(err)
	}
	return out, release, chosen, nil
}
