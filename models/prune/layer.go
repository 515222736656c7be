package prune

import (
	"errors"
	"fmt"
)

// ErrInput: counts, experts or a model that cannot be pruned.
var ErrInput = errors.New("cannot prune")

// Window is what happened to one layer in one window of calibration. Lists by expert
// hold all experts, those that were dropped too.
type Window struct {
	Window int   `json:"window"`
	Alive  []int `json:"alive"`
	// HitRate is the share of tokens whose first choice an expert was; AlphaNorm its
	// share of the gates; Cumulative the sum of AlphaNorm over the windows so far.
	HitRate    []float64 `json:"hit_rate"`
	AlphaNorm  []float64 `json:"alpha_norm"`
	Cumulative []float64 `json:"cumulative"`
	// Threshold is the least share of Cumulative among those alive that stays.
	Threshold float64 `json:"threshold"`
	Survivors []int   `json:"survivors"`
}

// Layer is one layer's experts while they are pruned.
type Layer struct {
	Experts int
	Alive   []int // ascending
	Trace   []Window

	beta float64
	sum  []float64
}

// NewLayer makes a Layer of which all experts are alive. beta, in (0, 1], is the share
// of an even load below which an expert is dropped; 0.5 is usual.
func NewLayer(experts int, beta float64) (*Layer, error) {
	if experts < 1 || !(beta > 0 && beta <= 1) {
		return nil, fmt.Errorf("prune: %w: %d experts with β = %v, expected 1 or more and 0 < β ≤ 1", ErrInput, experts, beta)
	}
	l := &Layer{Experts: experts, beta: beta, sum: make([]float64, experts)}
	for e := range experts {
		l.Alive = append(l.Alive, e)
	}
	return l, nil
}

// Observe ends a window in which, of all experts, hits were chosen first and alpha is
// the sum of their gates (or any multiple of it). The experts below the threshold are
// dropped; if that were all, the best stays.
//
//	sum_e += alpha_e / Σ alpha;  drop e if sum_e / Σ_alive sum < β/alive
func (l *Layer) Observe(hits, alpha []float64) (Window, error) {
	if len(hits) != l.Experts || len(alpha) != l.Experts {
		return Window{}, fmt.Errorf("prune: %w: %d hits and %d gates for %d experts", ErrInput, len(hits), len(alpha), l.Experts)
	}
	for e := range alpha {
		if !(alpha[e] >= 0 && hits[e] >= 0 && alpha[e]+hits[e] < 1e18) {
			return Window{}, fmt.Errorf("prune: %w: expert %d has %v hits and gates of %v", ErrInput, e, hits[e], alpha[e])
		}
	}
	w := Window{Window: len(l.Trace), Alive: l.Alive, HitRate: share(hits), AlphaNorm: share(alpha), Threshold: l.beta / float64(len(l.Alive))}
	total := 0.0
	for e, a := range w.AlphaNorm {
		l.sum[e] += a
	}
	w.Cumulative = append(w.Cumulative, l.sum...)
	for _, e := range l.Alive {
		total += l.sum[e]
	}
	for _, e := range l.Alive {
		if l.sum[e] >= w.Threshold*total {
			w.Survivors = append(w.Survivors, e)
		}
	}
	if len(w.Survivors) == 0 {
		w.Survivors = []int{l.Best()}
	}
	l.Alive = w.Survivors
	l.Trace = append(l.Trace, w)
	return w, nil
}

// Best is the expert, of those alive, with the largest share; the first of equals.
func (l *Layer) Best() int {
	best := l.Alive[0]
	for _, e := range l.Alive {
		if l.sum[e] > l.sum[best] {
			best = e
		}
	}
	return best
}

// Keep drops all but the best.
func (l *Layer) Keep() int {
	l.Alive = []int{l.Best()}
	return l.Alive[0]
}

// share divides v by its sum; zeros stay zeros.
func share(v []float64) []float64 {
	total := 0.0
	for _, x := range v {
		total += x
	}
	y := make([]float64, len(v))
	if total > 0 {
		for i, x := range v {
			y[i] = x / total
		}
	}
	return y
}
