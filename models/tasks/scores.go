package tasks

import "math"

// softmax turns logits into probabilities.
func softmax(logits []float32) []float64 {
	top := math.Inf(-1)
	for _, v := range logits {
		top = max(top, float64(v))
	}
	p := make([]float64, len(logits))
	sum := 0.0
	for i, v := range logits {
		p[i] = math.Exp(float64(v) - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// argmax is the first largest of p.
func argmax(p []float64) int {
	best := 0
	for i, v := range p {
		if v > p[best] {
			best = i
		}
	}
	return best
}

// top is the indices of the k largest of p, largest first, of equal ones the first; k < 1
// is all. It takes little more than len(p) steps for a small k, len(p)·k at worst.
func top(p []float64, k int) []int {
	if k < 1 || k > len(p) {
		k = len(p)
	}
	best := make([]int, 0, k)
	for i, v := range p {
		if len(best) < k {
			best = append(best, i)
		} else if k == 0 || v <= p[best[k-1]] {
			continue
		}
		at := len(best) - 1
		for ; at > 0 && p[best[at-1]] < v; at-- {
			best[at] = best[at-1]
		}
		best[at] = i
	}
	return best
}
