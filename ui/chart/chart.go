// Package chart draws lines and dots as SVG. Begin with [Chart.SVG].
//
// A drawing has no style attributes, because a Content-Security-Policy would forbid them: the style sheet colours its classes. It is hidden
// from screen readers: the same numbers must stand in a table beside it.
package chart

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// Line is a line of a chart.
type Line struct {
	Name   string // written at its end; "" writes nothing
	Class  string // its colour
	Dashed bool
	Dots   bool // a dot at each point
	X, Y   []float64
}

// Chart is lines between two axes.
type Chart struct {
	XTitle, YTitle string
	LogX, LogY     bool
	Lines          []Line
}

// Size of the view box. It is as wide as a phone's page; on wider pages the drawing scales up, so text stays readable.
const (
	width, height = 360, 220
	left, right   = 44, 80
	top, bottom   = 20, 34
)

// axis maps values to places between from and to.
type axis struct {
	log      bool
	low, top float64
	from, to float64
}

func (a axis) at(v float64) float64 {
	low, high := a.low, a.top
	if a.log {
		v, low, high = math.Log10(max(v, 1e-30)), math.Log10(low), math.Log10(high)
	}
	if high == low {
		return (a.from + a.to) / 2
	}
	return a.from + min(1, max(0, (v-low)/(high-low)))*(a.to-a.from)
}

// ticks are values to label: powers of ten, or four round steps.
func (a axis) ticks() (out []float64) {
	if a.log {
		first, last := math.Ceil(math.Log10(a.low)-1e-9), math.Floor(math.Log10(a.top)+1e-9)
		every := math.Max(1, math.Ceil((last-first+1)/6))
		for e := first; e <= last; e += every {
			out = append(out, math.Pow(10, e))
		}
		if len(out) == 0 {
			out = []float64{a.low, a.top}
		}
		return out
	}
	step := math.Pow(10, math.Floor(math.Log10(max(a.top-a.low, 1e-12)/4)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if (a.top-a.low)/(step*m) <= 5 {
			step *= m
			break
		}
	}
	for v := math.Ceil(a.low/step-1e-9) * step; v <= a.top+step*1e-6; v += step {
		out = append(out, v)
	}
	return out
}

// axes are the ranges of all points that can be drawn.
func (c *Chart) axes() (x, y axis, ok bool) {
	x = axis{log: c.LogX, low: math.Inf(1), top: math.Inf(-1), from: left, to: width - right}
	y = axis{log: c.LogY, low: math.Inf(1), top: math.Inf(-1), from: height - bottom, to: top}
	for _, l := range c.Lines {
		for i := range l.X {
			if c.drawn(l.X[i], l.Y[i]) {
				x.low, x.top = min(x.low, l.X[i]), max(x.top, l.X[i])
				y.low, y.top = min(y.low, l.Y[i]), max(y.top, l.Y[i])
				ok = true
			}
		}
	}
	for _, a := range []*axis{&x, &y} {
		if a.log && a.top < a.low*2 {
			a.low, a.top = a.low/2, a.top*2
		} else if !a.log && a.top <= a.low {
			a.low, a.top = a.low-1, a.top+1
		}
	}
	return x, y, ok
}

// drawn reports whether a point has a place: it is finite, and above 0 on a logarithmic axis.
func (c *Chart) drawn(x, y float64) bool {
	return !math.IsNaN(x+y) && !math.IsInf(x+y, 0) && (!c.LogX || x > 0) && (!c.LogY || y > 0)
}

// Number writes a label of an axis.
func Number(v float64) string {
	if a := math.Abs(v); a != 0 && (a >= 1e5 || a < 1e-3) {
		return strings.Replace(strconv.FormatFloat(v, 'e', 0, 64), "e-0", "e-", 1)
	}
	return strconv.FormatFloat(math.Round(v*1e4)/1e4+0, 'f', -1, 64) // + 0: no minus before a zero
}

// SVG draws the chart, "" without a point.
func (c *Chart) SVG() string {
	x, y, ok := c.axes()
	if !ok {
		return ""
	}
	var s strings.Builder
	fmt.Fprintf(&s, `<svg class="lines" viewBox="0 0 %d %d" aria-hidden="true" focusable="false">`, width, height)
	for _, v := range y.ticks() {
		fmt.Fprintf(&s, `<path class="grid" d="M%d %.1fH%d"/><text class="tick" x="%d" y="%.1f" text-anchor="end">%s</text>`, left, y.at(v), width-right, left-5, y.at(v)+3.5, Number(v))
	}
	for _, v := range x.ticks() {
		fmt.Fprintf(&s, `<text class="tick" x="%.1f" y="%d" text-anchor="middle">%s</text>`, x.at(v), height-bottom+14, Number(v))
	}
	fmt.Fprintf(&s, `<text class="axis" x="%d" y="%d">%s</text>`, left-40, top-9, html.EscapeString(c.YTitle))
	fmt.Fprintf(&s, `<text class="axis" x="%d" y="%d" text-anchor="end">%s</text>`, width-right, height-4, html.EscapeString(c.XTitle))
	var taken []float64
	for _, l := range c.Lines {
		c.line(&s, l, x, y, &taken)
	}
	return s.String() + "</svg>"
}

// line draws a line and its name beside its end, moved to where there is room.
func (c *Chart) line(s *strings.Builder, l Line, x, y axis, taken *[]float64) {
	var d strings.Builder
	verb, endX, endY := byte('M'), 0.0, 0.0
	every := max(1, len(l.X)/400)
	for i := range l.X {
		if !c.drawn(l.X[i], l.Y[i]) || i%every != 0 && i != len(l.X)-1 {
			continue
		}
		endX, endY = x.at(l.X[i]), y.at(l.Y[i])
		fmt.Fprintf(&d, "%c%.1f %.1f", verb, endX, endY)
		verb = 'L'
	}
	if verb == 'M' {
		return
	}
	class := "line " + l.Class
	if l.Dashed {
		class += " dashed"
	}
	fmt.Fprintf(s, `<path class="%s" d="%s"/>`, html.EscapeString(class), d.String())
	if l.Dots {
		for i := range l.X {
			if c.drawn(l.X[i], l.Y[i]) {
				fmt.Fprintf(s, `<circle class="dot %s" cx="%.1f" cy="%.1f" r="3"/>`, html.EscapeString(l.Class), x.at(l.X[i]), y.at(l.Y[i]))
			}
		}
	}
	if l.Name == "" {
		return
	}
	at := free(*taken, endY)
	*taken = append(*taken, at)
	fmt.Fprintf(s, `<text class="name %s" x="%.1f" y="%.1f">%s</text>`, html.EscapeString(l.Class), width-right+6.0, at+4, html.EscapeString(l.Name))
}

// free is the place nearest to y with 12 units to each place that is taken.
func free(taken []float64, y float64) float64 {
	for shift := 0.0; shift < height; shift++ {
		for _, at := range []float64{y - shift, y + shift} {
			room := at >= top-4 && at <= height-bottom+6
			for _, t := range taken {
				room = room && math.Abs(t-at) >= 12
			}
			if room {
				return at
			}
		}
	}
	return y
}
