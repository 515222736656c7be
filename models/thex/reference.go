package thex

import "math"

// Plaintext is the model in float64, without packing, levels or noise: the classifier's
// logits of a sentence. The encrypted run approximates it.
func Plaintext(s Shape, w *Weights, e *Embeddings, ids []int32) ([]float64, error) {
	x, err := e.Rows(s, ids)
	if err != nil {
		return nil, err
	}
	n, d := s.Width, s.headDim()
	for i := range w.Layers {
		l := &w.Layers[i]
		q, k, v := l.Query.rows(x, n), l.Key.rows(x, n), l.Value.rows(x, n)
		y := make([]float64, len(x))
		for t := range ids {
			for h := range s.Heads {
				r, sum := make([]float64, len(ids)), 0.0
				for u := range ids {
					for j := range d {
						r[u] += q[t*n+h*d+j] * k[u*n+h*d+j]
					}
					c := r[u]/math.Sqrt(float64(d))/2 + 1
					r[u] = max(0, c*c*c)
					sum += r[u]
				}
				ratio := w.T[2].rows(relu(w.T[1].rows(relu(w.T[0].rows([]float64{sum}, 1)), s.Reciprocal)), s.Reciprocal)[0]
				for u := range ids {
					for j := range d {
						y[t*n+h*d+j] += r[u] * ratio * v[u*n+h*d+j]
					}
				}
			}
		}
		x = l.Attended.residual(x, l.Output.rows(y, n))
		x = l.Fed.residual(x, l.Down.rows(relu(l.Up.rows(x, n)), s.FFN))
	}
	return w.Classifier.rows(x[:n], n), nil
}

// rows is x·Wᵀ + b of rows of n columns.
func (w Linear) rows(x []float64, n int) []float64 {
	out := len(w.Bias)
	y := make([]float64, len(x)/n*out)
	for t := range len(x) / n {
		for o := range out {
			sum := float64(w.Bias[o])
			for i := range n {
				sum += float64(w.Weight[o*n+i]) * x[t*n+i]
			}
			y[t*out+o] = sum
		}
	}
	return y
}

func (a Affine) residual(x, y []float64) []float64 {
	n := len(a.Gamma)
	for i := range y {
		y[i] = (x[i]+y[i])*float64(a.Gamma[i%n]) + float64(a.Beta[i%n])
	}
	return y
}

func relu(x []float64) []float64 {
	for i := range x {
		x[i] = max(0, x[i])
	}
	return x
}
