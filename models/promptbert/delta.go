package promptbert

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Delta is a template's own embedding δ (len(lengths), D) in device memory: the state at
// the mask of the template without a sentence, where the suffix has the positions that
// it would have after a sentence of the given number of pieces. It depends on nothing
// else, so a table of it for lengths 0 … n−1 can be kept.
//
// raw counts positions from row 0 of the model's table, as the official code of the
// RoBERTa models does in training and evaluation, two rows before where sentences begin.
func (t Template) Delta(m *transformer.Model, lengths []int, raw bool, pause func() error) (kernels.Tensor, error) {
	b := transformer.Batch{Pause: pause, Columns: []int32{}, RawPositions: raw}
	for _, n := range lengths {
		b.Select = append(b.Select, int32(len(b.IDs)+len(t.Prefix)+t.Mask))
		b.IDs = append(append(b.IDs, t.Prefix...), t.Suffix...)
		b.Lengths = append(b.Lengths, t.Len())
		for i := range t.Len() {
			if i >= len(t.Prefix) {
				i += n
			}
			b.Columns = append(b.Columns, int32(i))
		}
	}
	return m.Forward(b)
}
