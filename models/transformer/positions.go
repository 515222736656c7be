package transformer

import "math"

// relativeBucket is the row of the relative position bias for a key that lies rel
// tokens after the query (T5, arXiv 1910.10683, the bidirectional form; torchscale's
// RelativePositionBias). The arithmetic is that of float32, as there: a bucket's
// edge depends on it.
func relativeBucket(rel, buckets, maxDistance int) int {
	half := buckets / 2
	b := 0
	if rel > 0 {
		b = half
	} else {
		rel = -rel
	}
	exact := half / 2
	if rel < exact {
		return b + rel
	}
	ratio := float32(math.Log(float64(float32(rel)/float32(exact)))) / float32(math.Log(float64(maxDistance)/float64(exact)))
	return b + min(exact+int(ratio*float32(half-exact)), half-1)
}

// relativeBias spreads the table [buckets, heads] out over the distances −(n−1) …
// n−1: [heads, 2n−1], the form that kernels.AttentionMask.Rel takes.
func relativeBias(table []float32, heads, buckets, maxDistance, n int) []float32 {
	width := 2*n - 1
	bias := make([]float32, heads*width)
	for d := range width {
		row := table[relativeBucket(d-(n-1), buckets, maxDistance)*heads:]
		for h := range heads {
			bias[h*width+d] = row[h]
		}
	}
	return bias
}

// xposTables are the cosines and sines [n, h/2] that turn and scale the pairs of a
// query at each position; for keys the scale is its reciprocal (xPos, arXiv
// 2212.10554, as torchscale computes it).
//
//	ζ_c = (2c + 0.4h) / 1.4h;  angle(p, c) = p · 10000^(−c/(h/2));  scale(p, c) = ζ_c^((m+p)/base)
//
// Only the quotient of two scales enters a score, so that m is free; −n/2 keeps
// both near 1.
func xposTables(n, h, base int, key bool) (cos, sin []float32) {
	half := h / 2
	cos, sin = make([]float32, n*half), make([]float32, n*half)
	for c := range half {
		zeta := (2*float64(c) + 0.4*float64(h)) / (1.4 * float64(h))
		step := math.Pow(10000, -float64(c)/float64(half))
		for p := range n {
			scale := math.Pow(zeta, float64(p-n/2)/float64(base))
			if key {
				scale = 1 / scale
			}
			s, co := math.Sincos(float64(p) * step)
			cos[p*half+c], sin[p*half+c] = float32(co*scale), float32(s*scale)
		}
	}
	return cos, sin
}

// spread keeps what positions add for the length it was last asked for.
type spread struct {
	biasLen, turnLen int
	toeplitz         []float32
	tables           [4][]float32
}

// bias is relativeBias of a model for length n.
func (s *spread) bias(m *Model, n int) []float32 {
	if s.biasLen != n {
		c := m.Config
		s.toeplitz, s.biasLen = relativeBias(m.relative, c.NumHeads, c.RelBuckets, c.RelMaxDistance, n), n
	}
	return s.toeplitz
}

// turn is xposTables for length n: cosines and sines of queries, then of keys.
func (s *spread) turn(c *Config, n int) [4][]float32 {
	if s.turnLen != n {
		h := c.HiddenSize / c.NumHeads
		s.tables[0], s.tables[1] = xposTables(n, h, c.XPosScaleBase, false)
		s.tables[2], s.tables[3] = xposTables(n, h, c.XPosScaleBase, true)
		s.turnLen = n
	}
	return s.tables
}
