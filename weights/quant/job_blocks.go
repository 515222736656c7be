//go:build !js

package quant

import (
	"encoding/binary"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"io"
	"strings"

	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// quantizeBlocks reads a matrix for its scales and plans the three entries of 4 bits.
func (j *job) quantizeBlocks(t safetensors.Tensor) error {
	rows, cols := t.Shape[0], t.Shape[1]
	blocks := cols / Block
	scales := make([]float32, 0, rows*blocks)
	err := j.eachRow(t, func(row []float32) error {
		for b := range blocks {
			s, bad := blockScale(row[b*Block : (b+1)*Block])
			if bad >= 0 {
				return refuse(ErrNotFinite, "tensor %q: row %d, column %d is %v: was the model trained to the end?", lean.Clip(t.Name), len(scales)/blocks, b*Block+bad, row[b*Block+bad])
			}
			scales = append(scales, s)
		}
		return nil
	})
	if err != nil {
		return err
	}
	kind := scaleType(scales)
	module := strings.TrimSuffix(t.Name, weightSuffix)
	j.report.Converted = append(j.report.Converted, t.Name)
	shape := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, uint64(rows)), uint64(cols))
	j.add(module+shapeSuffix, safetensors.I64, []int{2}, safetensors.Bytes(shape))
	j.add(module+scaleSuffix, kind, []int{rows, blocks}, safetensors.Floats(scales, kind))
	j.add(module+packedSuffix, safetensors.I32, []int{rows, cols / packFactor}, func(w io.Writer) error {
		words := make([]uint32, Block/packFactor)
		var b []byte
		at := 0
		return j.eachRow(t, func(row []float32) error {
			b = b[:0]
			for ; len(row) > 0; row = row[Block:] {
				QuantizeBlock(words, row[:Block], scales[at])
				at++
				for _, word := range words {
					b = binary.LittleEndian.AppendUint32(b, word)
				}
			}
			_, err := w.Write(b)
			return err
		})
	})
	return nil
}

// dequantizeBlocks plans a matrix of 4 bits as F32.
func (j *job) dequantizeBlocks(module string, p Packed) error {
	raw, err := j.src.ReadTensor(p.Shape.Name)
	if err != nil {
		return err
	}
	shape := readShape(raw, p.Shape)
	rows, cols := int(shape[0]), int(shape[1])
	if shape[0] < 1 || shape[1] < 1 || shape[0] > safetensors.MaxDim || shape[1] > safetensors.MaxDim {
		return refuse(ErrShape, "tensor %q says [%d %d], expected two counts", lean.Clip(p.Shape.Name), shape[0], shape[1])
	}
	groups, err := p.Groups(rows, cols)
	if err != nil {
		return err
	}
	if raw, err = j.src.ReadTensor(p.Scale.Name); err != nil {
		return err
	}
	scales := make([]float32, rows*groups)
	if err := DecodeGroups(scales, raw, p.Scale); err != nil {
		return err
	}
	j.report.Converted = append(j.report.Converted, module+weightSuffix)
	j.add(module+weightSuffix, safetensors.F32, []int{rows, cols}, func(w io.Writer) error {
		words := p.Weight.Shape[1]
		blocks := make([]float32, (cols+Block-1)/Block)
		row := make([]float32, cols)
		var b []byte
		r := 0
		return j.each(p.Weight, words*4, func(piece []byte) error {
			for ; len(piece) > 0; piece = piece[words*4:] {
				Spread(blocks, scales[r*groups:(r+1)*groups])
				r++
				for i := range words {
					part := row[i*packFactor : min(cols, (i+1)*packFactor)]
					DequantizeWord(part, binary.LittleEndian.Uint32(piece[i*4:]), blocks[i*packFactor/Block])
				}
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
