package transformer

import (
	"unsafe"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// GPT-2 stores its linear layers as convolutions: [in, out], and queries, keys and values
// as one of three times the width. While loading they become what all others are.

// turnedSink takes a matrix [in, out] whose columns are the rows of to, one after the other.
type turnedSink struct{ to []*weightSink }

func (k turnedSink) consume(l *loader, s *shard, t safetensors.Tensor) error {
	d, in, out := l.dev, t.Shape[0], t.Shape[1]
	v := make([]float32, in*out)
	mark := d.Mark()
	raw := d.Alloc(uint64(in) * uint64(out) * 4)
	err := l.floats(s, t, in*out, raw)
	if err == nil {
		d.Read(raw, floatBytes(v))
		err = d.Err()
	}
	d.Release(mark)
	if err != nil {
		return err
	}
	first := 0
	for _, w := range k.to {
		n := w.to.Out
		rows := make([]float32, n*in)
		for i := range in {
			for j := range n {
				rows[j*in+i] = v[i*out+first+j]
			}
		}
		first += n
		if err := w.place(l, t, rows); err != nil {
			return err
		}
	}
	return nil
}

// place packs rows that are in Go.
func (k *weightSink) place(l *loader, t safetensors.Tensor, rows []float32) error {
	d := l.dev
	fill := func(at uint32) error {
		d.Write(at, floatBytes(rows))
		return d.Err()
	}
	switch k.to.DType {
	case kernels.I8:
		return k.quantize(l, t, fill)
	case kernels.F16:
		return k.half(l, t, fill)
	case kernels.Q4:
		return k.blocks(l, t, func(at uint32, n int) error {
			d.Write(at, floatBytes(rows[:n*k.to.In]))
			rows = rows[n*k.to.In:]
			return d.Err()
		})
	}
	if l.folds[k.to] != nil {
		return fill(k.to.At) // packed when it is folded
	}
	defer d.Release(d.Mark())
	at := d.Alloc(uint64(len(rows)) * 4)
	if err := fill(at); err != nil {
		return err
	}
	d.Pack(*k.to, 0, k.to.Out, at)
	return d.Err()
}

func floatBytes(v []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), len(v)*4)
}

// splitSink takes n floats to each of several offsets.
type splitSink struct {
	at []uint32
	n  int
}

func (k splitSink) consume(l *loader, s *shard, t safetensors.Tensor) error {
	for _, at := range k.at {
		if err := l.floats(s, t, k.n, at); err != nil {
			return err
		}
	}
	return nil
}

// turned plans a matrix that is stored as [in, out], without its bias.
func (p *planner) turned(w *kernels.Weight, out, in int, name string) {
	full := p.prefix + name + ".weight"
	t, ok := p.expect(full, in, out)
	if !ok || !p.turnable(full, t) {
		return
	}
	if kind := p.dtype(full, t); p.err == nil {
		*w = p.dev.NewWeight(kind, out, in, false)
		p.sinks[full] = turnedSink{[]*weightSink{{to: w}}}
	}
}

// turnedProjections plans queries, keys and values [d, d] that are stored as [d, 3d].
func (p *planner) turnedProjections(y *projections, d int, name string) {
	full := p.prefix + name + ".weight"
	t, ok := p.expect(full, d, 3*d)
	if !ok || !p.turnable(full, t) {
		return
	}
	kind := p.dtype(full, t)
	if p.err != nil {
		return
	}
	p.together(y, kind, d, true, projection{out: d}, projection{out: d}, projection{out: d})
	sink, bias := turnedSink{}, splitSink{n: d}
	for i := range 3 {
		sink.to = append(sink.to, &weightSink{to: &y.part[i], fused: &y.fused})
		bias.at = append(bias.at, y.part[i].Bias.At)
	}
	p.sinks[full] = sink
	full = p.prefix + name + ".bias"
	if t, ok := p.expect(full, 3*d); ok {
		if !p.turnable(full, t) {
			return
		}
		p.sinks[full] = bias
	}
}

func (p *planner) turnable(name string, t safetensors.Tensor) bool {
	if !isFloat(t.DType) {
		p.err = lean.Errorf("transformer: %w: tensor %q is %s, expected F32, F16 or BF16", ErrShape, name, t.DType)
	}
	return p.err == nil
}
