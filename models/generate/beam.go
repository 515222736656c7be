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

// become makes b what from is with one token more.
func (b *beam) become(from *beam, id int32, score float64) {
	ids := append(b.ids[:0], from.ids...)
	*b = *from
	b.ids, b.fresh, b.score, b.room = append(ids, id), 1, score, from.room-1
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
	spare    []*beam // memory of those that come next, and one more
	finished []hypothesis
	done     bool
}

// beamSearch keeps the best sequences by the sum of their logarithms. All inputs run in
// one batch; the beams of one share its source.
func beamSearch(m *transformer.Model, inputs []Input, o *Options) ([]Result, error) {
	g, err := beginBeams(m, inputs, o)
	if err != nil {
		return nil, err
	}
	for {
		more, err := g.next()
		if err != nil {
			return nil, err
		}
		if o.Interrupted != nil && o.Interrupted() {
			g.interrupt()
			more = false
		}
		if !more {
			return g.results(), nil
		}
	}
}

// interrupt makes hypotheses of the open beams.
func (g *beams) interrupt() {
	for _, h := range g.searches {
		if h.done {
			continue
		}
		for _, b := range h.beams {
			if !b.dead {
				h.finish(b, Stop, g.options)
			}
		}
	}
}

// beams is beam search while it runs.
type beams struct {
	stepper  *stepper
	options  *Options
	searches []*search
	open     []*sequence
	order    []int
	all      together

	candidates []candidate // scratch
	top        []int32
}

func beginBeams(m *transformer.Model, inputs []Input, o *Options) (*beams, error) {
	n := o.Beams
	s, err := newStepper(m, inputs, n, o)
	if err != nil {
		return nil, err
	}
	g := &beams{stepper: s, options: o, open: make([]*sequence, len(inputs)*n), order: make([]int, len(inputs)*n)}
	for _, in := range inputs {
		h := &search{}
		for j := range n {
			h.beams = append(h.beams, &beam{o.begin(m.Config, in, 0), j > 0})
		}
		for range n + 1 {
			h.spare = append(h.spare, &beam{sequence: sequence{ids: make([]int32, 0, cap(h.beams[0].ids))}})
		}
		if h.beams[0].room <= 0 {
			h.done, h.finished = true, []hypothesis{{nil, 0, Length}}
		}
		g.searches = append(g.searches, h)
	}
	return g, nil
}

// next adds one token to the open beams. It is false if there are none.
func (g *beams) next() (more bool, err error) {
	s, o, n := g.stepper, g.options, g.options.Beams
	for i, h := range g.searches {
		for j, b := range h.beams {
			g.open[i*n+j] = nil
			if !h.done && !b.dead {
				g.open[i*n+j] = &b.sequence
			}
		}
	}
	if err := s.step(g.open); err != nil || len(s.batch.IDs) == 0 {
		return false, err
	}
	// As in Hugging Face: what options ask for is done to logarithms of probabilities,
	// whose sum may be less than 1 then.
	g.all.reset()
	for i, q := range g.open {
		if q != nil {
			logits := s.row(i)
			sum := float32(LogSumExp(logits))
			for j := range logits {
				logits[j] -= sum
			}
			q.process(logits, o)
			g.all.add(o, q.ids, logits)
		}
	}
	if err := g.all.process(o); err != nil {
		return false, err
	}
	for i, h := range g.searches {
		for j := range n {
			g.order[i*n+j] = i*n + j
		}
		if !h.done {
			g.advance(h, i*n)
		}
	}
	return true, s.cache.Reorder(g.order)
}

// results are the best of each input.
func (g *beams) results() []Result {
	var all []Result
	for _, h := range g.searches {
		for i := range g.options.Returns {
			f := h.finished[min(i, len(h.finished)-1)] // fewer only if tokens are forbidden
			all = append(all, Result{IDs: f.ids, Score: f.score, Reason: f.reason})
		}
	}
	return all
}

// advance replaces the beams of h, whose rows in the batch begin at first, by the best
// that follow them, and says in g.order which row each was.
func (g *beams) advance(h *search, first int) {
	o, n := g.options, g.options.Beams
	// Enough that n remain if every other one ends; of one beam no more can be among them.
	most := n * max(2, 1+len(o.EOS))
	all := g.candidates[:0]
	for j, b := range h.beams {
		if b.dead {
			continue
		}
		logits := g.stepper.row(first + j)
		g.top = best(g.top[:0], logits, most)
		for _, id := range g.top {
			if logits[id] == minusInf || logits[id] != logits[id] {
				continue
			}
			c := candidate{j, id, b.score + float64(logits[id])}
			at := len(all)
			for at > 0 && c.score > all[at-1].score {
				at--
			}
			if at == most {
				break // what follows of this beam is no better
			}
			if len(all) < most {
				all = append(all, c)
			}
			copy(all[at+1:], all[at:])
			all[at] = c
		}
	}
	g.candidates = all
	open := 0
	for rank, c := range all {
		if open == n {
			break
		}
		q := h.spare[open]
		q.become(h.beams[c.from], c.id, c.score)
		reason, ended := q.ended(o)
		if ended && reason != Length {
			if rank < n { // as in Hugging Face: only what is among the best n may end
				h.finish(q, reason, o)
			}
			continue
		}
		g.order[first+open] = first + c.from
		open++
	}
	next := h.spare[:open]
	// Closed before the open ones are cut off, since a finished one may be the best.
	full := open > 0 && next[0].room <= 0
	if h.done = open == 0 || full || h.decided(next[0], all[0].score, o); h.done {
		if full || len(h.finished) == 0 {
			for _, q := range next {
				h.finish(q, Length, o)
			}
		}
		if len(h.finished) == 0 { // every token was forbidden
			h.finish(h.beams[0], Length, o)
		}
	}
	for i := range n {
		h.beams[i], h.spare[i] = h.spare[i], h.beams[i]
		h.beams[i].dead = i >= open
	}
}

// finish keeps the best hypotheses, best first.
func (h *search) finish(q *beam, r Reason, o *Options) {
	ids := slices.Clone(q.ids[q.prompt:])
	f := hypothesis{ids, q.score / math.Pow(float64(max(1, len(ids))), o.LengthPenalty), r}
	h.finished = append(h.finished, f)
	for at := len(h.finished) - 1; at > 0 && f.score > h.finished[at-1].score; at-- {
		h.finished[at], h.finished[at-1] = h.finished[at-1], f
	}
	h.finished = h.finished[:min(len(h.finished), o.Beams)]
}

// decided tells whether the open beams, one of which is q, cannot win any more; score
// is the best sum that there is.
func (h *search) decided(q *beam, score float64, o *Options) bool {
	if len(h.finished) < o.Beams {
		return false
	}
	if o.EarlyStopping {
		return true
	}
	// A sum only falls; what could help it is the length it is divided by.
	n := float64(len(q.ids) - q.prompt)
	if o.Exhaustive && o.LengthPenalty > 0 {
		n += float64(q.room)
	}
	return score/math.Pow(n, o.LengthPenalty) <= h.finished[len(h.finished)-1].score
}

// best appends the n largest logits to top, largest first; equal ones by their number.
func best(top []int32, logits []float32, n int) []int32 {
	for i, x := range logits {
		if x != x || len(top) == n && x <= logits[top[n-1]] {
			continue
		}
		if len(top) < n {
			top = append(top, 0)
		}
		at := len(top) - 1
		for at > 0 && x > logits[top[at-1]] {
			top[at] = top[at-1]
			at--
		}
		top[at] = int32(i)
	}
	return top
}
