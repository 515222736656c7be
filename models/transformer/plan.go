package transformer

import (
	"fmt"
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// planner checks the tensors that a configuration asks for against the headers,
// hands out their memory and names their sinks. Its first error sticks.
type planner struct {
	*loader
	err error
}

// expect looks a tensor up and checks its shape. Names include the prefix.
func (p *planner) expect(name string, shape ...int) (safetensors.Tensor, bool) {
	if p.err != nil {
		return safetensors.Tensor{}, false
	}
	t, ok := p.tensors[name]
	switch {
	case !ok:
		p.err = fmt.Errorf("transformer: %w: %q, expected %v", ErrMissingTensor, name, shape)
	case !slices.Equal(t.Shape, shape):
		p.err = fmt.Errorf("transformer: %w: tensor %q is %v, expected %v from config.json", ErrShape, name, t.Shape, shape)
	default:
		return t, true
	}
	return t, false
}

// floats plans a tensor that stays f32 in memory.
func (p *planner) floats(name string, at uint32, shape ...int) {
	t, ok := p.expect(name, shape...)
	if !ok {
		return
	}
	if !isFloat(t.DType) {
		p.err = fmt.Errorf("transformer: %w: tensor %q is %s, expected F32, F16 or BF16", ErrShape, name, t.DType)
		return
	}
	p.sinks[name] = &floatSink{at}
}

func isFloat(t safetensors.DType) bool {
	return t == safetensors.F32 || t == safetensors.F16 || t == safetensors.BF16
}

// dtype decides how a matrix is kept: as stored, or int8 if asked for.
func (p *planner) dtype(name string, t safetensors.Tensor) kernels.DType {
	switch {
	case t.DType == safetensors.I8 && p.options.DType == "f32":
		p.err = fmt.Errorf("transformer: %w: tensor %q is stored as int8, dtype f32 was asked for; use \"auto\" or \"q8\", or the f32 checkpoint", ErrUnsupported, name)
	case t.DType == safetensors.I8:
		return kernels.I8
	case !isFloat(t.DType):
		p.err = fmt.Errorf("transformer: %w: tensor %q is %s, expected F32, F16, BF16 or I8", ErrShape, name, t.DType)
	case p.options.DType == "q8":
		return kernels.I8
	}
	return kernels.F32
}

// norm plans the affine of a LayerNorm over n columns.
func (p *planner) norm(name string, n int) norm {
	if p.err != nil {
		return norm{}
	}
	y := norm{
		kernels.Vector{At: p.dev.Alloc(uint64(n) * 4), Len: n},
		kernels.Vector{At: p.dev.Alloc(uint64(n) * 4), Len: n},
	}
	p.floats(p.prefix+name+".weight", y.weight.At, n)
	p.floats(p.prefix+name+".bias", y.bias.At, n)
	return y
}

// table plans an embedding table; small ones stay f32.
func (p *planner) table(name string, rows, dim int, quantised bool) kernels.Table {
	full := p.prefix + name + ".weight"
	t, ok := p.expect(full, rows, dim)
	if !ok {
		return kernels.Table{}
	}
	kind := kernels.F32
	if quantised {
		kind = p.dtype(full, t)
	}
	if p.err != nil {
		return kernels.Table{}
	}
	e := p.dev.NewTable(kind, rows, dim)
	if kind == kernels.F32 {
		p.floats(full, e.At, rows, dim)
		return e
	}
	p.sinks[full] = &rowSink{at: e.At, scale: e.Scale.At, cols: dim}
	p.scale(full, t, e.Scale.At, rows)
	return e
}

// linear plans one matrix [out, in] with its bias, or several of that shape one
// below the other, each from the start of a panel.
func (p *planner) linear(out, in int, names ...string) kernels.Weight {
	w := p.matrix(out, in, names...)
	for i, name := range names {
		if p.err == nil {
			p.floats(p.prefix+name+".bias", w.Bias.At+uint32(i*panels(out))*4, out)
		}
	}
	return w
}

// projection plans a matrix without bias.
func (p *planner) projection(name string, out, in int) kernels.Weight {
	w := p.matrix(out, in, name)
	w.Bias = kernels.Vector{}
	return w
}

func (p *planner) matrix(out, in int, names ...string) kernels.Weight {
	var kind kernels.DType
	for i, name := range names {
		full := p.prefix + name + ".weight"
		t, ok := p.expect(full, out, in)
		if !ok {
			return kernels.Weight{}
		}
		k := p.dtype(full, t)
		if i > 0 && k != kind && p.err == nil {
			p.err = fmt.Errorf("transformer: %w: tensor %q is %s, %q is %s; they are computed together", ErrShape, full, k, p.prefix+names[0]+".weight", kind)
		}
		if kind = k; p.err != nil {
			return kernels.Weight{}
		}
	}
	rows := out
	if len(names) > 1 {
		rows = panels(out) * len(names)
	}
	w := p.dev.NewWeight(kind, rows, in, true)
	if kind == kernels.I8 {
		p.dev.Zero(w.Scale.At, uint64(rows)*4)
	}
	for i, name := range names {
		full := p.prefix + name + ".weight"
		first := i * panels(out)
		p.sinks[full] = &rowSink{weight: &w, row: first, scale: w.Scale.At + uint32(first)*4, cols: in}
		p.scale(full, p.tensors[full], w.Scale.At+uint32(first)*4, out)
	}
	return w
}

// scale plans the scales of rows that are stored as int8 (compressed-tensors'
// "X.weight_scale", [rows, 1] or [rows]).
func (p *planner) scale(name string, t safetensors.Tensor, at uint32, rows int) {
	if p.err != nil || t.DType != safetensors.I8 {
		return
	}
	name += "_scale"
	if s, ok := p.tensors[name]; ok && len(s.Shape) == 1 {
		p.floats(name, at, rows)
		return
	}
	p.floats(name, at, rows, 1)
}
