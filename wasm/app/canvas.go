//go:build js && wasm

package main

import (
	"math"
	"strconv"
	"strings"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/ui/plot"
	"github.com/lodestone-wasm/lodestone/ui/search"
)

// canvas draws a plot.Map and hands it the events of pointer and keyboard.
type canvas struct {
	page   *page
	search *search.Search
	plot   plot.Map

	host, el, ctx, tip js.Value
	frame              js.Func
	queued             bool
	w, h               float64
	colours            map[string]string
}

func newCanvas(p *page, s *search.Search) *canvas {
	c := &canvas{page: p, search: s}
	c.frame = js.FuncOf(func(js.Value, []js.Value) any {
		c.queued = false
		p.Guard("map", c.draw)
		return nil
	})
	return c
}

// update takes the newest picture. It is called after each render.
func (c *canvas) update() {
	host := c.page.byID("map")
	if !host.Truthy() {
		return
	}
	if !c.el.Truthy() || !host.Equal(c.host) {
		c.attach(host)
	}
	if c.plot.Show(c.search.Picture(), c.now()) {
		c.request()
	}
}

// attach creates the canvas inside the element that Vugu leaves empty.
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
	c.tip.Call("setAttribute", "aria-hidden", "true") // screen readers are told by the live region
	host.Call("replaceChildren", c.el, c.tip)
	c.ctx = c.el.Call("getContext", "2d")
	c.readTheme()

	p := c.page
	p.on(c.el, "pointermove", func(e js.Value) { c.highlight(c.hit(e)) })
	p.on(c.el, "pointerleave", func(js.Value) { c.highlight(0) })
	p.on(c.el, "click", func(e js.Value) {
		id := c.hit(e)
		if c.plot.Click(id, e.Get("pointerType").String() == "touch") {
			c.searchFor(id)
		}
		c.request()
	})
	p.on(c.el, "focus", func(js.Value) {
		if c.el.Call("matches", ":focus-visible").Bool() {
			c.act(c.plot.Enter())
		}
	})
	p.on(c.el, "blur", func(js.Value) { c.highlight(0) })
	p.on(c.el, "keydown", func(e js.Value) {
		a := c.plot.Key(e.Get("key").String())
		c.act(a)
		if a.Handled {
			e.Call("preventDefault")
		}
	})

	observer := js.Global().Get("ResizeObserver").New(js.FuncOf(func(js.Value, []js.Value) any {
		p.Guard("map", c.resize)
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

func (c *canvas) act(a plot.Action) {
	if a.Say != "" {
		c.page.Say(a.Say)
	}
	if a.Search != 0 {
		c.searchFor(a.Search)
	}
	c.request()
}

func (c *canvas) searchFor(id int) { c.search.SetText(c.search.EntryText(id)) }

// hit returns the sentence under the pointer, 0 if there is none.
func (c *canvas) hit(e js.Value) int {
	return c.plot.Hit(e.Get("offsetX").Float(), e.Get("offsetY").Float())
}

func (c *canvas) highlight(id int) {
	if c.plot.Focus(id) {
		c.request()
	}
}

func (c *canvas) resize() {
	box := c.host.Call("getBoundingClientRect")
	c.w, c.h = box.Get("width").Float(), box.Get("height").Float()
	scale := math.Max(1, math.Min(3, js.Global().Get("devicePixelRatio").Float()))
	c.el.Set("width", int(c.w*scale))
	c.el.Set("height", int(c.h*scale))
	c.ctx.Call("setTransform", scale, 0, 0, scale, 0, 0)
	c.plot.Resize(c.w, c.h)
	c.request()
}

// readTheme takes the colours from the style sheet, which has them for light and for dark.
func (c *canvas) readTheme() {
	style := js.Global().Call("getComputedStyle", c.page.document.Get("documentElement"))
	c.colours = map[string]string{}
	for _, name := range plot.Colours {
		c.colours[name] = strings.TrimSpace(style.Call("getPropertyValue", "--"+name).String())
	}
	c.plot.Still = js.Global().Call("matchMedia", "(prefers-reduced-motion: reduce)").Get("matches").Bool()
}

func (c *canvas) now() float64 { return js.Global().Get("performance").Call("now").Float() }

func (c *canvas) request() {
	if !c.queued {
		c.queued = true
		js.Global().Call("requestAnimationFrame", c.frame)
	}
}

// draw paints one frame, and requests the next while something moves.
func (c *canvas) draw() {
	d := c.plot.Draw(c.now())
	c.ctx.Call("clearRect", 0, 0, c.w, c.h)
	if d.Empty != "" {
		c.text("14px system-ui, sans-serif")
		c.ctx.Set("fillStyle", c.colours["muted"])
		c.ctx.Set("globalAlpha", 1)
		c.ctx.Call("fillText", d.Empty, c.w/2, c.h/2)
	}
	labels := false // their style is set
	for _, m := range d.Marks {
		c.ctx.Set("globalAlpha", m.Alpha)
		switch {
		case m.Text != "":
			if !labels {
				c.labelStyle(m.Colour)
				labels = true
			}
			c.ctx.Call("strokeText", m.Text, m.X, m.Y)
			c.ctx.Call("fillText", m.Text, m.X, m.Y)
		case m.Width > 0:
			c.ctx.Set("strokeStyle", c.colours[m.Colour])
			c.ctx.Set("lineWidth", m.Width)
			c.ctx.Call("stroke", js.Global().Get("Path2D").New(m.Path))
		default:
			c.ctx.Set("fillStyle", c.colours[m.Colour])
			c.ctx.Call("fill", js.Global().Get("Path2D").New(m.Path))
		}
	}
	c.ctx.Set("globalAlpha", 1)
	c.drawTip(d.Tip)
	if d.Moving {
		c.request()
	}
}

func (c *canvas) text(font string) {
	c.ctx.Set("font", font)
	c.ctx.Set("textAlign", "center")
	c.ctx.Set("textBaseline", "middle")
}

// labelStyle is the style of the topics, which follow each other: a halo in the colour of the ground separates them from the dots.
func (c *canvas) labelStyle(colour string) {
	c.text("600 11px system-ui, sans-serif")
	c.ctx.Set("strokeStyle", c.colours["sunken"])
	c.ctx.Set("lineWidth", 4)
	c.ctx.Set("lineJoin", "round")
	c.ctx.Set("fillStyle", c.colours[colour])
}

// drawTip shows the text of the focused dot beside it.
func (c *canvas) drawTip(t *plot.Tip) {
	if t == nil {
		c.tip.Set("hidden", true)
		return
	}
	c.tip.Set("textContent", t.Text)
	c.tip.Set("lang", t.Lang)
	c.tip.Set("hidden", false)
	x, y := c.plot.PlaceTip(t.At, c.tip.Get("offsetWidth").Float(), c.tip.Get("offsetHeight").Float())
	style := c.tip.Get("style")
	style.Set("left", strconv.FormatFloat(x, 'f', 0, 64)+"px")
	style.Set("top", strconv.FormatFloat(y, 'f', 0, 64)+"px")
}
