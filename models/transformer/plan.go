package transformer

import (
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// planner checks the tensors that a configuration asks for against the headers,
// hands out their memory and names their sinks. Its first error sticks.
type planner struct {
	*loader
	keys   *keyMap
	prefix string
	config *Config
	tokens string // the name of the table of tokens, with its prefix
	noQ4   bool   // what would be of 4 bits is of 8
	err    error
}

// expect looks a tensor up and checks its shape. Names include the prefix.
func (p *planner) expect(name string, shape ...int) (safetensors.Tensor, bool) {
	if p.err != nil {
		return safetensors.Tensor{}, false
	}
	t, ok := p.tensors[name]
	_, packed := p.tensors[name+"_packed"]
	switch {
	case !ok && packed:
		p.err = lean.Errorf("transformer: %w: %q is stored as 4 bits, which linear layers can be, but not this; use the unquantised checkpoint", ErrUnsupported, name)
	case !ok:
		p.err = lean.Errorf("transformer: %w: %q, expected %v", ErrMissingTensor, name, shape)
	case !slices.Equal(t.Shape, shape):
		p.err = lean.Errorf("transformer: %w: tensor %q is %v, expected %v from config.json", ErrShape, name, t.Shape, shape)
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
		p.err = lean.Errorf("transformer: %w: tensor %q is %s, expected F32, F16 or BF16", ErrShape, name, t.DType)
		return
	}
	p.sinks[name] = floatSink{at}
}

func isFloat(t safetensors.DType) bool {
	return t == safetensors.F32 || t == safetensors.F16 || t == safetensors.BF16
}

// dtype decides how a matrix is kept: as stored, or in fewer bits if asked for.
func (p *planner) dtype(name string, t safetensors.Tensor) kernels.DType {
	switch {
	case t.DType == safetensors.I8 && (p.options.DType == "f32" || p.options.DType == "f16"):
		p.err = lean.Errorf("transformer: %w: tensor %q is stored as int8, dtype %s was asked for; use \"auto\" or \"q8\", or the f32 checkpoint", ErrUnsupported, name, p.options.DType)
	case t.DType == safetensors.I8 && p.options.DType == "q4":
		return kernels.Q4
	case t.DType == safetensors.I8:
		return kernels.I8
	case !isFloat(t.DType):
		p.err = lean.Errorf("transformer: %w: tensor %q is %s, expected F32, F16, BF16 or I8", ErrShape, name, t.DType)
	case p.options.DType == "q8":
		return kernels.I8
	case p.options.DType == "q4":
		return kernels.Q4
	case p.options.DType == "f16":
		return kernels.F16
	}
	return kernels.F32
}

// norm plans the affine of a LayerNorm over n columns.
func (p *planner) norm(name string, n int) norm {
	if p.err != nil {
		return norm{}
	}
	y := norm{eps: p.config.Eps, weight: kernels.Vector{At: p.dev.Alloc(uint64(n) * 4), Len: n}}
	weight, bias := ".weight", ".bias"
	if p.keys.normWeight != "" {
		weight, bias = p.keys.normWeight, p.keys.normBias
	}
	p.floats(p.prefix+name+weight, y.weight.At, n)
	if !p.config.RMSNorm {
		y.bias = kernels.Vector{At: p.dev.Alloc(uint64(n) * 4), Len: n}
		p.floats(p.prefix+name+bias, y.bias.At, n)
	}
	return y
}

// table plans an embedding table; small ones stay f32. The name includes the prefix.
func (p *planner) table(name string, rows, dim int, quantised bool) kernels.Table {
	full := name + ".weight"
	t, ok := p.expect(full, rows, dim)
	if !ok {
		return kernels.Table{}
	}
	kind := kernels.F32
	if quantised {
		if kind = p.dtype(full, t); kind == kernels.Q4 {
			kind = kernels.I8 // 4-bit tables have no kernel, and would lose words
		}
	}
	if p.err != nil {
		return kernels.Table{}
	}
	e := p.dev.NewTable(kind, rows, dim)
	if kind == kernels.F32 {
		p.floats(full, e.At, rows, dim)
		return e
	}
	if kind == kernels.F16 {
		p.sinks[full] = halfTable{e}
		return e
	}
	p.sinks[full] = tableSink{e}
	p.scale(full, t, e.Scale.At, rows)
	return e
}

// linear plans a matrix [out, in] and its bias.
func (p *planner) linear(w *kernels.Weight, out, in int, name string) {
	p.affine(w, out, in, name, true)
}

// affine is linear with a bias or without.
func (p *planner) affine(w *kernels.Weight, out, in int, name string, bias bool) {
	p.matrix(w, out, in, name)
	if p.err == nil && bias {
		w.Bias = kernels.Vector{At: p.dev.Alloc(uint64(out) * 4), Len: out}
		p.floats(p.prefix+name+".bias", w.Bias.At, out)
	}
}

// matrix plans a matrix [out, in] without bias.
func (p *planner) matrix(w *kernels.Weight, out, in int, name string) {
	if p.keys.turned {
		p.turned(w, out, in, name)
		return
	}
	full := p.prefix + name + ".weight"
	t, kind := p.matrixOf(full, out, in)
	if kind == kernels.Q4 && t.Name == full && (p.noQ4 || name == p.keys.head) {
		kind = kernels.I8
	}
	if p.err == nil {
		*w = p.dev.NewWeight(kind, out, in, false)
		p.rows(w, full, t, nil)
	}
}

// rows names the sink of a matrix and of its scales.
func (p *planner) rows(w *kernels.Weight, full string, t safetensors.Tensor, whole *kernels.Weight) {
	if p.err != nil {
		return
	}
	if t.Name != full {
		p.fourBits(w, full)
		return
	}
	sink := &weightSink{to: w, fused: whole, scale: w.Scale.At}
	if w.DType == kernels.Q4 && t.DType == safetensors.I8 {
		if p.place[full+"_scale"] > p.place[full] {
			p.err = lean.Errorf("transformer: %w: tensor %q is stored as int8 before its scales, dtype q4 was asked for; use \"q8\", or the f32 checkpoint", ErrUnsupported, full)
			return
		}
		sink.scale = p.dev.Alloc(uint64(w.Out) * 4)
	}
	p.sinks[full] = sink
	p.scale(full, t, sink.scale, w.Out)
}

// host plans a small tensor that is kept in Go, f32.
func (p *planner) host(full string, shape ...int) []float32 {
	n := 1
	for _, s := range shape {
		n *= s
	}
	t, ok := p.expect(full, shape...)
	if !ok {
		return nil
	}
	if !isFloat(t.DType) {
		p.err = lean.Errorf("transformer: %w: tensor %q is %s, expected F32, F16 or BF16", ErrShape, full, t.DType)
		return nil
	}
	v := make([]float32, n)
	p.sinks[full] = hostSink{v}
	return v
}

// exact plans a matrix [out, in] of floats that stays f32 whatever dtype was asked for.
func (p *planner) exact(w *kernels.Weight, out, in int, full string, shape ...int) {
	t, ok := p.expect(full, shape...)
	if !ok {
		return
	}
	if !isFloat(t.DType) {
		p.err = lean.Errorf("transformer: %w: tensor %q is %s, expected F32, F16 or BF16", ErrShape, full, t.DType)
		return
	}
	*w = p.dev.NewWeight(kernels.F32, out, in, false)
	p.sinks[full] = &weightSink{to: w}
}

// projection is one matrix of projections: its name and its number of rows.
type projection struct {
	name string
	out  int
}

// projections plans matrices [out, d] with their biases, up to three of them: as one,
// if they are of one type.
func (p *planner) projections(y *projections, d int, bias bool, parts ...projection) {
	var kind [3]kernels.DType
	var tensor [3]safetensors.Tensor
	same := true
	for i, part := range parts {
		tensor[i], kind[i] = p.matrixOf(p.prefix+part.name+".weight", part.out, d)
		same = same && kind[i] == kind[0]
	}
	if p.err != nil {
		return
	}
	if same {
		p.together(y, kind[0], d, bias, parts...)
	}
	for i, part := range parts {
		if !same {
			y.part[i] = p.dev.NewWeight(kind[i], part.out, d, bias)
		}
		p.rows(&y.part[i], p.prefix+part.name+".weight", tensor[i], &y.fused)
		if bias {
			p.floats(p.prefix+part.name+".bias", y.part[i].Bias.At, part.out)
		}
	}
}

// together hands out one matrix for several of d columns, and its parts.
func (p *planner) together(y *projections, kind kernels.DType, d int, bias bool, parts ...projection) {
	rows := 0
	for _, part := range parts {
		rows += panels(part.out)
	}
	y.fused = p.dev.NewWeight(kind, rows, d, bias)
	if kind == kernels.I8 {
		p.dev.Zero(y.fused.Scale.At, uint64(rows)*4)
	}
	at := 0
	for i, part := range parts {
		y.part[i] = p.dev.Part(y.fused, at, at+part.out)
		at += panels(part.out)
	}
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
	} else {
		p.floats(name, at, rows, 1)
	}
	if p.err == nil {
		p.sinks[name] = scaleSink{at}
	}
}
