package generate

import (
	"slices"

	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Generate continues inputs with a decoder that was loaded with its head: Options.Returns
// results for each, in order. After an error nothing of it is left in device memory.
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
	g, err := begin(m, inputs, &o)
	if err != nil {
		return nil, err
	}
	for {
		if more, err := g.next(); err != nil || !more {
			return g.results, err
		}
		if o.Interrupted != nil && o.Interrupted() {
			for i, q := range g.open {
				if q != nil {
					g.end(i, Stop)
				}
			}
			return g.results, nil
		}
	}
}

// generation is greedy search or sampling while it runs.
type generation struct {
	stepper *stepper
	options *Options
	open    []*sequence // nil: ended
	results []Result
	draw    sampler
	all     together
}

// begin runs what comes before the first token.
func begin(m *transformer.Model, inputs []Input, o *Options) (*generation, error) {
	n := o.Returns
	s, err := newStepper(m, inputs, n, o)
	if err != nil {
		return nil, err
	}
	g := &generation{stepper: s, options: o, open: make([]*sequence, len(inputs)*n), results: make([]Result, len(inputs)*n)}
	for i := range g.open {
		q := o.begin(m.Config, inputs[i/n], i%n)
		g.open[i] = &q
		if q.room <= 0 {
			g.end(i, Length)
		}
	}
	return g, nil
}

func (g *generation) end(i int, r Reason) { g.results[i], g.open[i] = g.open[i].result(r), nil }

// next chooses one token for every open sequence. It is false if none is open.
func (g *generation) next() (more bool, err error) {
	s, o := g.stepper, g.options
	if err := s.step(g.open); err != nil || len(s.batch.IDs) == 0 {
		return false, err
	}
	g.all.reset()
	if s.keep == 0 {
		for i, q := range g.open {
			if q != nil {
				q.process(s.row(i), o)
				g.all.add(o, q.ids, s.row(i))
			}
		}
		if err := g.all.process(o); err != nil {
			return false, err
		}
	}
	place := 0 // among the open sequences
	for i, q := range g.open {
		if q == nil {
			continue
		}
		stopped := g.all.stopped(place)
		place++
		if stopped {
			g.end(i, Stop)
			continue
		}
		id := g.choose(i, q)
		if id < 0 {
			return false, o.nothing()
		}
		q.add(id)
		if o.Token != nil {
			if err := o.Token(i, id); err != nil {
				return false, err
			}
		}
		if reason, ended := q.ended(o); ended {
			g.end(i, reason)
		}
	}
	return true, nil
}

// choose is the next token of sequence i, −1 if every token is forbidden or not a number.
func (g *generation) choose(i int, q *sequence) int32 {
	s, o := g.stepper, g.options
	var tokens []int32
	logits := s.logits
	if s.keep > 0 {
		tokens, logits = g.allowed(i, q)
	} else {
		logits = s.row(i)
	}
	if len(logits) == 0 {
		return -1
	}
	at := argmax(logits)
	if !(logits[at] > minusInf) {
		return -1
	}
	if o.Sample {
		at = g.draw.draw(logits, o, q.random)
	}
	if o.Scores {
		q.score += float64(logits[at]) - LogSumExp(logits)
	}
	if s.keep > 0 {
		return tokens[at]
	}
	return at
}

// allowed are the tokens that may follow sequence i, likeliest first, and their logits: as
// many as decide, of the largest that came from the device.
func (g *generation) allowed(i int, q *sequence) ([]int32, []float32) {
	o, most := g.options, 1
	if o.Sample {
		most = o.TopK
	}
	tokens, logits := g.stepper.largest(i)
	n := 0
	for j, id := range tokens {
		if n == most || slices.Contains(o.Suppress, id) || len(q.ids)-q.prompt < q.least && slices.Contains(o.EOS, id) {
			continue
		}
		tokens[n], logits[n] = id, logits[j]
		n++
	}
	return tokens[:n], logits[:n]
}

// together collects the open sequences of a step for Options.Batch.
type together struct {
	ids    [][]int32
	logits [][]float32
}

func (t *together) add(o *Options, ids []int32, logits []float32) {
	if o.Batch != nil {
		t.ids, t.logits = append(t.ids, ids), append(t.logits, logits)
	}
}

func (t *together) process(o *Options) error {
	if o.Batch == nil || len(t.ids) == 0 {
		return nil
	}
	return o.Batch(t.ids, t.logits)
}

// stopped tells whether Options.Batch ended the open sequence at a place.
func (t *together) stopped(place int) bool { return place < len(t.logits) && t.logits[place] == nil }

func (t *together) reset() { t.ids, t.logits = t.ids[:0], t.logits[:0] }
