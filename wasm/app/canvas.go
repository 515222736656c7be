//go:build js && wasm

package main

import (
	"math"
	"strconv"
	"strings"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/ui"
	"github.com/lodestone-wasm/lodestone/ui/sentence"
	"github.com/lodestone-wasm/lodestone/ui/similar"
)

// canvas draws ui.Picture and lets pointer and keyboard walk over it. All lengths are CSS pixels.
type canvas struct {
	app  *ui.App
	page *page

	host, el, ctx, tip js.Value
	frame              js.Func
	queued             bool
	w, h               float64
	colours            map[string]string
	still              bool // prefers-reduced-motion

	pic   *ui.Picture
	at    []similar.Point       // places of pic.Dots in pixels, at this moment of the motion
	from  map[int]similar.Point // places in [-1, 1]² by sentence before the motion began
	begin float64               // time of the motion's begin, ms
	query motion
	focus int // sentence under the pointer or the keyboard, 0: none
	touch int // sentence that a finger touched last
}

// motion is a point on its way.
type motion struct {
	from, to similar.Point
	shown    bool
	begin    float64
}

const (
	margin  = 26.0
	radius  = 4.0
	reach   = 16.0  // how far from a dot the pointer still means it
	glide   = 360.0 // duration of a motion, ms
	tipSide = 12.0
)

func newCanvas(app *ui.App, p *page) *canvas {
	c := &canvas{app: app, page: p, pic: &ui.Picture{}}
	c.frame = js.FuncOf(func(js.Value, []js.Value) any {
		c.queued = false
		c.app.Do("map", func() { c.draw() })
		return nil
	})
	return c
}

// update takes the newest picture; the loop calls it after every render.
func (c *canvas) update() {
	host := c.page.byID("map")
	if !host.Truthy() {
		return
	}
	if !c.el.Truthy() || !host.Equal(c.host) {
		c.attach(host)
	}
	pic := c.app.Picture()
	if pic == c.pic {
		return
	}
	now := c.now()
	moved := len(pic.Dots) != len(c.pic.Dots) || len(pic.Dots) > 0 && pic.Dots[0] != c.pic.Dots[0]
	if moved {
		c.from = c.places(now)
		c.begin = now
	}
	if pic.Query != nil {
		start := *pic.Query
		if c.query.shown {
			start = c.query.at(now, c.still)
		}
		c.query = motion{start, *pic.Query, true, now}
	} else {
		c.query.shown = false
	}
	c.pic = pic
	if c.focus != 0 && pic.Find(c.focus) < 0 {
		c.focus = 0
	}
	c.request()
}

// attach makes the canvas inside the element that Vugu leaves empty.
func (c *canvas) attach(host js.Value) {
	d := c.page.document
	c.host = host
	c.el = d.Call("createElement", "canvas")
	for k, v := range map[string]string{
		"tabindex": "0", "role": "application", "aria-roledescription": "map", "aria-describedby": "map-text",
		"aria-label": "Map of the sentences. Arrow keys move from sentence to sentence, Enter searches for one.",
	} {
		c.el.Call("setAttribute", k, v)
	}
	c.tip = d.Call("createElement", "div")
	c.tip.Set("className", "tip")
	c.tip.Set("hidden", true)
	c.tip.Call("setAttribute", "aria-hidden", "true") // the live region says the same
	host.Call("replaceChildren", c.el, c.tip)
	c.ctx = c.el.Call("getContext", "2d")
	c.readTheme()

	p := c.page
	p.on(c.el, "pointermove", func(e js.Value) {
		id := c.hit(e)
		if id != c.focus {
			c.highlight(id)
		}
	})
	p.on(c.el, "pointerleave", func(js.Value) { c.highlight(0) })
	p.on(c.el, "click", func(e js.Value) {
		id := c.hit(e)
		if id == 0 {
			return
		}
		if e.Get("pointerType").String() == "touch" && c.touch != id { // a first touch shows, a second searches
			c.touch = id
			c.highlight(id)
			return
		}
		p.Search(c.app.EntryText(id))
	})
	p.on(c.el, "focus", func(js.Value) {
		if c.focus == 0 && c.el.Call("matches", ":focus-visible").Bool() {
			c.step(0, 0)
		}
	})
	p.on(c.el, "blur", func(js.Value) { c.highlight(0) })
	p.on(c.el, "keydown", c.key)

	observer := js.Global().Get("ResizeObserver").New(js.FuncOf(func(js.Value, []js.Value) any {
		c.app.Do("map", c.resize)
		return nil
	}))
	observer.Call("observe", host)
	for _, q := range []string{"(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)", "(forced-colors: active)"} {
		p.on(js.Global().Call("matchMedia", q), "change", func(js.Value) {
			c.readTheme()
			c.request()
		})
	}
	c.resize()
}

func (c *canvas) resize() {
	box := c.host.Call("getBoundingClientRect")
	c.w, c.h = box.Get("width").Float(), box.Get("height").Float()
	scale := math.Max(1, math.Min(3, js.Global().Get("devicePixelRatio").Float()))
	c.el.Set("width", int(c.w*scale))
	c.el.Set("height", int(c.h*scale))
	c.ctx.Call("setTransform", scale, 0, 0, scale, 0, 0)
	c.request()
}

// readTheme takes the colours from the style sheet, so that light and dark are defined in one place.
func (c *canvas) readTheme() {
	style := js.Global().Call("getComputedStyle", c.page.document.Get("documentElement"))
	c.colours = map[string]string{}
	for _, name := range []string{"en", "de", "fr", "other", "ink", "soft", "muted", "accent", "surface", "sunken"} {
		c.colours[name] = strings.TrimSpace(style.Call("getPropertyValue", "--"+name).String())
	}
	c.still = js.Global().Call("matchMedia", "(prefers-reduced-motion: reduce)").Get("matches").Bool()
}

func (c *canvas) now() float64 { return js.Global().Get("performance").Call("now").Float() }

func (c *canvas) request() {
	if !c.queued {
		c.queued = true
		js.Global().Call("requestAnimationFrame", c.frame)
	}
}

// ease is the share of a motion done after t of glide: fast first, then slower.
func ease(t float64, still bool) float64 {
	if still || t >= glide {
		return 1
	}
	if t <= 0 {
		return 0
	}
	u := 1 - t/glide
	return 1 - u*u*u
}

func mix(a, b similar.Point, t float64) similar.Point {
	return similar.Point{X: a.X + (b.X-a.X)*t, Y: a.Y + (b.Y-a.Y)*t}
}

func (m motion) at(now float64, still bool) similar.Point {
	return mix(m.from, m.to, ease(now-m.begin, still))
}

// places gives every dot's place in [-1, 1]² at time now.
func (c *canvas) places(now float64) map[int]similar.Point {
	t := ease(now-c.begin, c.still)
	out := make(map[int]similar.Point, len(c.pic.Dots))
	for _, d := range c.pic.Dots {
		out[d.ID] = c.place(d, t)
	}
	return out
}

func (c *canvas) place(d ui.Dot, t float64) similar.Point {
	if from, ok := c.from[d.ID]; ok {
		return mix(from, d.Point, t)
	}
	return mix(similar.Point{X: d.X * 0.6, Y: d.Y * 0.6}, d.Point, t) // a new dot comes from nearer the middle
}

// pixel maps [-1, 1]² to the canvas.
func (c *canvas) pixel(p similar.Point) similar.Point {
	return similar.Point{X: margin + (p.X+1)/2*(c.w-2*margin), Y: margin + (p.Y+1)/2*(c.h-2*margin)}
}

// hit returns the sentence under the pointer, 0 if none is near.
func (c *canvas) hit(e js.Value) int {
	x, y := e.Get("offsetX").Float(), e.Get("offsetY").Float()
	best, id := reach, 0
	for i, p := range c.at {
		if d := math.Hypot(p.X-x, p.Y-y); d < best && i < len(c.pic.Dots) {
			best, id = d, c.pic.Dots[i].ID
		}
	}
	return id
}

func (c *canvas) highlight(id int) {
	if id != c.focus {
		c.focus = id
		if id == 0 {
			c.touch = 0
		}
		c.request()
	}
}

func (c *canvas) key(e js.Value) {
	switch e.Get("key").String() {
	case "ArrowRight":
		c.step(1, 0)
	case "ArrowLeft":
		c.step(-1, 0)
	case "ArrowDown":
		c.step(0, 1)
	case "ArrowUp":
		c.step(0, -1)
	case "Home":
		c.focus = 0
		c.step(0, 0)
	case "Enter":
		if c.focus == 0 {
			return
		}
		c.page.Search(c.app.EntryText(c.focus))
	case "Escape":
		c.highlight(0)
		return
	default:
		return
	}
	e.Call("preventDefault")
}

// step moves the keyboard's place and says the sentence there.
func (c *canvas) step(dx, dy float64) {
	from := -1
	if c.focus != 0 {
		from = c.pic.Find(c.focus)
	}
	i := c.pic.Step(from, dx, dy)
	if i < 0 {
		c.page.say("The map is empty.")
		return
	}
	d := c.pic.Dots[i]
	c.highlight(d.ID)
	c.page.say(sentence.Name(d.Lang) + ": " + d.Text)
}

func (c *canvas) colour(lang string) string {
	if v := c.colours[lang]; v != "" {
		return v
	}
	return c.colours["other"]
}

// path collects shapes as SVG path text: one call draws all of one colour.
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

func (c *canvas) fill(p *path, colour string, alpha float64) {
	if p.Len() > 0 {
		c.ctx.Set("fillStyle", colour)
		c.ctx.Set("globalAlpha", alpha)
		c.ctx.Call("fill", js.Global().Get("Path2D").New(p.String()))
	}
}

func (c *canvas) stroke(p *path, colour string, alpha, width float64) {
	if p.Len() > 0 {
		c.ctx.Set("strokeStyle", colour)
		c.ctx.Set("globalAlpha", alpha)
		c.ctx.Set("lineWidth", width)
		c.ctx.Call("stroke", js.Global().Get("Path2D").New(p.String()))
	}
}

// draw paints one frame and asks for the next while something moves.
func (c *canvas) draw() {
	if c.w < 2*margin || c.h < 2*margin {
		return
	}
	now := c.now()
	t := ease(now-c.begin, c.still)
	c.at = c.at[:0]
	for _, d := range c.pic.Dots {
		c.at = append(c.at, c.pixel(c.place(d, t)))
	}
	c.ctx.Call("clearRect", 0, 0, c.w, c.h)

	if len(c.pic.Dots) == 0 {
		c.drawEmpty()
		return
	}
	active := c.query.shown
	c.drawKinLines(active)

	// The links of the query lie under the dots; the nearest is the strongest.
	result := map[int]bool{}
	var q similar.Point
	if active {
		q = c.pixel(c.query.at(now, c.still))
		for _, l := range c.pic.Links {
			var p path
			p.line(q, c.at[l.Dot])
			strength := math.Max(0.08, math.Min(1, (float64(l.Score)-0.4)/0.5))
			c.stroke(&p, c.colours["accent"], 0.75*strength, 0.8+1.4*strength)
			result[l.Dot] = true
		}
	}
	c.drawDots(active, result)
	c.drawLabels(active)
	if active {
		var halo, dot path
		halo.circle(q, 11)
		dot.circle(q, 6)
		c.fill(&halo, c.colours["accent"], 0.18)
		c.fill(&dot, c.colours["accent"], 1)
		c.stroke(&dot, c.colours["surface"], 1, 2)
	}
	c.drawFocus()
	c.ctx.Set("globalAlpha", 1)
	if t < 1 || active && ease(now-c.query.begin, c.still) < 1 {
		c.request()
	}
}

// drawEmpty says why nothing is drawn yet.
func (c *canvas) drawEmpty() {
	c.tip.Set("hidden", true)
	c.ctx.Set("font", "14px system-ui, sans-serif")
	c.ctx.Set("textAlign", "center")
	c.ctx.Set("textBaseline", "middle")
	c.ctx.Set("fillStyle", c.colours["muted"])
	c.ctx.Set("globalAlpha", 1)
	c.ctx.Call("fillText", "The map appears when the sentences are embedded", c.w/2, c.h/2)
}

// drawKinLines joins translations.
func (c *canvas) drawKinLines(active bool) {
	last := map[int]int{} // group: the dot seen last
	first := map[int]int{}
	var p path
	for i, d := range c.pic.Dots {
		if d.Group == 0 {
			continue
		}
		if j, ok := last[d.Group]; ok {
			p.line(c.at[j], c.at[i])
		} else {
			first[d.Group] = i
		}
		last[d.Group] = i
	}
	for g, i := range last {
		if i-first[g] > 1 {
			p.line(c.at[i], c.at[first[g]])
		}
	}
	alpha := 0.3
	if active {
		alpha = 0.18
	}
	c.stroke(&p, c.colours["muted"], alpha, 1)
}

func (c *canvas) drawLabels(active bool) {
	c.ctx.Set("font", "600 11px system-ui, sans-serif")
	c.ctx.Set("textAlign", "center")
	c.ctx.Set("textBaseline", "middle")
	c.ctx.Set("fillStyle", c.colours["soft"])
	c.ctx.Set("strokeStyle", c.colours["sunken"]) // a halo in the ground's colour keeps the dots off the letters
	c.ctx.Set("lineWidth", 4)
	c.ctx.Set("lineJoin", "round")
	c.ctx.Set("globalAlpha", map[bool]float64{false: 1, true: 0.7}[active])
	type box struct{ x, y, w float64 }
	var taken []box
	for _, l := range c.pic.Labels {
		text := strings.ToUpper(l.Text)
		at := c.pixel(l.Point)
		b := box{at.X, at.Y - 16, float64(len(text)) * 8.5}
		for tries := 0; tries < 12; tries++ { // a label moves down past those that stand there
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
		c.ctx.Call("strokeText", text, b.x, b.y)
		c.ctx.Call("fillText", text, b.x, b.y)
	}
}

func (c *canvas) drawDots(active bool, result map[int]bool) {
	quiet, loud := map[string]*path{}, map[string]*path{}
	for i, d := range c.pic.Dots {
		set, r := quiet, radius
		if result[i] {
			set, r = loud, radius+2
		}
		p := set[d.Lang]
		if p == nil {
			p = &path{}
			set[d.Lang] = p
		}
		p.circle(c.at[i], r)
	}
	alpha := 0.85
	if active {
		alpha = 0.38
	}
	for _, lang := range []string{"", "en", "de", "fr"} {
		if p := quiet[lang]; p != nil {
			c.fill(p, c.colour(lang), alpha)
		}
	}
	for _, lang := range []string{"", "en", "de", "fr"} {
		if p := loud[lang]; p != nil {
			c.fill(p, c.colour(lang), 1)
			c.stroke(p, c.colours["surface"], 1, 1.5)
		}
	}
}

// drawFocus rings the sentence under the pointer and its translations, and shows its text.
func (c *canvas) drawFocus() {
	i := -1
	if c.focus != 0 {
		i = c.pic.Find(c.focus)
	}
	if i < 0 {
		c.tip.Set("hidden", true)
		return
	}
	var ring, kin path
	ring.circle(c.at[i], radius+5)
	for _, j := range c.pic.Kin(i) {
		kin.line(c.at[i], c.at[j])
		kin.circle(c.at[j], radius+3)
	}
	c.stroke(&kin, c.colours["ink"], 0.6, 1.2)
	c.stroke(&ring, c.colours["ink"], 1, 2)

	d := c.pic.Dots[i]
	c.tip.Set("textContent", ui.Clip(d.Text, 140))
	c.tip.Set("lang", d.Lang)
	c.tip.Set("hidden", false)
	// Beside the dot, inside the map.
	w, h := c.tip.Get("offsetWidth").Float(), c.tip.Get("offsetHeight").Float()
	x := math.Max(4, math.Min(c.w-w-4, c.at[i].X-w/2))
	y := c.at[i].Y + tipSide
	if y+h > c.h-4 {
		y = c.at[i].Y - tipSide - h
	}
	style := c.tip.Get("style")
	style.Set("left", strconv.FormatFloat(x, 'f', 0, 64)+"px")
	style.Set("top", strconv.FormatFloat(y, 'f', 0, 64)+"px")
}
