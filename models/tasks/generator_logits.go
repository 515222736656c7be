package tasks

import (
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Logits are those of every token of a batch, (Rows·Cols, V) in device memory, zeros
// where there is padding; release gives the memory back. source is what the encoder of
// an encoder–decoder reads, nil for other models.
func (g *Generator) Logits(in transformer.Padded, source *transformer.Padded) (y kernels.Tensor, release func(), err error) {
	if (source != nil) != g.Translates() {
		return y, nil, lean.Errorf("tasks: %w: input for an encoder: %v, needed: %v", ErrModel, source != nil, g.Translates())
	}
	d := g.model.Device()
	mark := d.Mark()
	release = func() { d.Release(mark) }
	fail := func(err error) (kernels.Tensor, func(), error) {
		d.Err()
		release()
		return kernels.Tensor{}, nil, err
	}
	y = d.NewTensor(in.Rows*in.Cols, g.model.Config.VocabSize)
	if err := d.Err(); err != nil {
		return fail(err)
	}
	room := d.Mark()
	var x kernels.Tensor
	if source == nil {
		x, _, err = g.model.RunPadded(in)
	} else {
		x, err = g.both(in, *source)
	}
	if err != nil {
		return fail(err)
	}
	z, err := g.model.Logits(x)
	if err != nil {
		return fail(err)
	}
	ids := make([]int32, z.Rows)
	for i := range ids {
		ids[i] = int32(i)
		if in.Mask != nil && in.Mask[i] == 0 {
			ids[i] = -1
		}
	}
	if len(ids) > 0 {
		d.Gather(y, z, ids)
	}
	if err := d.Err(); err != nil {
		return fail(err)
	}
	d.Release(room)
	return y, release, nil
}

// both is the decoder's states (Rows·Cols, D) for what it and the encoder read. Rows
// of padding alone reach neither.
func (g *Generator) both(in, source transformer.Padded) (kernels.Tensor, error) {
	for _, p := range []transformer.Padded{in, source} {
		n := p.Rows * p.Cols
		if p.Rows < 0 || p.Cols < 0 || p.Rows > transformer.MaxBatchTokens || p.Cols > transformer.MaxBatchTokens || n > transformer.MaxBatchTokens ||
			len(p.IDs) != n || p.Mask != nil && len(p.Mask) != n {
			return kernels.Tensor{}, lean.Errorf("tasks: %w: %d ids and %d marks for a batch of %d×%d (at most %d)",
				transformer.ErrInput, len(p.IDs), len(p.Mask), p.Rows, p.Cols, transformer.MaxBatchTokens)
		}
	}
	if in.Rows != source.Rows {
		return kernels.Tensor{}, lean.Errorf("tasks: %w: %d rows for the decoder, %d for the encoder", transformer.ErrInput, in.Rows, source.Rows)
	}
	d, m := g.model.Device(), g.model
	out := d.NewTensor(in.Rows*in.Cols, m.Dim())
	b := transformer.Batch{Pause: in.Pause}
	read := transformer.Batch{Pause: in.Pause}
	where := make([]int32, len(in.IDs))
	for i := range where {
		where[i] = -1
	}
	for row := range in.Rows {
		n := keep(in, &b, m.Config, row, where)
		if n == 0 {
			continue
		}
		b.Lengths = append(b.Lengths, n)
		n = keep(source, &read, m.Encoder.Config, row, nil)
		if n > 0 {
			read.Lengths = append(read.Lengths, n)
		}
		b.SourceLengths = append(b.SourceLengths, n)
	}
	if len(b.IDs) == 0 {
		d.Zero(out.At, uint64(out.Rows)*uint64(out.Cols)*4)
		return out, d.Err()
	}
	var err error
	if b.Source, err = m.Encoder.Forward(read); err != nil {
		return kernels.Tensor{}, err
	}
	x, err := m.Forward(b)
	if err != nil {
		return kernels.Tensor{}, err
	}
	d.Gather(out, x, where)
	return out, d.Err()
}

// keep appends the tokens of a row of p that are no padding to b, and says in where, unless
// it is nil, which row of b each token became. torchscale counts positions with the
// padding, M2M100 without.
func keep(p transformer.Padded, b *transformer.Batch, c *transformer.Config, row int, where []int32) (n int) {
	for i := row * p.Cols; i < (row+1)*p.Cols; i++ {
		if p.Mask != nil && p.Mask[i] == 0 {
			continue
		}
		if where != nil {
			where[i] = int32(len(b.IDs))
		}
		column := n
		if strings.HasPrefix(c.Family, "torchscale") {
			column = i - row*p.Cols
		}
		b.IDs, b.Columns = append(b.IDs, p.IDs[i]), append(b.Columns, int32(column))
		n++
	}
	return n
}
