package routing

import (
	"math"
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Load is the number of tokens whose first choice was each expert.
func (d *Decision) Load() []int {
	n := make([]int, d.Experts)
	for t := range d.Tokens {
		n[d.Expert[t*d.K]]++
	}
	return n
}

// ClusterLoad is Load by cluster (MoEC): equal numbers of neighbouring experts. It refuses
// a number of experts that the clusters do not divide.
func (d *Decision) ClusterLoad(clusters int) ([]int, error) {
	if clusters < 1 || d.Experts%clusters != 0 {
		return nil, lean.Errorf("routing: %w: %d experts do not divide into %d clusters", ErrShape, d.Experts, clusters)
	}
	n := make([]int, clusters)
	for e, tokens := range d.Load() {
		n[e/(d.Experts/clusters)] += tokens
	}
	return n, nil
}

// Dropped is the number of choices that found no room.
func (d *Decision) Dropped() int {
	n := 0
	for _, k := range d.Kept {
		if !k {
			n++
		}
	}
	return n
}

// Entropy is that of Load as a distribution, in nats: 0 if one expert has all tokens,
// ln E if all have the same number.
func (d *Decision) Entropy() float64 {
	h := 0.0
	for _, n := range d.Load() {
		if n > 0 {
			p := float64(n) / float64(d.Tokens)
			h -= p * math.Log(p)
		}
	}
	return h
}

// AuxLoss is GShard's balance loss E²·mean_e(mean_s(gates)·mean_s(first choice)).
func (d *Decision) AuxLoss() float64 {
	if d.Tokens == 0 {
		return 0
	}
	me := d.sums(d.Gates)
	loss := 0.0
	for e, n := range d.Load() {
		loss += me[e] * float64(n)
	}
	s := float64(d.Tokens)
	return loss * float64(d.Experts) / (s * s)
}

// sums adds up the columns of v (S, E).
func (d *Decision) sums(v []float32) []float64 {
	y := make([]float64, d.Experts)
	for i, x := range v {
		y[i%d.Experts] += float64(x)
	}
	return y
}

// Diagnosis is the terms of the training losses of X-MoE and MoEC, for a look at a
// checkpoint.
type Diagnosis struct {
	// Balance is E·Σ_e me_e·ce_e with me the summed softmax(score/τ0) and ce the share
	// of first choices + 1e-6 (the original code).
	Balance float64
	// Variance of me over all experts; VarianceIn, the mean of the variances inside
	// each cluster; VarianceApart, that divided by exp of the distance between the best
	// experts, as many as a cluster has, and the next best. Unbiased. MoEC's coefficient types 0, 1 and 2.
	Variance, VarianceIn, VarianceApart float64
}

// Diagnose computes a Diagnosis for experts in clusters of equal size, neighbours
// together. It refuses a number of experts that the clusters do not divide: the
// original code falls back to type 0 in silence. A cluster of one has no variance: 0.
func (d *Decision) Diagnose(tau0 float32, clusters int) (Diagnosis, error) {
	if clusters < 1 || d.Experts%clusters != 0 || !(tau0 > 0) {
		return Diagnosis{}, lean.Errorf("routing: %w: %d experts do not divide into %d clusters, or τ0 = %v is not positive", ErrShape, d.Experts, clusters, tau0)
	}
	p := make([]float32, len(d.Scores))
	for t := range d.Tokens {
		softmax(p[t*d.Experts:(t+1)*d.Experts], d.Scores[t*d.Experts:(t+1)*d.Experts], tau0)
	}
	me := d.sums(p)
	var y Diagnosis
	for e, n := range d.Load() {
		y.Balance += me[e] * (float64(n)/float64(max(1, d.Tokens)) + 1e-6)
	}
	y.Balance *= float64(d.Experts)
	y.Variance = variance(me)
	size := d.Experts / clusters
	for c := range clusters {
		y.VarianceIn += variance(me[c*size:(c+1)*size]) / float64(clusters)
	}
	y.VarianceApart = y.VarianceIn / math.Exp(apart(me, size, d.Tokens))
	return y, nil
}

// apart is how much the best block of size experts lies above the next, when the
// experts are sorted by how likely the tokens find them: me (E), over s tokens.
func apart(me []float64, size, s int) float64 {
	if len(me) < 2*size || s == 0 {
		return 0
	}
	sorted := slices.Clone(me)
	slices.Sort(sorted)
	slices.Reverse(sorted)
	d := 0.0
	for i := range size {
		d += sorted[i] - sorted[size+i]
	}
	return d / float64(size*s)
}

// variance is the unbiased variance, 0 of less than two numbers.
func variance(v []float64) float64 {
	if len(v) < 2 {
		return 0
	}
	mean, sq := 0.0, 0.0
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		sq += (x - mean) * (x - mean)
	}
	return sq / float64(len(v)-1)
}
