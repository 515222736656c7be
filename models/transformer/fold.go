package transformer

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// fold is what is multiplied into a linear layer. Until then its rows lie where their
// packed form will, which takes as many bytes.
type fold struct {
	to *kernels.Weight
	// from, if it is there, is the norm that the layer reads: its weight w goes into the
	// columns of W, its bias b into the layer's, W·diag(w)·x + W·b + bias. Of the last layer
	// to take it in (reset) the norm is left without an affine.
	from  *norm
	reset bool
	// alpha divides what comes out.
	alpha float32
}

// foldLayer plans what is folded in a layer: the affine of the norm before queries, keys
// and values, before queries of cross-attention, before the feed-forward and, of Sub-LN,
// before the output projections; and α, since
//
//	LN_ε(α·x + g) = LN_{ε/α²}(x + g/α).
//
// The last norm stays, since its result is the model's, and so does that before experts:
// their router is compared exactly. Norms after a sublayer stay: they are the residual too.
func (p *planner) foldLayer(y *layer, c *Config) {
	for b := range y.branches {
		z := &y.branches[b]
		if c.Norm.pre() {
			p.foldNorm(&z.attnNorm, &z.qkv.part[0], &z.qkv.part[1], &z.qkv.part[2])
		}
		if c.Norm.pre() && y.experts == nil && y.knowledge == nil {
			p.foldNorm(&z.ffnNorm, &z.ffn.gate, &z.ffn.fc1)
		}
		if c.Norm == SubLN {
			p.foldNorm(&z.inner, &z.out)
			p.foldNorm(&z.ffn.inner, &z.ffn.fc2)
		}
	}
	if y.cross != nil && c.Norm.pre() {
		p.foldNorm(&y.cross.norm, &y.cross.q)
	}
	if y.experts != nil && c.Norm == SubLN {
		for j := range y.experts.experts {
			p.foldNorm(&y.experts.experts[j].inner, &y.experts.experts[j].fc2)
		}
	}
	if !c.Norm.pre() && c.Alpha != 1 && y.knowledge == nil {
		p.foldAlpha(y, c)
	}
}

// foldAlpha divides what a layer's sublayers add by α, instead of multiplying what they
// add it to.
func (p *planner) foldAlpha(y *layer, c *Config) {
	y.alpha = 1
	scaled := func(n *norm) { n.eps /= c.Alpha * c.Alpha }
	divided := func(w *kernels.Weight) {
		if f := p.fold(w); f != nil {
			f.alpha = c.Alpha
		}
	}
	for b := range y.branches {
		z := &y.branches[b]
		scaled(&z.attnNorm)
		scaled(&z.ffnNorm)
		divided(&z.out)
		divided(&z.ffn.fc2)
	}
	if y.cross != nil {
		scaled(&y.cross.norm)
		divided(&y.cross.out)
	}
	if y.experts != nil {
		for j := range y.experts.experts {
			divided(&y.experts.experts[j].fc2)
		}
	}
}

// foldNorm plans to fold the affine of n into the layers that read it, all of them or none.
func (p *planner) foldNorm(n *norm, readers ...*kernels.Weight) {
	var last *fold
	for _, w := range readers {
		if w.Out > 0 && w.Bias.Len == 0 && n.bias.Len > 0 {
			return // its bias has no place to go
		}
	}
	for _, w := range readers {
		if f := p.fold(w); f != nil {
			f.from, last = n, f
		}
	}
	if last != nil {
		last.reset = true
	}
}

// fold is that of w, nil if the layer has no such weight.
func (p *planner) fold(w *kernels.Weight) *fold {
	if p.err != nil || w.Out == 0 {
		return nil
	}
	if w.DType != kernels.F32 {
		p.err = lean.Errorf("transformer: %w: Fold of %s weights: quantising comes after it; fold f32 weights, or load these as they are", ErrUnsupported, w.DType)
		return nil
	}
	f := p.folds[w]
	if f == nil {
		if f = (&fold{to: w, alpha: 1}); p.folds == nil {
			p.folds = map[*kernels.Weight]*fold{}
		}
		p.folds[w] = f
		p.folded = append(p.folded, f)
	}
	return f
}

// finish folds and packs, some rows at a time.
func (f *fold) finish(d *kernels.Device) error {
	defer d.Release(d.Mark())
	w, rows, cols := f.to, f.to.Out, f.to.In
	gain, shift := make([]float32, cols), make([]float32, cols)
	for i := range gain {
		gain[i] = 1
	}
	bias := make([]float32, w.Bias.Len)
	read(d, bias, w.Bias)
	if f.from != nil {
		read(d, gain, f.from.weight)
		read(d, shift, f.from.bias)
	}
	step := min(rows, steps(cols))
	window := d.NewTensor(step, cols)
	v := make([]float32, step*cols)
	for first := 0; first < rows; first += step {
		n := min(step, rows-first)
		part := v[:n*cols]
		d.Read(w.At+uint32(first*cols)*4, floatBytes(part))
		for r := range n {
			row, sum := part[r*cols:(r+1)*cols], 0.0
			for i, x := range row {
				sum += float64(x) * float64(shift[i])
				row[i] = float32(float64(x) * float64(gain[i]) / float64(f.alpha))
			}
			if len(bias) > 0 {
				bias[first+r] = float32((float64(bias[first+r]) + sum) / float64(f.alpha))
			}
		}
		d.Set(window.Slice(0, n), part)
		d.Pack(*w, first, n, window.At)
	}
	write(d, w.Bias, bias)
	if f.reset {
		for i := range gain {
			gain[i], shift[i] = 1, 0
		}
		write(d, f.from.weight, gain)
		write(d, f.from.bias, shift)
	}
	return d.Err()
}

// read and write move a vector; one that is absent stays so.
func read(d *kernels.Device, to []float32, from kernels.Vector) {
	if from.Len > 0 {
		d.Read(from.At, floatBytes(to))
	}
}

func write(d *kernels.Device, to kernels.Vector, from []float32) {
	if to.Len > 0 {
		d.Write(to.At, floatBytes(from))
	}
}
