package transformer

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// Weights of 16 bits. What is stored as f16 stays as it is. What is stored as f32 or bf16 is
// rounded; a matrix with a finite number beyond f16 (65504) stays f32, and a table with
// one is refused, since the rows of a table are what a model begins with.

// half brings a matrix of floats into memory, where fill puts it, and keeps it as f16 if that
// holds its numbers. If not, it stays f32, as in quantize.
func (k *weightSink) half(l *loader, t safetensors.Tensor, fill func(at uint32) error) error {
	d, rows, cols := l.dev, k.to.Out, k.to.In
	mark := d.Mark()
	kept := d.NewWeight(kernels.F32, rows, cols, false)
	after := d.Mark()
	whole := d.Alloc(uint64(rows) * uint64(cols) * 4)
	if err := fill(whole); err != nil {
		d.Release(mark)
		return err
	}
	step := min(rows, steps(cols))
	window := d.Alloc(uint64(step) * uint64(cols) * 2)
	fits := true
	for r := 0; r < rows && fits; r += step {
		n := min(step, rows-r)
		fits = d.NarrowF16(window, whole+uint32(r*cols)*4, n*cols)
		d.Pack(*k.to, r, n, window)
	}
	if fits {
		d.Release(mark)
		return d.Err()
	}
	k.keep(l, t, kept, whole, after)
	return d.Err()
}

// keep has the matrix at offset whole stay f32, in memory that was handed out before after.
func (k *weightSink) keep(l *loader, t safetensors.Tensor, kept kernels.Weight, whole uint32, after uint64) {
	l.kept = append(l.kept, t.Name)
	kept.Bias = k.to.Bias
	l.dev.Pack(kept, 0, kept.Out, whole)
	l.dev.Release(after)
	*k.to = kept
	if k.fused != nil {
		*k.fused = kernels.Weight{}
	}
}

// halfTable keeps an embedding table as f16.
type halfTable struct{ to kernels.Table }

func (k halfTable) consume(l *loader, s *shard, t safetensors.Tensor) error {
	rows, cols := k.to.Rows, k.to.Dim
	if t.DType == safetensors.F16 {
		return l.fill(s, t, k.to.At, rows*cols*2)
	}
	defer l.dev.Release(l.dev.Mark())
	step := min(rows, steps(cols))
	window := l.dev.Alloc(uint64(step) * uint64(cols) * 4)
	for r := 0; r < rows; r += step {
		n := min(step, rows-r)
		if err := l.floats(s, t, n*cols, window); err != nil {
			return err
		}
		if !l.dev.NarrowF16(k.to.At+uint32(r*cols*2), window, n*cols) {
			return lean.Errorf("transformer: %w: tensor %q has numbers beyond ±%d in rows %d to %d, which dtype f16 cannot hold: use \"f32\" or \"q8\"",
				ErrUnsupported, t.Name, kernels.MaxF16, r, r+n)
		}
	}
	return l.dev.Err()
}
