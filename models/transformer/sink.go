package transformer

import (
	"unsafe"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// sink takes one tensor from a stream.
type sink interface {
	consume(l *loader, s *source, t safetensors.Tensor) error
}

// skipSink reads past a tensor.
type skipSink struct{}

func (skipSink) consume(l *loader, s *source, t safetensors.Tensor) error {
	for left := t.NumBytes(); left > 0; {
		n := min(left, int64(l.room)*4)
		if err := l.fill(s, t, l.stage, int(n)); err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// floatSink keeps a tensor as f32 at an offset. What is stored as f32 arrives there
// directly.
type floatSink struct{ at uint32 }

func (k *floatSink) consume(l *loader, s *source, t safetensors.Tensor) error {
	at := k.at
	for left := t.NumElements(); left > 0; {
		n := int(min(left, int64(l.room)))
		if t.DType == safetensors.F32 {
			if err := l.fill(s, t, at, n*4); err != nil {
				return err
			}
		} else if err := l.floats(s, t, n, at); err != nil {
			return err
		}
		at += uint32(n) * 4
		left -= int64(n)
	}
	return nil
}

// floats reads the next n elements of t into memory at offset at, as f32.
func (l *loader) floats(s *source, t safetensors.Tensor, n int, at uint32) error {
	switch t.DType {
	case safetensors.F32:
		return l.fill(s, t, at, n*4)
	case safetensors.F16, safetensors.BF16:
		if err := l.fill(s, t, l.stage, n*2); err != nil {
			return err
		}
		if t.DType == safetensors.F16 {
			l.dev.WidenF16(at, l.stage, n)
		} else {
			l.dev.WidenBF16(at, l.stage, n)
		}
	}
	return l.dev.Err()
}

// rowSink takes a matrix some rows at a time: into an int8 table (weight == nil) or
// packed into a weight from a row on. What is stored as f32 is quantised on the way
// if the destination is int8.
type rowSink struct {
	weight *kernels.Weight
	row    int
	at     uint32 // of the table
	scale  uint32 // of the first row
	cols   int
}

func (k *rowSink) consume(l *loader, s *source, t safetensors.Tensor) error {
	rows := t.Shape[0]
	step := l.room / k.cols / kernels.PanelWidth * kernels.PanelWidth
	for r := 0; r < rows; r += step {
		n := min(step, rows-r)
		at, err := k.rows(l, s, t, r, n)
		if err != nil {
			return err
		}
		if k.weight == nil {
			continue
		}
		// The rows up to the panel's end are zeros: nobody reads what they give.
		padded := n
		if end := k.row + rows; r+n == rows && end != k.weight.Out {
			padded = panels(n)
			size := uint64(k.cols) * k.weight.DType.Size()
			l.dev.Zero(at+uint32(uint64(n)*size), uint64(padded-n)*size)
		}
		l.dev.Pack(*k.weight, k.row+r, padded, at)
	}
	return l.dev.Err()
}

// rows brings n rows, row-major and of the destination's type, into a window (or
// directly to the table) and returns where they are.
func (k *rowSink) rows(l *loader, s *source, t safetensors.Tensor, r, n int) (uint32, error) {
	size := n * k.cols
	to := l.quant
	if k.weight == nil {
		to = k.at + uint32(r*k.cols)
	} else if k.weight.DType == kernels.F32 {
		return l.wide, l.floats(s, t, size, l.wide)
	}
	if t.DType == safetensors.I8 {
		return to, l.fill(s, t, to, size)
	}
	if err := l.floats(s, t, size, l.wide); err != nil {
		return 0, err
	}
	l.dev.QuantizeRows(to, k.scale+uint32(r)*4, l.wide, n, k.cols)
	return to, l.dev.Err()
}

// hostSink keeps a small tensor in Go.
type hostSink struct{ to []float32 }

func (k *hostSink) consume(l *loader, s *source, t safetensors.Tensor) error {
	to := k.to
	for len(to) > 0 {
		n := min(len(to), l.room)
		if err := l.floats(s, t, n, l.wide); err != nil {
			return err
		}
		l.dev.Read(l.wide, unsafe.Slice((*byte)(unsafe.Pointer(&to[0])), n*4))
		to = to[n:]
	}
	return l.dev.Err()
}
