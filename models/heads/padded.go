package heads

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Padded runs a padded batch through the model and the head. The logits are
// (Rows·Cols, Outputs), with zeros in the rows of padding, or (Rows, Outputs) of the
// first token of each row that is no padding, with zeros for a row of padding alone. They
// lie in device memory until release is called.
func (h *Head) Padded(m *transformer.Model, p transformer.Padded) (logits kernels.Tensor, release func(), err error) {
	dev := m.Device()
	mark := dev.Mark()
	fail := func(err error) (kernels.Tensor, func(), error) {
		dev.Err()
		dev.Release(mark)
		return kernels.Tensor{}, nil, err
	}
	x, _, err := m.RunPadded(p)
	if err != nil {
		return fail(err)
	}
	var rows []int32 // of the states, for each row of the logits; −1 is padding
	for i := range p.Rows {
		first := int32(-1)
		for j := range p.Cols {
			at := int32(i*p.Cols + j)
			if p.Mask != nil && p.Mask[at] == 0 {
				at = -1
			}
			if first < 0 {
				first = at
			}
			if !h.First() {
				rows = append(rows, at)
			}
		}
		if h.First() {
			rows = append(rows, first)
		}
	}
	if len(rows) == 0 {
		return kernels.Tensor{Cols: h.Outputs, Stride: h.Outputs}, func() { dev.Release(mark) }, nil
	}
	if h.First() {
		y := dev.NewTensor(len(rows), x.Cols)
		dev.Gather(y, x, rows)
		x = y
	}
	if logits, err = h.Logits(dev, x); err != nil {
		return fail(err)
	}
	for i, at := range rows {
		if at < 0 {
			dev.Zero(logits.Slice(i, i+1).At, uint64(h.Outputs)*4)
		}
	}
	if err := dev.Err(); err != nil {
		return fail(err)
	}
	return logits, func() { dev.Release(mark) }, nil
}
