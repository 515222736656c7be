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

// sigmoid turns each logit into a probability of its own.
func sigmoid(logits []float32) []float64 {
	p := make([]float64, len(logits))
	for i, v := range logits {
		p[i] = 1 / (1 + math.Exp(-float64(v)))
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

// top is the indices of the k largest of p, largest first, of equal ones the first;
// k < 1 is all.
func top(p []float64, k int) []int {
	if k < 1 || k > len(p) {
		k = len(p)
	}
	// A heap whose root is the worst of the k best so far.
	h := make([]int, 0, k)
	worse := func(a, b int) bool { return p[a] < p[b] || p[a] == p[b] && a > b }
	down := func(i, n int) {
		for {
			c := 2*i + 1
			if c >= n {
				return
			}
			if c+1 < n && worse(h[c+1], h[c]) {
				c++
			}
			if !worse(h[c], h[i]) {
				return
			}
			h[i], h[c] = h[c], h[i]
			i = c
		}
	}
	for i := range p {
		switch {
		case len(h) < k:
			h = append(h, i)
			for c := len(h) - 1; c > 0 && worse(h[c], h[(c-1)/2]); c = (c - 1) / 2 {
				h[c], h[(c-1)/2] = h[(c-1)/2], h[c]
			}
		case k > 0 && worse(h[0], i):
			h[0] = i
			down(0, k)
		}
	}
	for n := len(h) - 1; n > 0; n-- { // the worst goes last
		h[0], h[n] = h[n], h[0]
		down(0, n)
	}
	return h
}
