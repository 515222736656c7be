package plot

import (
	"math"

	"github.com/lodestone-wasm/lodestone/ui/sentence"
	"github.com/lodestone-wasm/lodestone/ui/similar"
)

// Lengths in CSS pixels, durations in milliseconds.
const (
	margin = 26.0 // around the dots
	radius = 4.0  // of a dot
	reach  = 16.0 // how far from a dot the pointer still selects it
	glide  = 360.0
	tipGap = 12.0 // between a dot and its tip
)

// Map animates a Picture on a canvas. Lengths are CSS pixels and times milliseconds, both from origins of the caller's choice. It is
// not safe for concurrent use. The zero Map is an empty map without a size.
type Map struct {
	Still bool // the reader prefers reduced motion

	w, h  float64
	pic   *Picture
	at    []similar.Point       // places of the dots in pixels, as drawn last
	from  map[int]similar.Point // places in [-1, 1]² at the begin of the motion, by sentence
	begin float64
	query motion
	focus int // sentence under the pointer or the keyboard, 0 for none
	touch int // sentence that a finger touched last
}

// motion is a point on its way.
type motion struct {
	from, to similar.Point
	shown    bool
	begin    float64
}

func (m *Map) picture() *Picture {
	if m.pic == nil {
		m.pic = &Picture{}
	}
	return m.pic
}

// Resize sets the size of the canvas.
func (m *Map) Resize(w, h float64) { m.w, m.h = w, h }

// Show makes pic the picture to draw and starts the motion towards it. It reports whether pic is another picture than before.
func (m *Map) Show(pic *Picture, now float64) bool {
	old := m.picture()
	if pic == old {
		return false
	}
	if len(pic.Dots) != len(old.Dots) || len(pic.Dots) > 0 && pic.Dots[0] != old.Dots[0] {
		from := make(map[int]similar.Point, len(old.Dots))
		for _, d := range old.Dots {
			from[d.ID] = m.place(d, now)
		}
		m.from, m.begin = from, now
	}
	if pic.Query == nil {
		m.query.shown = false
	} else {
		start := *pic.Query
		if m.query.shown {
			start = m.query.at(m.ease(now - m.query.begin))
		}
		m.query = motion{start, *pic.Query, true, now}
	}
	m.pic = pic
	if m.focus != 0 && pic.Find(m.focus) < 0 {
		m.focus = 0
	}
	return true
}

// ease is the share of a motion that is done t milliseconds after its begin: fast first, then slower.
func (m *Map) ease(t float64) float64 {
	switch {
	case m.Still || t >= glide:
		return 1
	case t <= 0:
		return 0
	}
	u := 1 - t/glide
	return 1 - u*u*u
}

func mix(a, b similar.Point, t float64) similar.Point {
	return similar.Point{X: a.X + (b.X-a.X)*t, Y: a.Y + (b.Y-a.Y)*t}
}

func (m motion) at(share float64) similar.Point { return mix(m.from, m.to, share) }

// place is where a dot stands in [-1, 1]². A new dot starts nearer to the middle.
func (m *Map) place(d Dot, now float64) similar.Point {
	t := m.ease(now - m.begin)
	if from, ok := m.from[d.ID]; ok {
		return mix(from, d.Point, t)
	}
	return mix(similar.Point{X: d.X * 0.6, Y: d.Y * 0.6}, d.Point, t)
}

// pixel maps [-1, 1]² to the canvas.
func (m *Map) pixel(p similar.Point) similar.Point {
	return similar.Point{X: margin + (p.X+1)/2*(m.w-2*margin), Y: margin + (p.Y+1)/2*(m.h-2*margin)}
}

// Hit returns the sentence near a point of the canvas, 0 if there is none.
func (m *Map) Hit(x, y float64) int {
	best, id := reach, 0
	for i, p := range m.at {
		if d := math.Hypot(p.X-x, p.Y-y); d < best && i < len(m.picture().Dots) {
			best, id = d, m.pic.Dots[i].ID
		}
	}
	return id
}

// Focused is the sentence under the pointer or the keyboard, 0 for none.
func (m *Map) Focused() int { return m.focus }

// Focus highlights a sentence, or none for 0, and reports whether that is a change.
func (m *Map) Focus(id int) bool {
	if id == m.focus {
		return false
	}
	m.focus = id
	if id == 0 {
		m.touch = 0
	}
	return true
}

// Click highlights the clicked sentence and reports whether to search for it. A first touch only highlights: a finger cannot hover.
func (m *Map) Click(id int, touch bool) (search bool) {
	if id == 0 {
		return false
	}
	if touch && m.touch != id {
		m.touch = id
		m.Focus(id)
		return false
	}
	return true
}

// Action is what a key means on the map.
type Action struct {
	Handled bool
	Say     string // for screen readers
	Search  int    // sentence to search for, 0 for none
}

// arrows are the directions of the arrow keys.
var arrows = map[string][2]float64{"ArrowRight": {1, 0}, "ArrowLeft": {-1, 0}, "ArrowDown": {0, 1}, "ArrowUp": {0, -1}}

// Key handles a key: arrows move the focus, Home begins at the first result, Enter searches, Escape removes the focus.
func (m *Map) Key(key string) Action {
	switch d, ok := arrows[key]; {
	case ok:
		return m.step(m.focus, d[0], d[1])
	case key == "Home":
		return m.step(0, 0, 0)
	case key == "Enter" && m.focus != 0:
		return Action{Handled: true, Search: m.focus}
	case key == "Escape":
		m.Focus(0)
	}
	return Action{}
}

// Enter begins at the first result, when the keyboard focus arrives on the map.
func (m *Map) Enter() Action {
	if m.focus != 0 {
		return Action{}
	}
	return m.step(0, 0, 0)
}

func (m *Map) step(from int, dx, dy float64) Action {
	at := -1
	if from != 0 {
		at = m.picture().Find(from)
	}
	i := m.picture().Step(at, dx, dy)
	if i < 0 {
		return Action{Handled: true, Say: "The map is empty."}
	}
	d := m.pic.Dots[i]
	m.Focus(d.ID)
	return Action{Handled: true, Say: sentence.Name(d.Lang) + ": " + d.Text}
}

// PlaceTip returns the place of a tip of w × h pixels: below the dot at, or above it where there is no room, and inside the map.
func (m *Map) PlaceTip(at similar.Point, w, h float64) (x, y float64) {
	x = math.Max(4, math.Min(m.w-w-4, at.X-w/2))
	y = at.Y + tipGap
	if y+h > m.h-4 {
		y = at.Y - tipGap - h
	}
	return x, y
}
