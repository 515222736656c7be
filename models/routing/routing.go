package routing

import (
	"errors"
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// ErrShape: scores, order or rule do not fit each other.
var ErrShape = errors.New("invalid routing")

// CapacityKind is how a Capacity is given.
type CapacityKind uint8

// The kinds of capacity.
const (
	Unlimited CapacityKind = iota
	FractionOfTokens
	FixedTokens
)

// Capacity is how many tokens an expert takes.
type Capacity struct {
	Kind CapacityKind
	// Fraction: ceil(Fraction·S) of S tokens; if it is not positive, K·ceil(S/E) of K
	// choices among E experts (GShard in torchscale).
	Fraction float64
	// Tokens is the number itself.
	Tokens int
}

// String says it in words.
func (c Capacity) String() string {
	switch {
	case c.Kind == FixedTokens:
		return lean.Sprintf("%d tokens", c.Tokens)
	case c.Kind == FractionOfTokens && c.Fraction > 0:
		return lean.Sprintf("%v of the batch's tokens", c.Fraction)
	case c.Kind == FractionOfTokens:
		return "an even share of the batch's tokens"
	}
	return "unlimited"
}

// limit is the number of tokens that one of e experts takes of s.
func (c Capacity) limit(s, e, k int) int {
	switch {
	case c.Kind == FixedTokens:
		return c.Tokens
	case c.Kind == FractionOfTokens && c.Fraction > 0:
		return int(min(math.Ceil(c.Fraction*float64(s)), float64(2*s)))
	case c.Kind == FractionOfTokens:
		return k * ((s + e - 1) / e)
	}
	return math.MaxInt
}

// Rule is how experts are chosen.
type Rule struct {
	// TopK is the number of experts of a token, 1 or 2.
	TopK int
	// Temperature divides the scores; 0 means 1.
	Temperature float32
	// Sigmoid: the gate is σ(score) of the chosen expert, not softmax over all.
	Sigmoid bool
	// NormalizeBefore: two gates are made to add up to 1 before tokens are dropped, so
	// that a lone survivor keeps less than 1; else after.
	NormalizeBefore bool
	Capacity        Capacity
}

// Decision is what became of S tokens among E experts.
type Decision struct {
	Tokens, Experts, K int
	// Expert (S, K) are the chosen experts, best first.
	Expert []int32
	// Weight (S, K) multiplies their results: 0 where the token was dropped.
	Weight []float32
	// Kept (S, K) tells whether the expert had room.
	Kept []bool
	// Scores (S, E) are what was routed by, finite; Gates (S, E) their softmax or sigmoid.
	Scores, Gates []float32
}

// Route chooses the experts of s tokens by scores (s, e). Experts fill up in the order
// of the tokens that order lists; nil is 0, 1, 2, … Ties go to the expert with the
// lower number.
//
//	g = softmax(scores/τ), or σ(scores/τ)
//	first expert: the largest; second: the largest of the rest
//	all first choices queue before any second choice; who comes late is dropped
func Route(scores []float32, s, e int, order []int32, r Rule) (*Decision, error) {
	if s < 0 || e < 1 || len(scores) != s*e || order != nil && len(order) != s || r.TopK < 1 || r.TopK > 2 {
		return nil, lean.Errorf("routing: %w: %d scores and an order of %d for %d tokens and %d experts, top %d", ErrShape, len(scores), len(order), s, e, r.TopK)
	}
	for _, t := range order {
		if t < 0 || int(t) >= s {
			return nil, lean.Errorf("routing: %w: token %d in the order of %d", ErrShape, t, s)
		}
	}
	k := r.TopK
	d := &Decision{Tokens: s, Experts: e, K: k, Expert: make([]int32, s*k), Weight: make([]float32, s*k),
		Kept: make([]bool, s*k), Scores: append([]float32(nil), scores...), Gates: make([]float32, s*e)}
	makeFinite(d.Scores)
	tau := r.Temperature
	if tau == 0 {
		tau = 1
	}
	for t := range s {
		row, gates := d.Scores[t*e:(t+1)*e], d.Gates[t*e:(t+1)*e]
		if r.Sigmoid {
			for i, v := range row {
				gates[i] = float32(1 / (1 + math.Exp(-float64(v/tau))))
			}
		} else {
			softmax(gates, row, tau)
		}
		first := argmax(row, -1)
		d.Expert[t*k] = int32(first)
		d.Weight[t*k] = gates[first]
		if k == 2 {
			second := argmax(row, first)
			d.Expert[t*k+1] = int32(second)
			d.Weight[t*k+1] = gates[second]
		}
	}
	if k == 2 && r.NormalizeBefore {
		d.normalize()
	}
	d.fill(order, r.Capacity.limit(s, e, k))
	if k == 2 && !r.NormalizeBefore {
		d.normalize()
	}
	return d, nil
}

// fill gives out the places of the experts and drops who finds none.
func (d *Decision) fill(order []int32, limit int) {
	used := make([]int, d.Experts)
	for choice := range d.K {
		for i := range d.Tokens {
			t := i
			if order != nil {
				t = int(order[i])
			}
			at := t*d.K + choice
			e := d.Expert[at]
			if d.Kept[at] = used[e] < limit; !d.Kept[at] {
				d.Weight[at] = 0
			}
			used[e]++
		}
		// Second choices start behind all first choices, those that were dropped too.
	}
}

// normalize makes the two weights of a token add up to 1.
func (d *Decision) normalize() {
	const floor = 0x1p-23 // torch.finfo(float32).eps
	for t := range d.Tokens {
		w := d.Weight[2*t : 2*t+2]
		sum := max(w[0]+w[1], floor)
		w[0], w[1] = w[0]/sum, w[1]/sum
	}
}

// makeFinite replaces what is not finite by the least finite score, as the original
// code does; if there is none, by 0.
func makeFinite(v []float32) {
	least, found, bad := float32(0), false, false
	for _, x := range v {
		if x-x != 0 {
			bad = true
		} else if !found || x < least {
			least, found = x, true
		}
	}
	if !bad {
		return
	}
	for i, x := range v {
		if x-x != 0 {
			v[i] = least
		}
	}
}

// argmax is the first largest element that is not number except; 0 if there is none.
func argmax(v []float32, except int) int {
	best := -1
	for i, x := range v {
		if i != except && (best < 0 || x > v[best]) {
			best = i
		}
	}
	return max(best, 0)
}

func softmax(y, x []float32, tau float32) {
	top := x[argmax(x, -1)]
	sum := float32(0)
	for i, v := range x {
		y[i] = float32(math.Exp(float64((v - top) / tau)))
		sum += y[i]
	}
	for i := range y {
		y[i] /= sum
	}
}
