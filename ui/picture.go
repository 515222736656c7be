package ui

import (
	"context"
	"math"
	"sort"

	"github.com/lodestone-wasm/lodestone/ui/similar"
)

// Picture is the map as data: dots in the square [-1, 1]², y downwards. A Picture is never changed after it was made.
type Picture struct {
	Dots   []Dot
	Labels []Label
	Query  *similar.Point // nil without a query
	Links  []Link         // from the query to its nearest dots, best first
}

// Dot is one sentence on the map.
type Dot struct {
	similar.Point
	ID    int
	Group int
	Lang  string
	Text  string
}

// Label names a topic at the middle of its dots.
type Label struct {
	similar.Point
	Text string
}

// Link joins the query to a result.
type Link struct {
	Dot   int // index into Dots
	Score float32
}

type layoutJob struct {
	set *similar.Set
	gen int
}

// wantLayout asks for a new picture of the sentences that have vectors; a.mu is held.
func (a *App) wantLayout() {
	a.layer.Submit(layoutJob{a.vectors.Clone(), a.gen})
}

func (a *App) runLayout(ctx context.Context, j layoutJob) {
	if ctx.Err() != nil {
		return
	}
	l := similar.NewLayout(j.set, a.o.Pause)
	a.mu.Lock()
	if j.gen == a.gen {
		a.layout = l
		a.draw()
	}
	a.mu.Unlock()
	a.o.Changed()
}

// draw makes the picture anew; a.mu is held.
func (a *App) draw() {
	p := &Picture{}
	defer func() { a.picture = p }()
	if a.layout == nil {
		return
	}
	topics := map[string][]similar.Point{}
	for i, at := range a.layout.Points {
		e := a.entries[i]
		p.Dots = append(p.Dots, Dot{at, e.ID, e.Group, e.Lang, e.Text})
		if e.Topic != "" {
			topics[e.Topic] = append(topics[e.Topic], at)
		}
	}
	for t, at := range topics {
		p.Labels = append(p.Labels, Label{middle(at), t})
	}
	sort.Slice(p.Labels, func(i, j int) bool { return p.Labels[i].Text < p.Labels[j].Text })
	if a.queryVec == nil || len(a.hits) == 0 {
		return
	}
	q := a.layout.Place(a.queryVec, a.hits)
	p.Query = &q
	for _, h := range a.hits {
		if h.Index < len(p.Dots) {
			p.Links = append(p.Links, Link{h.Index, h.Score})
		}
	}
}

// middle is the component-wise median.
func middle(at []similar.Point) similar.Point {
	xs, ys := make([]float64, len(at)), make([]float64, len(at))
	for i, p := range at {
		xs[i], ys[i] = p.X, p.Y
	}
	sort.Float64s(xs)
	sort.Float64s(ys)
	return similar.Point{X: xs[len(xs)/2], Y: ys[len(ys)/2]}
}

// Nearest returns the index of the dot nearest to at within radius, -1 if there is none.
func (p *Picture) Nearest(at similar.Point, radius float64) int {
	best, found := radius, -1
	for i, d := range p.Dots {
		if r := math.Hypot(d.X-at.X, d.Y-at.Y); r <= best {
			best, found = r, i
		}
	}
	return found
}

// Find returns the index of the dot of a sentence, -1 if it has none.
func (p *Picture) Find(id int) int {
	for i, d := range p.Dots {
		if d.ID == id {
			return i
		}
	}
	return -1
}

// Step returns the dot that an arrow key reaches from dot from: the nearest one in the direction (dx, dy), sideways distance counting double.
// From -1 the first result is reached, or the dot nearest to the middle. Without a dot in that direction from is returned.
func (p *Picture) Step(from int, dx, dy float64) int {
	if from < 0 || from >= len(p.Dots) {
		if len(p.Links) > 0 {
			return p.Links[0].Dot
		}
		return p.Nearest(similar.Point{}, math.Inf(1))
	}
	best, found := math.Inf(1), from
	o := p.Dots[from]
	for i, d := range p.Dots {
		ahead := (d.X-o.X)*dx + (d.Y-o.Y)*dy
		aside := math.Abs((d.X-o.X)*dy - (d.Y-o.Y)*dx)
		if i == from || ahead <= 1e-9 || aside > 2*ahead {
			continue
		}
		if cost := ahead + 2*aside; cost < best {
			best, found = cost, i
		}
	}
	return found
}

// Kin returns the other dots of the group of dot i: its translations.
func (p *Picture) Kin(i int) []int {
	var out []int
	if g := p.Dots[i].Group; g != 0 {
		for j, d := range p.Dots {
			if j != i && d.Group == g {
				out = append(out, j)
			}
		}
	}
	return out
}

// Picture returns the current map.
func (a *App) Picture() *Picture {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.picture
}
