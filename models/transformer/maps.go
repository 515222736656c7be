package transformer

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// AttentionMap is where one layer's heads looked in one sequence.
type AttentionMap struct {
	Layer, Sequence int
	// Cross tells whether the keys are the encoder's.
	Cross bool
	// P (Heads, Queries, Keys) are the shares of each query's attention; a query that
	// may look nowhere has zeros.
	Heads, Queries, Keys int
	P                    []float32
}

// show computes the map of what Attention does with the same arguments, on the host: it
// is for pictures, and only done when somebody looks.
func (r *run) show(layer, sequence int, cross bool, q, k kernels.Tensor, mask kernels.AttentionMask) {
	if r.batch.Attention == nil {
		return
	}
	c, d := r.Config, r.dev
	host := func(t kernels.Tensor) []float32 {
		v := make([]float32, t.Rows*t.Cols)
		d.Get(v, t)
		return v
	}
	qs, ks := host(q), host(k)
	var add, rel []float32
	if mask.Add.At != 0 {
		add = host(mask.Add)
	}
	if mask.Rel.At != 0 {
		rel = host(mask.Rel)
	}
	m := AttentionMap{Layer: layer, Sequence: sequence, Cross: cross, Heads: c.NumHeads, Queries: q.Rows, Keys: k.Rows}
	m.P = make([]float32, m.Heads*m.Queries*m.Keys)
	width, shared, h := q.Cols, k.Cols, c.headDim()
	for head := range m.Heads {
		kv := head * k.Cols / q.Cols // the head of keys that it looks at
		for i := range m.Queries {
			row := m.P[(head*m.Queries+i)*m.Keys:][:m.Keys]
			for j := range row {
				s := float32(0)
				for l := range h {
					s += qs[i*width+head*h+l] * ks[j*shared+kv*h+l]
				}
				s *= c.scale()
				if add != nil {
					s += add[i*m.Keys+j]
				}
				if rel != nil {
					s += rel[head*mask.Rel.Cols+mask.RelBase+j-i]
				}
				row[j] = s
			}
			for j := range row {
				hidden := mask.Keep != nil && mask.Keep[j] == 0 || mask.Causal && j > i+mask.Offset
				switch {
				case c.Approx != nil && hidden:
					row[j] = c.Approx.MaskValue
				case hidden:
					row[j] = float32(math.Inf(-1))
				}
			}
			if c.Approx != nil {
				r.ApproxSoftmax(row)
			} else {
				softmax(row)
			}
		}
	}
	if d.Err() == nil {
		r.batch.Attention(m)
	}
}

// softmax replaces scores by their shares; zeros if all are −∞.
func softmax(v []float32) {
	top := float32(math.Inf(-1))
	for _, x := range v {
		top = max(top, x)
	}
	if math.IsInf(float64(top), -1) {
		clear(v)
		return
	}
	sum := 0.0
	for i, x := range v {
		v[i] = float32(math.Exp(float64(x - top)))
		sum += float64(v[i])
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / sum)
	}
}
