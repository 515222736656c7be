package generate

import (
	"math/rand/v2"
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// sequence is one that grows. Its memory is had when it begins.
type sequence struct {
	ids    []int32
	prompt int // tokens of the prompt
	fresh  int // tokens at the end that the cache does not have
	room   int // tokens that may be added
	least  int // tokens that must be added

	score      float64
	processors []Processor
	random     *rand.Rand
}

// begin makes the sequence of a prompt; copy counts those of one input.
func (o *Options) begin(c *transformer.Config, in Input, copy int) sequence {
	n := len(in.Prompt)
	q := sequence{prompt: n, fresh: n, room: o.room(c, n), least: o.least(n), processors: o.processors(),
		random: rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15+uint64(copy)))}
	q.ids = append(make([]int32, 0, n+max(0, q.room)), in.Prompt...)
	return q
}

func (q *sequence) add(id int32) {
	q.ids = append(q.ids, id)
	q.fresh++
	q.room--
}

// process applies what options ask for to the logits of the next token.
func (q *sequence) process(logits []float32, o *Options) {
	for _, p := range q.processors {
		p(q.ids, logits)
	}
	forbid(logits, o.Suppress)
	if len(q.ids)-q.prompt < q.least {
		forbid(logits, o.EOS)
	}
	if o.ForcedBOS != nil && len(q.ids) == 1 {
		force(logits, *o.ForcedBOS)
	}
	if o.ForcedEOS != nil && q.room == 1 {
		force(logits, *o.ForcedEOS)
	}
}

// ended tells whether the last token ends the sequence.
func (q *sequence) ended(o *Options) (Reason, bool) {
	added := q.ids[q.prompt:]
	if slices.Contains(o.EOS, added[len(added)-1]) {
		return EOS, true
	}
	if len(added) >= q.least {
		for _, stop := range o.Stop {
			if n := len(added) - len(stop); n >= 0 && slices.Equal(added[n:], stop) {
				return Stop, true
			}
		}
		if o.Stopped != nil && o.Stopped(q.ids) {
			return Stop, true
		}
	}
	return Length, q.room <= 0
}

func (q *sequence) result(r Reason) Result {
	return Result{IDs: q.ids[q.prompt:], Reason: r, Score: q.score}
}

// kept is how many of the largest logits decide which token comes next, 0 if that takes all
// of them: a device then hands over these few instead of a vocabulary.
func (o *Options) kept(vocabulary int) int {
	if o.Beams > 1 || o.Scores || o.Batch != nil || o.ForcedBOS != nil || o.ForcedEOS != nil || len(o.processors()) > 0 {
		return 0
	}
	k := 1
	if o.Sample {
		k = o.TopK
	}
	if k == 0 {
		return 0
	}
	k += len(o.Suppress) + len(o.EOS) // these may be among the largest, and forbidden
	if k > min(vocabulary-1, kernels.MaxTopK) {
		return 0
	}
	return k
}

// nothing is the error of a step in which no token can follow.
func (o *Options) nothing() error {
	if len(o.Suppress) > 0 || o.Batch != nil || len(o.processors()) > 0 {
		return lean.Errorf("generate: %w: no token may follow: suppress_tokens, bad_words_ids or a logits processor forbid them all", ErrOptions)
	}
	return lean.Errorf("generate: %w: every logit is NaN or −∞", ErrNotFinite)
}
