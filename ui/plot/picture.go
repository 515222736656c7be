package plot

import (
	"math"

	"github.com/lodestone-wasm/lodestone/ui/similar"
)

// Picture is the map as data: dots in the square [-1, 1]², y downwards. A Picture does not change once it is made.
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
	Group int // the dots of a group, unless 0, are translations of each other
	Lang  string
	Text  string
}

// Label names a topic, in the middle of its dots.
type Label struct {
	similar.Point
	Text string
}

// Link joins the query to a result.
type Link struct {
	Dot   int // index into Dots
	Score float32
}

// Nearest returns the index of the dot nearest to a point within a radius, −1 if there is none.
func (p *Picture) Nearest(at similar.Point, radius float64) int {
	best, found := radius, -1
	for i, d := range p.Dots {
		if r := math.Hypot(d.X-at.X, d.Y-at.Y); r <= best {
			best, found = r, i
		}
	}
	return found
}

// Find returns the index of the dot of a sentence, −1 if it has none.
func (p *Picture) Find(id int) int {
	for i, d := range p.Dots {
		if d.ID == id {
			return i
		}
	}
	return -1
}

// Step returns the dot that an arrow key reaches from dot from: the nearest in the direction (dx, dy), where sideways distance counts
// twice. From −1 it is the first result, or the dot nearest to the middle. Without a dot in that direction it is from.
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
