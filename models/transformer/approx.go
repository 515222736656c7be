package transformer

import (
	"strconv"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// What homomorphic encryption can compute in place of softmax and LayerNorm (THE-X,
// arXiv 2206.00216), in plain numbers. It shows what the rewrite costs in accuracy;
// speed is not its aim, so it is Go on the host.

// reciprocal is T(z) ≈ 1/z: linear layers 1→h→h→1 with ReLU between them.
type reciprocal struct {
	w1, b1, w2, b2, w3, b3 []float32 // (h), (h), (h, h), (h), (h), (1)
}

func (p *planner) reciprocal(t *reciprocal, h int) {
	for i, l := range []struct {
		w, b    *[]float32
		out, in int
	}{{&t.w1, &t.b1, h, 1}, {&t.w2, &t.b2, h, h}, {&t.w3, &t.b3, 1, h}} {
		name := p.prefix + p.keys.reciprocal + strconv.Itoa(i+1)
		*l.w = p.host(name+".weight", l.out, l.in)
		*l.b = p.host(name+".bias", l.out)
	}
}

// at is T(z).
func (t *reciprocal) at(z float32) float32 {
	h := len(t.b1)
	one, two := make([]float32, h), make([]float32, h)
	for i := range one {
		one[i] = max(0, t.w1[i]*z+t.b1[i])
	}
	y := t.b3[0]
	for i := range two {
		s := t.b2[i]
		for j, v := range one {
			s += t.w2[i*h+j] * v
		}
		two[i] = max(0, s)
		y += t.w3[i] * two[i]
	}
	return y
}

// Reciprocal is the model's T(z) ≈ 1/z.
func (m *Model) Reciprocal(z float32) float32 { return m.recip.at(z) }

// ApproxNumerator is r = ReLU((x/2+1)³), which stands for exp: 0 for x ≤ −2.
func ApproxNumerator(x float32) float32 {
	c := x/2 + 1
	return max(0, c*c*c)
}

// ApproxSoftmax replaces scores by r_i·T(Σ_j r_j). If every r is 0, so is the result.
func (m *Model) ApproxSoftmax(scores []float32) {
	sum := float32(0)
	for i, x := range scores {
		scores[i] = ApproxNumerator(x)
		sum += scores[i]
	}
	t := m.recip.at(sum)
	for i := range scores {
		scores[i] *= t
	}
}

// approximate is attention with ApproxSoftmax: q and y (tq, D), k and v (tk, D).
// Padding has the score MaskValue.
func (r *run) approximate(y, q, k, v kernels.Tensor, keep []byte) {
	d, c := r.dev, r.Config
	host := func(t kernels.Tensor) []float32 {
		x := make([]float32, t.Rows*t.Cols)
		d.Get(x, t)
		return x
	}
	qs, ks, vs := host(q), host(k), host(v)
	out, scores := make([]float32, len(qs)), make([]float32, k.Rows)
	width, h, scale := c.HiddenSize, c.headDim(), c.scale()
	for head := range c.NumHeads {
		for i := range q.Rows {
			at := i*width + head*h
			for j := range scores {
				s := float32(0)
				for l := range h {
					s += qs[at+l] * ks[j*width+head*h+l]
				}
				scores[j] = s * scale
				if keep != nil && keep[j] == 0 {
					scores[j] = c.Approx.MaskValue
				}
			}
			r.ApproxSoftmax(scores)
			for j, p := range scores {
				for l := range h {
					out[at+l] += p * vs[j*width+head*h+l]
				}
			}
		}
	}
	d.Set(y, out)
}

// affine is y = x∘weight + bias, what is left of LayerNorm.
func (m *Model) affine(y, x kernels.Tensor, n norm) {
	d, width := m.dev, x.Cols
	v, w, b := make([]float32, x.Rows*width), make([]float32, width), make([]float32, width)
	d.Get(v, x)
	d.Get(w, kernels.Tensor{At: n.weight.At, Rows: 1, Cols: width, Stride: width})
	d.Get(b, kernels.Tensor{At: n.bias.At, Rows: 1, Cols: width, Stride: width})
	for i := range v {
		v[i] = v[i]*w[i%width] + b[i%width]
	}
	d.Set(y, v)
}
