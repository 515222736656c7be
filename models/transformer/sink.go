package transformer

import (
	"math"
	"unsafe"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/quant"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// sink takes one tensor from a stream. What it allocates and does not keep, it gives
// back.
type sink interface {
	consume(l *loader, s *shard, t safetensors.Tensor) error
}

// skipSink reads past a tensor.
type skipSink struct{}

func (skipSink) consume(l *loader, s *shard, t safetensors.Tensor) error {
	defer l.dev.Release(l.dev.Mark())
	at := l.dev.Alloc(windowElements)
	for left := t.NumBytes(); left > 0; {
		n := min(left, windowElements)
		if err := l.fill(s, t, at, int(n)); err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// floats reads the next n elements of t to offset at, as f32. What is stored as f32
// arrives there directly.
func (l *loader) floats(s *shard, t safetensors.Tensor, n int, at uint32) error {
	if t.DType == safetensors.F32 {
		return l.fill(s, t, at, n*4)
	}
	defer l.dev.Release(l.dev.Mark())
	window := l.dev.Alloc(uint64(min(n, windowElements)) * 2)
	for n > 0 {
		part := min(n, windowElements)
		if err := l.fill(s, t, window, part*2); err != nil {
			return err
		}
		if t.DType == safetensors.F16 {
			l.dev.WidenF16(at, window, part)
		} else {
			l.dev.WidenBF16(at, window, part)
		}
		at += uint32(part) * 4
		n -= part
	}
	return l.dev.Err()
}

// floatSink keeps a tensor as f32 at an offset.
type floatSink struct{ at uint32 }

func (k floatSink) consume(l *loader, s *shard, t safetensors.Tensor) error {
	return l.floats(s, t, int(t.NumElements()), k.at)
}

// scaleSink is floatSink for the scales of int8 rows.
type scaleSink struct{ at uint32 }

func (k scaleSink) consume(l *loader, s *shard, t safetensors.Tensor) error {
	n := int(t.NumElements())
	if err := l.floats(s, t, n, k.at); err != nil {
		return err
	}
	return l.scales(t, k.at, n)
}

// scales fails if one of the n scales at offset at is not a finite number of at least
// 0: the rows that it scales were never trained to an end, or the file is damaged.
func (l *loader) scales(t safetensors.Tensor, at uint32, n int) error {
	var part [256]float32
	for first := 0; first < n; first += len(part) {
		p := part[:min(len(part), n-first)]
		l.dev.Read(at+uint32(first)*4, unsafe.Slice((*byte)(unsafe.Pointer(&p[0])), len(p)*4))
		if err := l.dev.Err(); err != nil {
			return err
		}
		for i, v := range p {
			if !(v >= 0 && v <= math.MaxFloat32) {
				kind, wrong := quant.ErrNotFinite, "not finite"
				if v < 0 && v >= -math.MaxFloat32 {
					kind, wrong = quant.ErrScale, "negative"
				}
				return lean.Errorf("transformer: tensor %q: the scale of row %d is %v, which is %s: %w", t.Name, first+i, v, wrong, kind)
			}
		}
	}
	return nil
}

// hostSink keeps a small tensor in Go.
type hostSink struct{ to []float32 }

func (k hostSink) consume(l *loader, s *shard, t safetensors.Tensor) error {
	defer l.dev.Release(l.dev.Mark())
	at := l.dev.Alloc(uint64(len(k.to)) * 4)
	if err := l.floats(s, t, len(k.to), at); err != nil {
		return err
	}
	l.dev.Read(at, unsafe.Slice((*byte)(unsafe.Pointer(&k.to[0])), len(k.to)*4))
	return l.dev.Err()
}

// steps is the number of rows of cols elements that are loaded at a time: whole panels.
func steps(cols int) int {
	return max(kernels.PanelWidth, windowElements/cols/kernels.PanelWidth*kernels.PanelWidth)
}

// tableSink keeps an int8 embedding table. What is stored as int8 arrives there
// directly, floats are quantised on the way.
type tableSink struct{ to kernels.Table }

func (k tableSink) consume(l *loader, s *shard, t safetensors.Tensor) error {
	rows, cols := k.to.Rows, k.to.Dim
	if t.DType == safetensors.I8 {
		return l.fill(s, t, k.to.At, rows*cols)
	}
	defer l.dev.Release(l.dev.Mark())
	step := min(rows, steps(cols))
	window := l.dev.Alloc(uint64(step) * uint64(cols) * 4)
	for r := 0; r < rows; r += step {
		n := min(step, rows-r)
		if err := l.floats(s, t, n*cols, window); err != nil {
			return err
		}
		l.dev.QuantizeRows(k.to.At+uint32(r*cols), k.to.Scale.At+uint32(r)*4, window, n, cols)
	}
	return l.scales(t, k.to.Scale.At, rows)
}

// weightSink packs the matrix of a linear layer.
type weightSink struct {
	to    *kernels.Weight
	fused *kernels.Weight // the whole that it is a part of, or nil
	scale uint32          // of rows that are stored as int8, where their scales are
}

func (k *weightSink) consume(l *loader, s *shard, t safetensors.Tensor) error {
	if k.to.DType == kernels.Q4 && t.DType == safetensors.I8 {
		return k.halve(l, s, t)
	}
	if k.to.DType == kernels.Q4 {
		return k.blocks(l, t, func(at uint32, rows int) error { return l.floats(s, t, rows*k.to.In, at) })
	}
	if k.to.DType == kernels.I8 && t.DType != safetensors.I8 {
		return k.quantize(l, t, func(at uint32) error { return l.floats(s, t, k.to.Out*k.to.In, at) })
	}
	if k.to.DType == kernels.F16 && t.DType != safetensors.F16 {
		return k.half(l, t, func(at uint32) error { return l.floats(s, t, k.to.Out*k.to.In, at) })
	}
	if l.folds[k.to] != nil {
		return l.floats(s, t, k.to.Out*k.to.In, k.to.At) // packed when it is folded
	}
	defer l.dev.Release(l.dev.Mark())
	rows, cols := k.to.Out, k.to.In
	step := min(rows, steps(cols))
	window := l.dev.Alloc(uint64(step) * uint64(cols) * k.to.DType.Size())
	for r := 0; r < rows; r += step {
		n := min(step, rows-r)
		var err error
		if size := k.to.DType.Size(); size != 4 {
			err = l.fill(s, t, window, n*cols*int(size)) // as it is stored
		} else {
			err = l.floats(s, t, n*cols, window)
		}
		if err != nil {
			return err
		}
		l.dev.Pack(*k.to, r, n, window)
	}
	return l.dev.Err()
}

// quantize brings a matrix of floats into memory, where fill puts it, and decides there
// whether int8 can hold it. If not, it stays f32, in memory of its own below the copy it is packed from.
func (k *weightSink) quantize(l *loader, t safetensors.Tensor, fill func(at uint32) error) error {
	d, rows, cols := l.dev, k.to.Out, k.to.In
	mark := d.Mark()
	kept := d.NewWeight(kernels.F32, rows, cols, false)
	after := d.Mark()
	whole := d.Alloc(uint64(rows) * uint64(cols) * 4)
	if err := fill(whole); err != nil {
		d.Release(mark)
		return err
	}
	peak, err := k.pack(l, t, whole)
	if err != nil || peak <= quant.MaxPeak {
		d.Release(mark)
		return err
	}
	k.keep(l, t, kept, whole, after)
	return d.Err()
}

// blocks quantises a matrix of floats to 4 bits, some rows at a time, which next brings
// to an offset one part after the other.
func (k *weightSink) blocks(l *loader, t safetensors.Tensor, next func(at uint32, rows int) error) error {
	d, rows, cols := l.dev, k.to.Out, k.to.In
	defer d.Release(d.Mark())
	step, in := min(rows, steps(cols)), (cols+kernels.BlockQ4-1)/kernels.BlockQ4
	window := d.Alloc(uint64(step) * uint64(cols) * 4)
	q, scale := d.Alloc(uint64(step)*kernels.Q4.RowSize(cols)), d.Alloc(uint64(step)*uint64(in)*4)
	scales := make([]float32, step*in)
	for r := 0; r < rows; r += step {
		n := min(step, rows-r)
		if err := next(window, n); err != nil {
			return err
		}
		d.QuantizeQ4(q, scale, window, n, cols)
		d.Read(scale, floatBytes(scales[:n*in]))
		if err := d.Err(); err != nil {
			return err
		}
		for i, v := range scales[:n*in] {
			if v-v != 0 {
				return lean.Errorf("transformer: tensor %q: a scale of row %d is %v: %w", t.Name, r+i/in, v, quant.ErrNotFinite)
			}
		}
		d.PackQ4(*k.to, r, n, q, scale)
	}
	return d.Err()
}

// pack quantises and packs the floats at offset whole, and returns how much their
// rows peak (quant.Peak).
func (k *weightSink) pack(l *loader, t safetensors.Tensor, whole uint32) (float64, error) {
	d, rows, cols := l.dev, k.to.Out, k.to.In
	defer d.Release(d.Mark())
	step := min(rows, steps(cols))
	q := d.Alloc(uint64(step) * uint64(cols))
	unit := d.NewTensor(step, cols)
	scale := d.Alloc(uint64(rows) * 4)
	for r := 0; r < rows; r += step {
		n := min(step, rows-r)
		at := whole + uint32(r*cols)*4
		// The largest element of a row of unit length is what the peak is made of.
		d.L2Normalize(unit.Slice(0, n), kernels.Tensor{At: at, Rows: n, Cols: cols, Stride: cols}, math.SmallestNonzeroFloat32)
		d.QuantizeRows(q, scale+uint32(r)*4, unit.At, n, cols)
		d.QuantizeRows(q, k.to.Scale.At+uint32(r)*4, at, n, cols)
		d.Pack(*k.to, r, n, q)
	}
	if err := l.scales(t, k.to.Scale.At, rows); err != nil {
		return 0, err
	}
	scales := make([]float32, rows)
	d.Read(scale, unsafe.Slice((*byte)(unsafe.Pointer(&scales[0])), rows*4))
	sum := 0.0
	for _, v := range scales {
		sum += float64(v) * 127 * float64(v) * 127 * float64(cols)
	}
	return math.Sqrt(sum / float64(rows)), d.Err()
}
