package plot

import (
	"math"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/similar"
)

// Colours are the names that Mark.Colour may have. The style sheet defines each as a custom property.
var Colours = []string{"en", "de", "fr", "other", "ink", "soft", "muted", "accent", "surface", "sunken"}

// Mark is one thing to draw: a path to fill or stroke, or a text.
type Mark struct {
	Path   string // SVG path data; "" for a text
	Text   string
	X, Y   float64 // middle of the text
	Colour string
	Alpha  float64
	Width  float64 // of a stroke; 0 fills the path
}

// Tip is the text beside the focused dot.
type Tip struct {
	Text, Lang string
	At         similar.Point // the dot
}

// Drawing is one frame, marks from back to front.
type Drawing struct {
	Empty  string // what the map says while it has no dots
	Marks  []Mark
	Tip    *Tip // nil without a focused dot
	Moving bool // another frame is needed
}

// EmptyText is what a map without dots says.
const EmptyText = "The map appears when the sentences are embedded"

// Draw returns the frame at a time. A canvas without room gets an empty frame.
func (m *Map) Draw(now float64) Drawing {
	var d Drawing
	if m.w < 2*margin || m.h < 2*margin {
		return d
	}
	pic := m.picture()
	m.at = m.at[:0]
	for _, dot := range pic.Dots {
		m.at = append(m.at, m.pixel(m.place(dot, now)))
	}
	if len(pic.Dots) == 0 {
		d.Empty = EmptyText
		return d
	}
	active := m.query.shown
	d.kin(m, active)
	// The links of the query lie below the dots; the nearest is the strongest.
	results := map[int]bool{}
	var q similar.Point
	if active {
		q = m.pixel(m.query.at(m.ease(now - m.query.begin)))
		for _, l := range pic.Links {
			var p path
			p.line(q, m.at[l.Dot])
			strength := math.Max(0.08, math.Min(1, (float64(l.Score)-0.4)/0.5))
			d.stroke(&p, "accent", 0.75*strength, 0.8+1.4*strength)
			results[l.Dot] = true
		}
	}
	d.dots(m, active, results)
	d.labels(m, active)
	if active {
		var halo, dot path
		halo.circle(q, 11)
		dot.circle(q, 6)
		d.fill(&halo, "accent", 0.18)
		d.fill(&dot, "accent", 1)
		d.stroke(&dot, "surface", 1, 2)
	}
	d.focus(m)
	d.Moving = m.ease(now-m.begin) < 1 || active && m.ease(now-m.query.begin) < 1
	return d
}

func (d *Drawing) fill(p *path, colour string, alpha float64) {
	if p.Len() > 0 {
		d.Marks = append(d.Marks, Mark{Path: p.String(), Colour: colour, Alpha: alpha})
	}
}

func (d *Drawing) stroke(p *path, colour string, alpha, width float64) {
	if p.Len() > 0 {
		d.Marks = append(d.Marks, Mark{Path: p.String(), Colour: colour, Alpha: alpha, Width: width})
	}
}

// kin joins translations by thin lines, each group in a ring.
func (d *Drawing) kin(m *Map, active bool) {
	first, last := map[int]int{}, map[int]int{} // dots, by group
	var p path
	var groups []int
	for i, dot := range m.pic.Dots {
		if dot.Group == 0 {
			continue
		}
		if j, ok := last[dot.Group]; ok {
			p.line(m.at[j], m.at[i])
		} else {
			first[dot.Group] = i
			groups = append(groups, dot.Group)
		}
		last[dot.Group] = i
	}
	for _, g := range groups {
		if last[g]-first[g] > 1 {
			p.line(m.at[last[g]], m.at[first[g]])
		}
	}
	d.stroke(&p, "muted", pick(active, 0.18, 0.3), 1)
}

// dots draws the results of the query larger and, while there are some, the others paler. One path has all dots of a colour.
func (d *Drawing) dots(m *Map, active bool, results map[int]bool) {
	quiet, loud := map[string]*path{}, map[string]*path{}
	for i, dot := range m.pic.Dots {
		set, r := quiet, radius
		if results[i] {
			set, r = loud, radius+2
		}
		c := colour(dot.Lang)
		if set[c] == nil {
			set[c] = &path{}
		}
		set[c].circle(m.at[i], r)
	}
	for _, c := range dotColours {
		if p := quiet[c]; p != nil {
			d.fill(p, c, pick(active, 0.38, 0.85))
		}
	}
	for _, c := range dotColours {
		if p := loud[c]; p != nil {
			d.fill(p, c, 1)
			d.stroke(p, "surface", 1, 1.5)
		}
	}
}

// labels writes the topics. A label moves down below those that stand at its place.
func (d *Drawing) labels(m *Map, active bool) {
	type box struct{ x, y, w float64 }
	var taken []box
	for _, l := range m.pic.Labels {
		text := strings.ToUpper(l.Text)
		at := m.pixel(l.Point)
		b := box{at.X, at.Y - 16, float64(len(text)) * 8.5}
		for range 12 {
			clash := false
			for _, o := range taken {
				if math.Abs(o.x-b.x) < (o.w+b.w)/2 && math.Abs(o.y-b.y) < 15 {
					b.y, clash = o.y+15, true
				}
			}
			if !clash {
				break
			}
		}
		taken = append(taken, b)
		d.Marks = append(d.Marks, Mark{Text: text, X: b.x, Y: b.y, Colour: "soft", Alpha: pick(active, 0.7, 1)})
	}
}

// focus rings the focused sentence and its translations.
func (d *Drawing) focus(m *Map) {
	i := -1
	if m.focus != 0 {
		i = m.pic.Find(m.focus)
	}
	if i < 0 {
		return
	}
	var ring, kin path
	ring.circle(m.at[i], radius+5)
	for _, j := range m.pic.Kin(i) {
		kin.line(m.at[i], m.at[j])
		kin.circle(m.at[j], radius+3)
	}
	d.stroke(&kin, "ink", 0.6, 1.2)
	d.stroke(&ring, "ink", 1, 2)
	dot := m.pic.Dots[i]
	d.Tip = &Tip{format.Clip(dot.Text, 140), dot.Lang, m.at[i]}
}

var dotColours = []string{"other", "en", "de", "fr"}

// colour is that of a language.
func colour(lang string) string {
	switch lang {
	case "en", "de", "fr":
		return lang
	}
	return "other"
}

func pick(active bool, then, otherwise float64) float64 {
	if active {
		return then
	}
	return otherwise
}

// path collects shapes as SVG path data, so that one call of the canvas draws all shapes of a colour.
type path struct{ strings.Builder }

func (p *path) num(v float64) {
	var b [24]byte
	p.Write(strconv.AppendFloat(b[:0], v, 'f', 1, 64))
	p.WriteByte(' ')
}

func (p *path) circle(at similar.Point, r float64) {
	p.WriteByte('M')
	p.num(at.X - r)
	p.num(at.Y)
	for _, d := range []float64{2 * r, -2 * r} {
		p.WriteByte('a')
		p.num(r)
		p.num(r)
		p.WriteString("0 1 0 ")
		p.num(d)
		p.WriteString("0 ")
	}
}

func (p *path) line(a, b similar.Point) {
	p.WriteByte('M')
	p.num(a.X)
	p.num(a.Y)
	p.WriteByte('L')
	p.num(b.X)
	p.num(b.Y)
}
