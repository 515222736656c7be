package generate

import (
	"math"
	"slices"

	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// beam is an open sequence of beam search.
type beam struct {
	sequence
	dead bool // there are fewer beams than places
}

// hypothesis is a sequence that has ended.
type hypothesis struct {
	ids    []int32
	score  float64 // over length^penalty
	reason Reason
}

// candidate is a beam and a token that could follow it.
type candidate struct {
	from  int
	id    int32
	score float64
}

// search is the beams of one input.
type search struct {
	beams    []*beam
	finished []hypothesis
	done     bool
}

// beamSearch keeps the best sequences by the sum of their logarithms. All inputs run in
// one batch; the beams of one share its source.
func beamSearch(m *transformer.Model, inputs []Input, o *Options) ([]Result, error) {
	n := o.Beams
	s, err := newStepper(m, inputs, n, o)
	if err != nil {
		return nil, err
	}
	searches := make([]*search, len(inputs))
	for i, in := range inputs {
		searches[i] = &search{beams: make([]*beam, n)}
		for j := range n {
			q := &beam{sequence{ids: slices.Clone(in.Prompt), prompt: len(in.Prompt), fresh: len(in.Prompt),
				room: o.room(m.Config, len(in.Prompt)), processors: o.processors()}, j > 0}
			searches[i].beams[j] = q
		}
		if searches[i].beams[0].room <= 0 {
			searches[i].done = true
			searches[i].finished = []hypothesis{{nil, 0, Length}}
		}
	}
	open, order := make([]*sequence, len(inputs)*n), make([]int, len(inputs)*n)
	for {
		left := false
		for i, h := range searches {
			for j, b := range h.beams {
				open[i*n+j] = nil
				if !h.done && !b.dead {
					open[i*n+j] = &b.sequence
					left = true
				}
			}
		}
		if !left {
			break
		}
		if err := s.step(open); err != nil {
			return nil, err
		}
		for i, h := range searches {
			for j := range n {
				order[i*n+j] = i*n + j
			}
			if !h.done {
				h.advance(s, i*n, order[i*n:(i+1)*n], o)
			}
		}
		if err := s.cache.Reorder(order); err != nil {
			return nil, err
		}
	}
	results := make([]Result, len(inputs))
	for i, h := range searches {
		best := h.finished[0]
		for _, f := range h.finished {
			if f.score > best.score {
				best = f
			}
		}
		results[i] = Result{IDs: best.ids, Score: best.score, Reason: best.reason}
	}
	return results, nil
}

// advance replaces the beams, whose rows in the batch begin at first, by the best that
// follow them, and says in order which row each was.
func (h *search) advance(s *stepper, first int, order []int, o *Options) {
	n := len(h.beams)
	var all []candidate
	for j, b := range h.beams {
		if b.dead {
			continue
		}
		logits := s.row(first + j)
		b.process(logits, o)
		sum := logSum(logits)
		// Of one beam no more than 2n can be among the best 2n of all.
		for _, id := range best(logits, 2*n) {
			if logits[id] != minusInf && !math.IsNaN(float64(logits[id])) {
				all = append(all, candidate{j, id, b.score + float64(logits[id]) - sum})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	var next []*beam
	for rank, c := range all[:min(len(all), 2*n)] {
		from := h.beams[c.from]
		q := &beam{sequence: sequence{ids: append(slices.Clone(from.ids), c.id), prompt: from.prompt, fresh: 1,
			room: from.room - 1, score: c.score, processors: from.processors}}
		reason, ended := q.ended(o)
		if ended && reason != Length {
			if rank < n { // as in Hugging Face: only what is among the best n may end
				h.finish(q, reason, o)
			}
			continue
		}
		if len(next) < n {
			order[len(next)] = first + c.from
			next = append(next, q)
		}
	}
	// Closed before the open ones are cut off, since a finished one may be the best.
	full := len(next) > 0 && next[0].room <= 0
	if h.done = len(next) == 0 || full || h.decided(next[0], o); h.done {
		if full || len(h.finished) == 0 {
			for _, q := range next {
				h.finish(q, Length, o)
			}
		}
		if len(h.finished) == 0 { // every token was forbidden
			h.finish(h.beams[0], Length, o)
		}
	}
	for len(next) < n {
		next = append(next, &beam{dead: true})
	}
	h.beams = next
}

// finish keeps the best hypotheses.
func (h *search) finish(q *beam, r Reason, o *Options) {
	ids := q.ids[q.prompt:]
	h.finished = append(h.finished, hypothesis{ids, q.score / math.Pow(float64(max(1, len(ids))), o.LengthPenalty), r})
	slices.SortStableFunc(h.finished, func(a, b hypothesis) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	h.finished = h.finished[:min(len(h.finished), o.Beams)]
}

// decided tells whether the open beams, the best of which is q, cannot win any more.
func (h *search) decided(q *beam, o *Options) bool {
	if len(h.finished) < o.Beams {
		return false
	}
	if o.EarlyStopping {
		return true
	}
	// A score only falls; what could help it is the length it is divided by.
	n := float64(len(q.ids) - q.prompt)
	if o.LengthPenalty > 0 {
		n += float64(q.room)
	}
	return q.score/math.Pow(n, o.LengthPenalty) <= h.finished[len(h.finished)-1].score
}

// best lists the n largest logits, largest first; equal ones by their number.
func best(logits []float32, n int) []int32 {
	top := make([]int32, 0, n+1)
	for i, x := range logits {
		if x != x || len(top) == n && x <= logits[top[n-1]] {
			continue
		}
		at := len(top)
		for at > 0 && x > logits[top[at-1]] {
			at--
		}
		if top = slices.Insert(top, at, int32(i)); len(top) > n {
			top = top[:n]
		}
	}
	return top
}
