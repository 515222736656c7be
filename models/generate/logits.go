package generate

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Processor changes logits (V) in place before the next token of a sequence is chosen.
// ids are its tokens so far, the prompt too. −∞ forbids a token.
type Processor func(ids []int32, logits []float32)

var minusInf = float32(math.Inf(-1))

// RepetitionPenalty makes the tokens that are there already less likely (CTRL, arXiv
// 1909.05858): positive logits are divided by p, negative ones multiplied.
func RepetitionPenalty(p float32) Processor {
	var seen []bool // by token, so that each is changed once
	return func(ids []int32, logits []float32) {
		if len(seen) < len(logits) {
			seen = make([]bool, len(logits))
		}
		for _, id := range ids {
			if int(id) >= len(logits) || seen[id] {
				continue
			}
			seen[id] = true
			if logits[id] > 0 {
				logits[id] /= p
			} else {
				logits[id] *= p
			}
		}
		for _, id := range ids {
			if int(id) < len(logits) {
				seen[id] = false
			}
		}
	}
}

// NoRepeatNGram forbids the tokens that would repeat n tokens in a row.
func NoRepeatNGram(n int) Processor {
	return func(ids []int32, logits []float32) {
		if len(ids) < n || n < 1 {
			return
		}
		last := ids[len(ids)-n+1:]
		for i := 0; i+n <= len(ids); i++ {
			if id := ids[i+n-1]; slices.Equal(ids[i:i+n-1], last) && int(id) < len(logits) {
				logits[id] = minusInf
			}
		}
	}
}

// NoBadWords forbids the tokens that would complete one of the words, each a sequence
// of tokens.
func NoBadWords(words [][]int32) Processor {
	return func(ids []int32, logits []float32) {
		for _, w := range words {
			head, last := w[:len(w)-1], w[len(w)-1:]
			if n := len(ids) - len(head); n >= 0 && slices.Equal(ids[n:], head) {
				forbid(logits, last)
			}
		}
	}
}

// processors are those that options ask for, in Hugging Face's order.
func (o *Options) processors() []Processor {
	var all []Processor
	if o.RepetitionPenalty != 1 {
		all = append(all, RepetitionPenalty(o.RepetitionPenalty))
	}
	if o.NoRepeatNGram > 0 {
		all = append(all, NoRepeatNGram(o.NoRepeatNGram))
	}
	if len(o.BadWords) > 0 {
		all = append(all, NoBadWords(o.BadWords))
	}
	return append(all, o.Processors...)
}

// forbid sets the logits of tokens to −∞.
func forbid(logits []float32, ids []int32) {
	for _, id := range ids {
		if id >= 0 && int(id) < len(logits) {
			logits[id] = minusInf
		}
	}
}

// force leaves one token: its logit becomes 0, all others −∞.
func force(logits []float32, id int32) {
	for i := range logits {
		logits[i] = minusInf
	}
	logits[id] = 0
}

// argmax is the first largest logit; NaN counts as −∞.
func argmax(logits []float32) int32 {
	best, top := 0, logits[0]
	for i, x := range logits {
		if x > top || top != top {
			best, top = i, x
		}
	}
	return int32(best)
}

// LogSumExp is the logarithm of the sum of exp(logits), 2·10⁻⁸ exact, −∞ if there is
// nothing; NaN counts as nothing. There must be one logit at least.
func LogSumExp(logits []float32) float64 {
	top := float64(logits[argmax(logits)])
	if math.IsInf(top, 0) || math.IsNaN(top) {
		return top
	}
	sum := 0.0
	for _, x := range logits {
		// exp(x − top) = 2ʰ·2ᵍ, h an integer and g in [−½, ½]: the Taylor series of 2ᵍ to the
		// seventh power, 2·10⁻⁸ exact, instead of math.Exp, which a vocabulary waits milliseconds for.
		y := (float64(x) - top) * math.Log2E
		if !(y > -1000) { // nothing beside a sum of at least 1; NaN counts as −∞
			continue
		}
		h := math.Floor(y + 0.5)
		g := (y - h) * math.Ln2
		p := 1 + g*(1+g*(1.0/2+g*(1.0/6+g*(1.0/24+g*(1.0/120+g*(1.0/720+g*(1.0/5040)))))))
		sum += p * math.Float64frombits(uint64(int64(h)+1023)<<52)
	}
	return top + math.Log(sum)
}

// sampler draws tokens. Its memory is used again.
type sampler struct {
	order []int32
	p     []float64
}

// draw takes a token by its probability after temperature, top-k and top-p.
func (s *sampler) draw(logits []float32, o *Options, r *rand.Rand) int32 {
	s.order, s.p = s.order[:0], s.p[:0]
	top := minusInf
	for i, x := range logits {
		if x == x && x != minusInf {
			s.order = append(s.order, int32(i))
			top = max(top, x)
		}
	}
	n := len(s.order)
	if n == 0 {
		return argmax(logits)
	}
	p := func(id int32) float64 {
		if x := logits[id]; top == -minusInf {
			if x == top {
				return 1
			}
			return 0
		} else {
			return math.Exp(float64(x-top) / float64(o.Temperature))
		}
	}
	keep, sum := n, 0.0
	if o.TopK > 0 {
		keep = min(n, o.TopK)
	}
	sorted := keep < n || o.TopP > 0 && o.TopP < 1
	if sorted {
		// The likeliest come to the end of s.order, the first of them last. Equal ones keep
		// the order of their tokens, so that a seed means one thing.
		for i := n/2 - 1; i >= 0; i-- {
			sink(s.order, i, logits)
		}
	}
	if keep == n {
		for _, id := range s.order {
			sum += p(id)
		}
	}
	take := func(id int32) { s.p = append(s.p, p(id)) }
	for i := range keep {
		if sorted {
			last := n - 1 - i
			s.order[0], s.order[last] = s.order[last], s.order[0]
			sink(s.order[:last], 0, logits)
			take(s.order[last])
		} else {
			take(s.order[i])
		}
	}
	if keep < n {
		for _, x := range s.p {
			sum += x
		}
	}
	if o.TopP > 0 && o.TopP < 1 {
		kept := 0.0
		for i, x := range s.p {
			if kept += x; kept >= float64(o.TopP)*sum {
				s.p, sum = s.p[:i+1], kept
				break
			}
		}
	}
	x, at := r.Float64()*sum, 0
	for at < len(s.p)-1 {
		if x -= s.p[at]; x < 0 {
			break
		}
		at++
	}
	if sorted {
		at = n - 1 - at
	}
	return s.order[at]
}

// sink moves element i of a heap, whose first is the likeliest, to where it belongs.
func sink(heap []int32, i int, logits []float32) {
	before := func(a, b int32) bool { return logits[a] > logits[b] || logits[a] == logits[b] && a < b }
	for {
		next := 2*i + 1
		if next >= len(heap) {
			return
		}
		if next+1 < len(heap) && before(heap[next+1], heap[next]) {
			next++
		}
		if !before(heap[next], heap[i]) {
			return
		}
		heap[i], heap[next] = heap[next], heap[i]
		i = next
	}
}
