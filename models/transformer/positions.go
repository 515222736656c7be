package transformer

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

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

// relativeBias spreads the table [buckets, heads] out over the distances −(nq−1) …
// nk−1 from nq queries to nk keys: [heads, nq+nk−1], the form that
// kernels.AttentionMask.Rel takes.
func relativeBias(table []float32, heads, buckets, maxDistance, nq, nk int) []float32 {
	width := nq + nk - 1
	bias := make([]float32, heads*width)
	for d := range width {
		row := table[relativeBucket(d-(nq-1), buckets, maxDistance)*heads:]
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
//	ζ_c = (2c + 0.4h) / 1.4h;  angle(p, c) = p · 10000^(−c/(h/2));  scale(p, c) = ζ_c^((p−middle)/base)
//
// Only the quotient of two scales enters a score, so that middle is free.
func xposTables(n, middle, h, base int, key bool) (cos, sin []float32) {
	half := h / 2
	cos, sin = make([]float32, n*half), make([]float32, n*half)
	for c := range half {
		zeta := (2*float64(c) + 0.4*float64(h)) / (1.4 * float64(h))
		step := math.Pow(10000, -float64(c)/float64(half))
		for p := range n {
			scale := math.Pow(zeta, float64(p-middle)/float64(base))
			if key {
				scale = 1 / scale
			}
			s, co := math.Sincos(float64(p) * step)
			cos[p*half+c], sin[p*half+c] = float32(co*scale), float32(s*scale)
		}
	}
	return cos, sin
}

// checkTurns refuses sequences of n tokens whose scales xpos cannot hold: a key's
// grows to 3.5^(n/base), which is 1e35 at this limit.
func (c *Config) checkTurns(n int) error {
	if c.XPos && c.Causal && n > 64*c.XPosScaleBase {
		return lean.Errorf("transformer: %w: %d tokens, xpos with scale base %d takes %d", ErrTooLong, n, c.XPosScaleBase, 64*c.XPosScaleBase)
	}
	return nil
}

// Sinusoid makes row p of fairseq's table of positions: sines, then cosines, of p times
// 10000^(−i/(D/2−1)); zeros for p < 0 and in an odd last column.
func Sinusoid(row []float32, p int32) {
	half := len(row) / 2
	clear(row)
	if p < 0 {
		return
	}
	for i := range half {
		step := 1.0
		if half > 1 {
			step = math.Exp(-float64(i) * math.Log(10000) / float64(half-1))
		}
		s, c := math.Sincos(float64(p) * step)
		row[i], row[half+i] = float32(s), float32(c)
	}
}

// ropeTables are the cosines and sines [n, Dim/2] that turn the pairs of a query or a key
// at each position; see RopeConfig.
func ropeTables(r *RopeConfig, n int) (cos, sin []float32) {
	half := r.Dim / 2
	cos, sin = make([]float32, n*half), make([]float32, n*half)
	for c := range half {
		step := r.step(c)
		for p := range n {
			s, co := math.Sincos(float64(p) * step)
			cos[p*half+c], sin[p*half+c] = float32(co), float32(s)
		}
	}
	return cos, sin
}

// step is the angle between neighbours for pair c.
func (r *RopeConfig) step(c int) float64 {
	step := math.Pow(r.Theta, -2*float64(c)/float64(r.Dim))
	if r.Original == 0 {
		return step / r.Factor
	}
	turns := float64(r.Original) * step / (2 * math.Pi)
	keep := max(0, min(1, (turns-r.LowFreq)/(r.HighFreq-r.LowFreq)))
	return step*keep + step/r.Factor*(1-keep)
}

// turned is the number of columns of a head that positions turn.
func (c *Config) turned() int {
	if c.Rope != nil {
		return c.Rope.Dim
	}
	return c.headDim()
}

// spread keeps what positions add for the lengths it was last asked for.
type spread struct {
	table    *float32 // of toeplitz
	nq, nk   int
	toeplitz []float32
	turnLen  int
	tables   [4][]float32
	rows     []float32
}

// bias is relativeBias of a model's table.
func (s *spread) bias(c *Config, table []float32, nq, nk int) []float32 {
	if s.table != &table[0] || s.nq != nq || s.nk != nk {
		s.toeplitz = relativeBias(table, c.NumHeads, c.RelBuckets, c.RelMaxDistance, nq, nk)
		s.table, s.nq, s.nk = &table[0], nq, nk
	}
	return s.toeplitz
}

// turn is ropeTables, or xposTables, for at least n positions: cosines and sines of
// queries, then of keys, nil where they are the same. An encoder's scales are 1 in the middle of the sequence, which keeps all of
// them near 1; a decoder's are 1 at its start, so that cached keys stay valid.
func (s *spread) turn(c *Config, n int) [4][]float32 {
	if c.Rope != nil {
		if n > s.turnLen {
			s.turnLen = 2 * n // sequences grow by a token at a time
			if c.MaxPositions >= n {
				s.turnLen = min(s.turnLen, c.MaxPositions)
			}
			s.tables[0], s.tables[1] = ropeTables(c.Rope, s.turnLen)
		}
		return s.tables
	}
	middle := n / 2
	if c.Causal {
		middle = 0
		if n <= s.turnLen {
			return s.tables
		}
		n = max(n, min(2*n, 64*c.XPosScaleBase))
	}
	if s.turnLen != n {
		h := c.headDim()
		s.tables[0], s.tables[1] = xposTables(n, middle, h, c.XPosScaleBase, false)
		s.tables[2], s.tables[3] = xposTables(n, middle, h, c.XPosScaleBase, true)
		s.turnLen = n
	}
	return s.tables
}

// sines are the rows of Sinusoid for positions.
func (s *spread) sines(positions []int32, d int) []float32 {
	if n := len(positions) * d; cap(s.rows) < n {
		s.rows = make([]float32, n)
	} else {
		s.rows = s.rows[:n]
	}
	for i, p := range positions {
		Sinusoid(s.rows[i*d:(i+1)*d], p)
	}
	return s.rows
}
