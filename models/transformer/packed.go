package transformer

import (
	"io"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/quant"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// Matrices that are stored as 4 bits (compressed-tensors' pack-quantized): weights, scales
// and shape are three tensors, in any order in the file and seldom beside each other.

// matrixOf looks up the matrix of a linear layer, as numbers or as 4 bits, and decides how
// it is kept.
func (p *planner) matrixOf(full string, out, in int) (safetensors.Tensor, kernels.DType) {
	if p.err != nil {
		return safetensors.Tensor{}, 0
	}
	t, ok := p.tensors[full+"_packed"]
	if !ok {
		if t, ok = p.expect(full, out, in); !ok {
			return t, 0
		}
		return t, p.dtype(full, t)
	}
	if d := p.options.DType; d != "" && d != "auto" && d != "q4" {
		p.err = lean.Errorf("transformer: %w: tensor %q is stored as 4 bits, dtype %s was asked for; use \"auto\" or \"q4\", or the unquantised checkpoint", ErrUnsupported, t.Name, d)
	}
	return t, kernels.Q4
}

// joined is a matrix of 4 bits whose parts are on their way. What has come waits in the
// memory of the packed matrix, which has room for both parts as they are stored.
type joined struct {
	to     *kernels.Weight
	scales safetensors.Tensor
	groups int // scales of a row
	left   int // parts that have not come
}

// fourBits plans the parts of a matrix that is stored as 4 bits.
func (p *planner) fourBits(w *kernels.Weight, full string) {
	part := quant.Packed{Weight: p.tensors[full+"_packed"]}
	for _, t := range []struct {
		suffix string
		to     *safetensors.Tensor
	}{{"_scale", &part.Scale}, {"_shape", &part.Shape}} {
		var ok bool
		if *t.to, ok = p.tensors[full+t.suffix]; !ok {
			p.err = lean.Errorf("transformer: %w: %q, beside %q", ErrMissingTensor, full+t.suffix, part.Weight.Name)
			return
		}
	}
	groups, err := part.Groups(w.Out, w.In)
	if err != nil {
		p.err = lean.Errorf("transformer: %w", err)
		return
	}
	j := &joined{to: w, scales: part.Scale, groups: groups, left: 2}
	p.sinks[part.Weight.Name] = wordSink{j}
	p.sinks[part.Scale.Name] = groupSink{j}
	p.sinks[part.Shape.Name] = shapeSink{w.Out, w.In}
}

// wordSink takes the weights, groupSink their scales.
type wordSink struct{ *joined }
type groupSink struct{ *joined }

func (k wordSink) consume(l *loader, s *shard, t safetensors.Tensor) error {
	if err := l.fill(s, t, k.to.At, int(k.words())); err != nil {
		return err
	}
	return k.came(l)
}

func (k groupSink) consume(l *loader, s *shard, t safetensors.Tensor) error {
	if err := l.floats(s, t, k.to.Out*k.groups, k.to.At+k.words()); err != nil {
		return err
	}
	return k.came(l)
}

// words is the bytes of the weights as they are stored.
func (j *joined) words() uint32 { return uint32(j.to.Out) * uint32(kernels.Q4.RowSize(j.to.In)) }

// came packs the matrix when its second part is there, out of a copy.
func (j *joined) came(l *loader) error {
	if j.left--; j.left > 0 {
		return l.dev.Err()
	}
	d, rows, cols := l.dev, j.to.Out, j.to.In
	defer d.Release(d.Mark())
	rowSize, blocks := int(kernels.Q4.RowSize(cols)), (cols+kernels.BlockQ4-1)/kernels.BlockQ4
	step := min(rows, steps(cols))
	words := d.Alloc(uint64(rows) * uint64(rowSize))
	scale := d.Alloc(uint64(step) * uint64(blocks) * 4)
	groups := make([]float32, rows*j.groups)
	d.Read(j.to.At+j.words(), floatBytes(groups))
	window := make([]byte, step*rowSize)
	for r := 0; r < rows; r += step {
		part := window[:min(step, rows-r)*rowSize]
		d.Read(j.to.At+uint32(r*rowSize), part)
		fillWords(part, rowSize, cols)
		d.Write(words+uint32(r*rowSize), part)
	}
	spread := make([]float32, step*blocks)
	for r := 0; r < rows; r += step {
		n := min(step, rows-r)
		for i := range n {
			row := groups[(r+i)*j.groups:][:j.groups]
			for _, v := range row {
				if v-v != 0 {
					return lean.Errorf("transformer: tensor %q: a scale of row %d is %v: %w", j.scales.Name, r+i, v, quant.ErrNotFinite)
				}
			}
			quant.Spread(spread[i*blocks:][:blocks], row)
		}
		d.Write(scale, floatBytes(spread[:n*blocks]))
		d.PackQ4(*j.to, r, n, words+uint32(r*rowSize), scale)
	}
	return d.Err()
}

// fillWords writes what stands for 0 behind the weights of each row, up to its last word.
func fillWords(rows []byte, rowSize, cols int) {
	for ; len(rows) > 0; rows = rows[rowSize:] {
		for c := cols; c < 2*rowSize; c++ {
			shift := 4 * (c % 2)
			rows[c/2] = rows[c/2]&^(15<<shift) | 8<<shift
		}
	}
}

// shapeSink holds a weight_shape against the matrix.
type shapeSink struct{ rows, cols int }

func (k shapeSink) consume(l *loader, s *shard, t safetensors.Tensor) error {
	d := l.dev
	defer d.Release(d.Mark())
	var raw [16]byte
	part := raw[:t.NumBytes()] // two numbers of at most 8 bytes
	if _, err := io.ReadFull(s, part); err != nil {
		return lean.Errorf("transformer: %s: tensor %q: %w: %w", s.Name(), t.Name, safetensors.ErrTruncated, err)
	}
	if s.hash != nil {
		at := d.Alloc(uint64(len(part)))
		d.Write(at, part)
		s.hash.Update(at, len(part))
	}
	l.progress(len(part))
	if err := quant.CheckShape(part, t, k.rows, k.cols); err != nil {
		return lean.Errorf("transformer: %w", err)
	}
	return nil
}

// halve quantises a matrix that is stored as int8, with scales f32 at offset scale that
// have come already, to 4 bits.
func (k *weightSink) halve(l *loader, s *shard, t safetensors.Tensor) error {
	d, cols := l.dev, k.to.In
	defer d.Release(d.Mark())
	step := min(k.to.Out, steps(cols))
	q := d.Alloc(uint64(step) * uint64(cols))
	ids := make([]int32, step)
	for i := range ids {
		ids[i] = int32(i)
	}
	first := uint32(0)
	return k.blocks(l, t, func(at uint32, rows int) error {
		if err := l.fill(s, t, q, rows*cols); err != nil {
			return err
		}
		scale := kernels.Vector{At: k.scale + first*4, Len: rows}
		table := kernels.Table{DType: kernels.I8, At: q, Scale: scale, Rows: rows, Dim: cols}
		d.Embed(kernels.Tensor{At: at, Rows: rows, Cols: cols, Stride: cols}, table, ids[:rows], 1, false)
		first += uint32(rows)
		return d.Err()
	})
}
