package generate

import (
	"math/rand/v2"
	"slices"

	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Generate continues inputs with a decoder that was loaded with its head. After an
// error nothing of it is left in device memory.
func Generate(m *transformer.Model, inputs []Input, o Options) ([]Result, error) {
	if err := o.check(m, inputs); err != nil {
		return nil, err
	}
	if len(inputs) == 0 {
		return nil, nil
	}
	d := m.Device()
	defer d.Release(d.Mark())
	if o.Beams > 1 {
		return beamSearch(m, inputs, &o)
	}
	s, err := newStepper(m, inputs, 1, &o)
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(inputs))
	open := make([]*sequence, len(inputs))
	for i, in := range inputs {
		open[i] = &sequence{ids: slices.Clone(in.Prompt), prompt: len(in.Prompt), room: o.room(m.Config, len(in.Prompt)),
			processors: o.processors(), random: rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15))}
		open[i].fresh = len(in.Prompt)
	}
	var draw sampler
	for {
		left := 0
		for i, q := range open {
			if q != nil && q.room <= 0 {
				results[i], open[i] = q.result(Length), nil
			} else if q != nil {
				left++
			}
		}
		if left == 0 {
			return results, nil
		}
		if err := s.step(open); err != nil {
			return nil, err
		}
		for i, q := range open {
			if q == nil {
				continue
			}
			logits := s.row(i)
			q.process(logits, &o)
			id := argmax(logits)
			if o.Sample {
				id = draw.draw(logits, &o, q.random)
			}
			q.score += float64(logits[id]) - logSum(logits)
			q.add(id)
			if o.Token != nil {
				if err := o.Token(i, id); err != nil {
					return nil, err
				}
			}
			if reason, ended := q.ended(&o); ended {
				results[i], open[i] = q.result(reason), nil
			}
		}
	}
}

// sequence is one that grows.
type sequence struct {
	ids    []int32
	prompt int // tokens of the prompt
	fresh  int // tokens at the end that the cache does not have
	room   int // tokens that may be added

	score      float64
	processors []Processor
	random     *rand.Rand
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
	if len(q.ids)-q.prompt < o.MinNewTokens {
		forbid(logits, o.EOS)
	}
}

// ended tells whether the last token ends the sequence.
func (q *sequence) ended(o *Options) (Reason, bool) {
	added := q.ids[q.prompt:]
	if slices.Contains(o.EOS, added[len(added)-1]) {
		return EOS, true
	}
	if len(added) >= o.MinNewTokens {
		for _, stop := range o.Stop {
			if n := len(added) - len(stop); n >= 0 && slices.Equal(added[n:], stop) {
				return Stop, true
			}
		}
	}
	return Length, q.room <= 0
}

func (q *sequence) result(r Reason) Result {
	return Result{IDs: q.ids[q.prompt:], Reason: r, Score: q.score}
}
