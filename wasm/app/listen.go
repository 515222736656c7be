//go:build js && wasm

package main

import (
	"strconv"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/ui"
	"github.com/lodestone-wasm/lodestone/ui/explore"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// on adds a listener for good. It must not block. A panic in it is shown on the page.
func (p *page) on(target js.Value, event string, f func(e js.Value)) {
	target.Call("addEventListener", event, callback(func(e js.Value) { p.Guard(event, func() { f(e) }) }))
}

// listen adds the listeners that are not Vugu's, takes what was typed before the program started, and shows the view of the address.
func (p *page) listen(v ui.Views, c *canvas) {
	query := p.byID("query")
	p.on(p.document, "input", func(e js.Value) {
		target := e.Get("target")
		p.typed(target.Get("id").String(), target)
	})
	p.on(p.byID("search"), "submit", func(e js.Value) {
		e.Call("preventDefault")
		p.typed("query", query)
	})
	p.on(p.window, "hashchange", func(js.Value) { p.showAddress() })
	p.listenDrop(v)
	p.listenHits(c)
	p.listenHeat(v.Explorer)

	if query.Get("value").String() != "" {
		v.Search.SetText(query.Get("value").String())
	}
	p.showAddress()
}

// showAddress shows the view that the page's address names.
func (p *page) showAddress() {
	p.root.Show(route.Parse(p.location().Get("hash").String()))
	p.Redraw()
}

// typed hands the text of a box to the view that has it.
func (p *page) typed(id string, box js.Value) {
	value := box.Get("value")
	if value.Type() != js.TypeString {
		return
	}
	text := value.String()
	p.known(id, box, text)
	if p.root.Type(id, text) {
		p.fill() // at once: the marks behind a box make it as high as its text
	}
}

// listenHits highlights the dot of a result that has the pointer or the focus.
func (p *page) listenHits(c *canvas) {
	app := p.byID("app").Get("parentNode") // Vugu may replace #app, but not its parent
	entry := func(e js.Value) js.Value { return e.Get("target").Call("closest", "[data-entry]") }
	enter := func(e js.Value) {
		if li := entry(e); li.Truthy() {
			id, _ := strconv.Atoi(li.Get("dataset").Get("entry").String())
			c.highlight(id)
		}
	}
	leave := func(e js.Value) {
		if entry(e).Truthy() {
			c.highlight(0)
		}
	}
	p.on(app, "pointerover", enter)
	p.on(app, "focusin", enter)
	p.on(app, "pointerout", leave)
	p.on(app, "focusout", leave)
}

// listenHeat marks the cell of the map of attention under the pointer or the keyboard.
func (p *page) listenHeat(x *explore.Explorer) {
	app := p.byID("app").Get("parentNode")
	p.on(app, "pointermove", func(e js.Value) {
		svg := e.Get("target").Call("closest", "#attention-map svg")
		if !svg.Truthy() {
			return
		}
		box := svg.Call("getBoundingClientRect")
		scale := svg.Get("viewBox").Get("baseVal").Get("width").Float() / box.Get("width").Float()
		x.Point((e.Get("clientX").Float()-box.Get("left").Float())*scale, (e.Get("clientY").Float()-box.Get("top").Float())*scale)
	})
	p.on(app, "keydown", func(e js.Value) {
		if e.Get("target").Get("id").String() == "attention-map" && x.Key(e.Get("key").String()) {
			e.Call("preventDefault")
		}
	})
}

// listenDrop takes text files that are dropped anywhere on the search.
func (p *page) listenDrop(v ui.Views) {
	veil := p.byID("drop")
	hasFiles := func(e js.Value) bool {
		return p.root.Current().Name == "search" && e.Get("dataTransfer").Get("types").Call("includes", "Files").Bool()
	}
	p.on(p.document, "dragover", func(e js.Value) {
		if hasFiles(e) {
			e.Call("preventDefault")
			veil.Set("hidden", false)
		}
	})
	p.on(p.document, "dragleave", func(e js.Value) {
		if !e.Get("relatedTarget").Truthy() { // the pointer has left the window
			veil.Set("hidden", true)
		}
	})
	p.on(p.document, "drop", func(e js.Value) {
		veil.Set("hidden", true)
		if hasFiles(e) {
			e.Call("preventDefault")
			v.Search.AddFiles(filesOf(e.Get("dataTransfer").Get("files")))
		}
	})
}
