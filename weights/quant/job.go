//go:build !js

package quant

import (
	"bytes"
	"fmt"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"io"
	"math"
	"strings"

	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// job turns the tensors of a folder into entries of a file.
type job struct {
	src         *safetensors.Folder
	entries     []safetensors.Entry
	report      *Report
	progress    func(done, total int64)
	done, total int64
}

// advance counts bytes that were read.
func (j *job) advance(n int) {
	j.done += int64(n)
	if j.progress != nil {
		j.progress(j.done, j.total)
	}
}

func (j *job) add(name string, d safetensors.DType, shape []int, data func(io.Writer) error) {
	j.entries = append(j.entries, safetensors.Entry{Name: name, DType: d, Shape: shape, Data: data})
	n := int64(d.Size())
	for _, s := range shape {
		n *= int64(s)
	}
	j.report.BytesOut += n
}

// planQuantize decides about every tensor and finds the scales, which also shows any
// weight that is not finite before the first byte is written.
func (j *job) planQuantize(o Options, cfg *Config) error {
	var matrices []safetensors.Tensor
	for _, t := range j.src.Tensors {
		j.report.BytesIn += t.NumBytes()
		j.total += t.NumBytes()
		module, _ := strings.CutSuffix(t.Name, weightSuffix)
		if strings.HasSuffix(t.Name, scaleSuffix) || strings.HasSuffix(t.Name, packedSuffix) || t.DType == safetensors.I8 && module != t.Name {
			return refuse(ErrState, "tensor %q is of a quantised model, but config.json has no %s", lean.Clip(t.Name), member)
		}
		if !t.DType.IsFloat() {
			j.copyRaw(t)
			continue
		}
		why := KeepReason(t.Name, t.Shape)
		four := o.Bits == 4 && !isTable(t.Name) && !isHead(module)
		if why == "" && four && t.Shape[1]%Block != 0 {
			why = fmt.Sprintf("rows of %d weights: 4 bits come in blocks of %d", t.Shape[1], Block)
		}
		if why == "" && o.Reason != nil {
			why = o.Reason(t.Name, t.Shape)
		}
		if why != "" {
			j.report.Kept[t.Name] = why
			if len(t.Shape) == 2 && module != t.Name {
				cfg.Ignore = append(cfg.Ignore, module)
			}
			j.toFloat(t)
			continue
		}
		matrices = append(matrices, t)
		j.total += t.NumBytes() // read twice
	}
	for _, t := range matrices {
		module := strings.TrimSuffix(t.Name, weightSuffix)
		if o.Bits == 4 && !isTable(t.Name) {
			if !isHead(module) {
				if err := j.quantizeBlocks(t); err != nil {
					return err
				}
				continue
			}
			cfg.Targets = append(cfg.Targets, module) // by name, since it is a "Linear" too
		}
		peak, err := j.quantize(t)
		if err != nil {
			return err
		}
		if peak > MaxPeak {
			j.report.Kept[t.Name] = fmt.Sprintf("peaks: the largest weight of a row is %.1f times its root mean square, more than %d", peak, MaxPeak)
			cfg.Ignore = append(cfg.Ignore, module)
			j.toFloat(t)
		}
	}
	return nil
}

// quantize reads a matrix for its scales and plans its two entries, unless it peaks
// above MaxPeak, which it returns (0 for tables).
func (j *job) quantize(t safetensors.Tensor) (peak float64, err error) {
	rows := t.Shape[0]
	scale := make([]float32, 0, rows)
	squares := 0.0
	err = j.eachRow(t, func(row []float32) error {
		s, bad := rowScale(row)
		if bad >= 0 {
			return refuse(ErrNotFinite, "tensor %q: row %d, column %d is %v: was the model trained to the end?", lean.Clip(t.Name), len(scale), bad, row[bad])
		}
		scale = append(scale, s)
		if !isTable(t.Name) {
			p := RowPeak(row)
			squares += p * p
		}
		return nil
	})
	if peak = math.Sqrt(squares / float64(rows)); err != nil || peak > MaxPeak {
		return peak, err
	}
	j.report.Converted = append(j.report.Converted, t.Name)
	module := strings.TrimSuffix(t.Name, weightSuffix)
	j.add(module+scaleSuffix, safetensors.F32, []int{rows, 1}, safetensors.Floats(scale, safetensors.F32))
	j.add(t.Name, safetensors.I8, t.Shape, func(w io.Writer) error {
		q := make([]int8, t.Shape[1])
		b := make([]byte, len(q))
		r := 0
		return j.eachRow(t, func(row []float32) error {
			quantizeRow(q, row, scale[r])
			r++
			for i, v := range q {
				b[i] = byte(v)
			}
			_, err := w.Write(b)
			return err
		})
	})
	return peak, nil
}

func (j *job) planDequantize() error {
	pairs, err := Pairs(j.src.Tensors)
	if err != nil {
		return err
	}
	packed, err := PackedOf(j.src.Tensors)
	if err != nil {
		return err
	}
	for _, t := range j.src.Tensors {
		j.report.BytesIn += t.NumBytes()
		if s, ok := pairs[t.Name]; ok {
			if err := j.dequantize(t, s); err != nil {
				return err
			}
			j.total += t.NumBytes()
			continue
		}
		if strings.HasSuffix(t.Name, scaleSuffix) {
			continue // read with its weights
		}
		if name, ok := strings.CutSuffix(t.Name, shapeSuffix); ok && packed[name].Weight.Name != "" {
			continue
		}
		if name, ok := strings.CutSuffix(t.Name, packedSuffix); ok {
			if err := j.dequantizeBlocks(name, packed[name]); err != nil {
				return err
			}
			j.total += t.NumBytes()
			continue
		}
		j.total += t.NumBytes()
		if t.DType.IsFloat() {
			j.report.Kept[t.Name] = "not quantised"
			j.toFloat(t)
		} else {
			j.copyRaw(t)
		}
	}
	return nil
}

func (j *job) dequantize(t, s safetensors.Tensor) error {
	raw, err := j.src.ReadTensor(s.Name)
	if err != nil {
		return err
	}
	scale := make([]float32, t.Shape[0])
	if err := DecodeScales(scale, raw, s); err != nil {
		return err
	}
	j.report.Converted = append(j.report.Converted, t.Name)
	j.add(t.Name, safetensors.F32, t.Shape, func(w io.Writer) error {
		cols := t.Shape[1]
		row := make([]float32, cols)
		q := make([]int8, cols)
		var b []byte
		r := 0
		return j.each(t, cols, func(piece []byte) error {
			for ; len(piece) > 0; piece = piece[cols:] {
				for i := range q {
					q[i] = int8(piece[i])
				}
				if err := DequantizeRows(row, q, scale[r:r+1], 1, cols); err != nil {
					return err
				}
				r++
				b = safetensors.AppendFloats(b[:0], row, safetensors.F32)
				if _, err := w.Write(b); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return nil
}

// toFloat plans a float tensor of any width as F32.
func (j *job) toFloat(t safetensors.Tensor) {
	j.add(t.Name, safetensors.F32, t.Shape, func(w io.Writer) error {
		var f []float32
		var b []byte
		return j.each(t, t.DType.Size(), func(piece []byte) error {
			n := len(piece) / t.DType.Size()
			if cap(f) < n {
				f = make([]float32, n)
			}
			safetensors.DecodeFloats(f[:n], piece, t.DType)
			b = safetensors.AppendFloats(b[:0], f[:n], safetensors.F32)
			_, err := w.Write(b)
			return err
		})
	})
}

func (j *job) copyRaw(t safetensors.Tensor) {
	j.add(t.Name, t.DType, t.Shape, func(w io.Writer) error {
		return j.each(t, 1, func(piece []byte) error {
			_, err := io.Copy(w, bytes.NewReader(piece))
			return err
		})
	})
}

// eachRow reads a float matrix row by row; row is valid during the call.
func (j *job) eachRow(t safetensors.Tensor, row func([]float32) error) error {
	cols := t.Shape[1]
	f := make([]float32, cols)
	width := cols * t.DType.Size()
	return j.each(t, width, func(piece []byte) error {
		for ; len(piece) > 0; piece = piece[width:] {
			safetensors.DecodeFloats(f, piece, t.DType)
			if err := row(f); err != nil {
				return err
			}
		}
		return nil
	})
}

// each reads a tensor's bytes in pieces of whole units, about a megabyte each.
func (j *job) each(t safetensors.Tensor, unit int, use func(piece []byte) error) error {
	if t.NumBytes() == 0 {
		return nil
	}
	s, _, err := j.src.Section(t.Name)
	if err != nil {
		return err
	}
	buf := make([]byte, min(t.NumBytes(), int64(max(1<<20/unit, 1)*unit)))
	for left := t.NumBytes(); left > 0; {
		piece := buf[:min(left, int64(len(buf)))]
		if _, err := io.ReadFull(s, piece); err != nil {
			return refuse(err, "tensor %q: %v: did the file change?", lean.Clip(t.Name), err)
		}
		if err := use(piece); err != nil {
			return err
		}
		left -= int64(len(piece))
		j.advance(len(piece))
	}
	return nil
}
