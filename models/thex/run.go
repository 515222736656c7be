package thex

import (
	"math"
	"strconv"
)

// The client sends numerators divided by numeratorScale, so that they stay small; T's
// first and last layer undo it.
const numeratorScale = 8

// Run is the server's side of a sentence: the messages of the client go in, the answers
// come out. It computes on a [Machine] and never sees a value.
type Run[C any] struct {
	m    Machine[C]
	plan *Plan
	w    *Weights
	next int
	live state[C]
}

// state is what is kept between two messages.
type state[C any] struct {
	x, values, attended, attention C
}

// NewRun begins a run. It uses m until its end.
func NewRun[C any](m Machine[C], p *Plan, w *Weights) *Run[C] {
	return &Run[C]{m: m, plan: p, w: w}
}

// Next is the index of the exchange that comes next, len(plan.Exchanges) after the last.
func (r *Run[C]) Next() int { return r.next }

// Step takes the parts of the client's message and returns those of the answer, as the
// plan lists them.
func (r *Run[C]) Step(up []C) ([]C, error) {
	if err := r.m.Err(); err != nil {
		return nil, err
	}
	if r.next >= len(r.plan.Exchanges) {
		return nil, wrong("the run has ended after %d exchanges", r.next)
	}
	x := r.plan.Exchanges[r.next]
	if len(up) != len(x.Up) {
		return nil, wrong("exchange %d has %d parts, expected %d", r.next, len(up), len(x.Up))
	}
	for i, c := range up {
		if got := r.m.Level(c); got != x.Up[i].Level {
			return nil, wrong("part %d of exchange %d has level %d, expected %d", i, r.next, got, x.Up[i].Level)
		}
	}
	l := layer[C]{Machine: r.m, Shape: r.plan.Shape, state: &r.live, t: &r.w.T, at: r.next / 4}
	var down []C
	switch step := r.next % 4; {
	case r.next > 0 && step == 0:
		l.Layer = &r.w.Layers[l.at-1]
		l.fed(up, l.at-1)
		if x.Layer < 0 {
			down = l.logits(&r.w.Classifier)
			break
		}
		fallthrough
	case step == 0:
		if r.next == 0 {
			r.live.x = up[0]
		}
		l.Layer = &r.w.Layers[l.at]
		down = l.scores()
	case step == 1:
		l.Layer = &r.w.Layers[l.at]
		down = l.attend(up)
	case step == 2:
		down = l.hidden(up)
	default:
		l.Layer = &r.w.Layers[l.at]
		down = l.feed(up)
	}
	if err := r.m.Err(); err != nil {
		return nil, err
	}
	r.next++
	return down, nil
}

// layer is the work of a layer between two messages.
type layer[C any] struct {
	Machine[C]
	Shape
	*Layer
	*state[C]
	t  *[3]Linear
	at int
}

// named is the name of a Plain of the layer.
func (l *layer[C]) named(name string) string {
	return strconv.Itoa(l.at) + "." + name
}

// linear is x·Wᵀ + b with row o of both multiplied by by(o).
func (l *layer[C]) linear(name string, x C, w Linear, by func(o int) float64, more func(o int) float64) C {
	return product(l.Machine, l.Shape, l.named(name), []C{x}, 1-l.Width, l.Width-1,
		func(_, _, _, o, i int) complex128 { return complex(by(o)*float64(w.Weight[o*l.Width+i]), 0) },
		func(_, _, o int) complex128 { return complex(by(o)*float64(w.Bias[o])+more(o), 0) })
}

func none(int) float64 { return 0 }

// scores is Q·Kᵀ: the score of query t and key(t, step, c, p), halved, stands in part p of
// slot at(t, c, first column of the head) − step.
func (l *layer[C]) scores() []C {
	half := 0.5 / math.Sqrt(float64(l.headDim())) // the x/2 of the numerator, and 1/√d
	q := l.linear("q", l.x, l.Query, func(int) float64 { return half }, none)
	// K/2 + i·V/4 in every channel, C·S tokens ahead of the one before.
	var kv C
	for c := range l.channels() {
		y := product(l.Machine, l.Shape, l.named("kv"+strconv.Itoa(c)), []C{l.x}, 1-l.Width, l.Width-1,
			func(_, _, at, o, i int) complex128 {
				if at != c {
					return 0
				}
				return complex(float64(l.Key.Weight[o*l.Width+i])/2, float64(l.Value.Weight[o*l.Width+i])/4)
			},
			func(_, at, o int) complex128 {
				if at != c {
					return 0
				}
				return complex(float64(l.Key.Bias[o])/2, float64(l.Value.Bias[o])/4)
			})
		if c == 0 {
			kv = y
			continue
		}
		kv = l.Add(kv, l.Rotate(y, l.stride()*l.steps()*c))
	}
	conjugate := l.Conjugate(kv)
	ahead := func(y C) C { return l.Add(y, l.TimesI(l.Rotate(y, l.stride()*l.Tokens/2))) }
	keys := ahead(l.Add(kv, conjugate))
	l.values = ahead(l.TimesI(l.Sub(conjugate, kv)))
	products := make([]C, l.steps())
	for s := range products {
		if s > 0 {
			keys = l.Rotate(keys, l.stride())
		}
		y := l.Mul([]C{q}, []C{keys})
		for k := l.headDim() / 2; k > 0; k /= 2 {
			y = l.Add(y, l.Rotate(y, k))
		}
		products[s] = l.Rescale(l.MulPlain([]C{y}, []Plain{{"heads", func(v []complex128) {
			each(v, l.Shape, func(_, _, j int) complex128 { return one(j%l.headDim() == 0) })
		}}}))
	}
	y := products[len(products)-1]
	for s := len(products) - 2; s >= 0; s-- {
		y = l.Add(l.Rotate(y, 1), products[s])
	}
	return []C{l.Drop(y, 0)}
}

func one(yes bool) complex128 {
	if yes {
		return 1
	}
	return 0
}

// attend is T's first layer of Σ r, for channel 0, and Σ r·V for every channel.
func (l *layer[C]) attend(ratios []C) []C {
	z := ratios[0]
	for _, r := range ratios[1:] {
		z = l.Add(z, r)
	}
	z = l.Drop(z, 1)
	for c := 1; c < l.channels(); c *= 2 {
		z = l.Add(z, l.Rotate(z, l.Width*c))
	}
	unit := func(c, j int) (int, bool) { return j % l.headDim(), c == 0 && j%l.headDim() < l.Reciprocal }
	hidden := l.Rescale(l.MulPlain([]C{z}, []Plain{{"T1", func(v []complex128) {
		each(v, l.Shape, func(_, c, j int) complex128 {
			u, ok := unit(c, j)
			if !ok {
				return 0
			}
			return complex(numeratorScale*float64(l.t[0].Weight[u]), 0) * (1 + 1i) // the real part is Re + Im of the conjugate
		})
	}}}))
	hidden = l.AddPlain(hidden, Plain{"T1/bias", func(v []complex128) {
		each(v, l.Shape, func(_, c, j int) complex128 {
			u, ok := unit(c, j)
			if !ok {
				return 0
			}
			return complex(float64(l.t[0].Bias[u]), 0)
		})
	}})

	values := make([]C, len(ratios))
	for s := range values {
		values[s] = l.values
		if s > 0 {
			values[s] = l.Rotate(values[s-1], l.stride())
		}
	}
	y := l.Mul(ratios, values)
	if l.channels() > 1 {
		for c := 1; c < l.channels(); c *= 2 {
			y = l.Add(y, l.Rotate(y, l.Width*c))
		}
		y = l.Rescale(l.MulPlain([]C{y}, []Plain{{"channel 0", func(v []complex128) {
			each(v, l.Shape, func(_, c, _ int) complex128 { return one(c == 0) })
		}}}))
		for c := 1; c < l.channels(); c *= 2 {
			y = l.Add(y, l.Rotate(y, -l.Width*c))
		}
	}
	y = l.Drop(y, 0)
	y = l.Add(y, l.Conjugate(y)) // twice the real part of Σ r·V/2
	var nothing C
	l.values = nothing
	return []C{l.Drop(hidden, 0), l.Hide(y)}
}

// hidden is T's second layer.
func (l *layer[C]) hidden(up []C) []C {
	l.attention = l.Reveal(up[1])
	u := l.Reciprocal
	y := product(l.Machine, l.Shape, "T2", up[:1], 1-u, u-1,
		func(_, _, c, o, i int) complex128 {
			o, i, ok := sameHead(l.Shape, o, i)
			if c > 0 || !ok || o >= u || i >= u {
				return 0
			}
			return complex(float64(l.t[1].Weight[o*u+i]), 0)
		},
		func(_, c, o int) complex128 {
			if o %= l.headDim(); c > 0 || o >= u {
				return 0
			}
			return complex(float64(l.t[1].Bias[o]), 0)
		})
	return []C{l.Drop(y, 0)}
}

// sameHead is the columns within their head, and whether it is one.
func sameHead(s Shape, o, i int) (int, int, bool) {
	d := s.headDim()
	return o % d, i % d, o/d == i/d
}

// feed is the rest of attention, and the feed-forward before its ReLU.
func (l *layer[C]) feed(up []C) []C {
	u := l.Reciprocal
	ratio := product(l.Machine, l.Shape, "T3", up, 1-l.headDim(), u-1,
		func(_, _, _, o, i int) complex128 {
			_, i, ok := sameHead(l.Shape, o, i)
			if !ok || i >= u {
				return 0
			}
			return complex(numeratorScale*float64(l.t[2].Weight[i]), 0)
		},
		func(_, _, _ int) complex128 { return complex(numeratorScale*float64(l.t[2].Bias[0]), 0) })
	y := l.Mul([]C{l.attention}, []C{ratio})
	y = l.linear("o", y, l.Output, func(o int) float64 { return float64(l.Attended.Gamma[o]) }, func(o int) float64 { return float64(l.Attended.Beta[o]) })
	l.attended = l.residual("attended", y, l.x, l.Attended.Gamma)
	var nothing C
	l.attention, l.x = nothing, nothing
	var down []C
	for n := range l.asked() {
		block := func(c int) int { return 2 * (n*l.channels() + c) * l.Width }
		down = append(down, l.Drop(product(l.Machine, l.Shape, l.named("up"+strconv.Itoa(n)), []C{l.attended}, 1-l.Width, l.Width-1,
			func(_, _, c, o, i int) complex128 {
				at := block(c) + o
				return complex(float64(l.Up.Weight[at*l.Width+i]), float64(l.Up.Weight[(at+l.Width)*l.Width+i]))
			},
			func(_, c, o int) complex128 {
				at := block(c) + o
				return complex(float64(l.Up.Bias[at]), float64(l.Up.Bias[at+l.Width]))
			}), 0))
	}
	l.attended = l.Drop(l.attended, 0)
	return append(down, l.Hide(l.attended))
}

// residual is y + x∘gamma.
func (l *layer[C]) residual(name string, y, x C, gamma []float32) C {
	x = l.Drop(x, l.Level(y)+1)
	return l.Add(y, l.Rescale(l.MulPlain([]C{x}, []Plain{{l.named(name), func(v []complex128) {
		each(v, l.Shape, func(_, _, j int) complex128 { return complex(float64(gamma[j]), 0) })
	}}})))
}

// fed is the end of layer at: the feed-forward's second matrix, its residual and affine.
func (l *layer[C]) fed(up []C, at int) {
	l.at = at
	defer func() { l.at++ }()
	n := l.answered()
	y := product(l.Machine, l.Shape, l.named("down"), up[:n], 1-l.Width, l.Width-1,
		func(n, _, _, o, i int) complex128 {
			row := l.Down.Weight[o*l.FFN+2*n*l.Width+i:]
			return complex(float64(row[0]), -float64(row[l.Width])) * complex(float64(l.Fed.Gamma[o])/2, 0)
		},
		func(_, _, o int) complex128 {
			return complex((float64(l.Fed.Gamma[o])*float64(l.Down.Bias[o])+float64(l.Fed.Beta[o]))/2, 0)
		})
	y = l.Add(y, l.Conjugate(y))
	l.x = l.residual("fed", y, l.Reveal(up[n]), l.Fed.Gamma)
}

// logits is the classifier of token 0.
func (l *layer[C]) logits(w *Linear) []C {
	y := product(l.Machine, l.Shape, "classifier", []C{l.Drop(l.x, 1)}, 1-l.Labels, l.Width-1,
		func(_, t, c, o, i int) complex128 {
			if t > 0 || c > 0 || o >= l.Labels {
				return 0
			}
			return complex(float64(w.Weight[o*l.Width+i]), 0)
		},
		func(t, c, o int) complex128 {
			if t > 0 || c > 0 || o >= l.Labels {
				return 0
			}
			return complex(float64(w.Bias[o]), 0)
		})
	return []C{y}
}
