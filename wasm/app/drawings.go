//go:build js && wasm

package main

import (
	"strconv"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/ui"
)

// drawings are the pictures of the view "Model", in elements that Vugu leaves empty, and the pointer and keyboard on the map of attention. It is ui.ModelPage.
type drawings struct {
	page     *page
	explorer *ui.Explorer

	shown map[string]drawing // by the id of the element
	q, k  int                // the cell under the pointer or the keyboard
	at    *ui.Heat           // the map that it belongs to
	asked string             // the folder that the box shows
}

type drawing struct {
	host js.Value
	svg  string
}

func newDrawings(p *page, e *ui.Explorer) *drawings {
	return &drawings{page: p, explorer: e, shown: map[string]drawing{}, asked: "\x00"}
}

// update fills the elements whose picture has changed; the loop calls it after every render.
func (d *drawings) update() {
	if d.page.root.Current != "model" {
		return
	}
	v := d.explorer.View()
	d.fill("model-picture", v.Picture)
	if v.Heat != nil {
		d.fill("attention-map", v.Heat.SVG)
	}
	for _, r := range v.Routing {
		d.fill(r.ID, r.SVG)
	}
	if box := d.page.byID("folder"); box.Truthy() && d.asked != v.Folder {
		d.asked = v.Folder
		box.Set("value", v.Folder)
	}
	if box := d.page.byID("inspect-text"); box.Truthy() && box.Get("value").String() == "" && v.Text != "" && !box.Equal(d.page.document.Get("activeElement")) {
		box.Set("value", v.Text)
	}
}

func (d *drawings) fill(id, svg string) {
	host := d.page.byID(id)
	if old := d.shown[id]; !host.Truthy() || old.svg == svg && host.Equal(old.host) && host.Get("firstChild").Truthy() {
		return
	}
	host.Set("innerHTML", svg)
	d.shown[id] = drawing{host, svg}
}

// listen takes what bubbles up from the view's forms and its map. app is what holds Vugu's element.
func (d *drawings) listen(app js.Value) {
	p := d.page
	p.on(app, "submit", func(e js.Value) {
		switch e.Get("target").Get("id").String() {
		case "folder-form":
			e.Call("preventDefault")
			d.ChooseFolder()
		case "text-form":
			e.Call("preventDefault")
			d.InspectText()
		}
	})
	p.on(app, "pointermove", func(e js.Value) {
		svg := e.Get("target").Call("closest", "#attention-map svg")
		if !svg.Truthy() {
			return
		}
		box := svg.Call("getBoundingClientRect")
		scale := svg.Get("viewBox").Get("baseVal").Get("width").Float() / box.Get("width").Float()
		x, y := (e.Get("clientX").Float()-box.Get("left").Float())*scale, (e.Get("clientY").Float()-box.Get("top").Float())*scale
		if h := d.explorer.View().Heat; h != nil {
			if q, k, ok := h.Cell(x, y); ok {
				d.mark(h, q, k, false)
			}
		}
	})
	p.on(app, "keydown", func(e js.Value) {
		if e.Get("target").Get("id").String() != "attention-map" {
			return
		}
		h := d.explorer.View().Heat
		step, ok := map[string][2]int{"ArrowUp": {-1, 0}, "ArrowDown": {1, 0}, "ArrowLeft": {0, -1}, "ArrowRight": {0, 1}}[e.Get("key").String()]
		if h == nil || !ok {
			return
		}
		e.Call("preventDefault")
		if d.at != h {
			d.mark(h, 0, 0, true)
			return
		}
		last := len(h.Labels) - 1
		d.mark(h, max(0, min(last, d.q+step[0])), max(0, min(last, d.k+step[1])), true)
	})
}

// mark frames a cell and says what it holds; aloud where the keyboard moved to it.
func (d *drawings) mark(h *ui.Heat, q, k int, aloud bool) {
	if d.at == h && d.q == q && d.k == k {
		return
	}
	d.at, d.q, d.k = h, q, k
	if frame := d.page.document.Call("querySelector", "#attention-map .mark"); frame.Truthy() {
		x, y := h.Place(q, k)
		frame.Call("setAttribute", "x", strconv.Itoa(x))
		frame.Call("setAttribute", "y", strconv.Itoa(y))
		frame.Call("setAttribute", "visibility", "visible")
	}
	if aloud {
		d.page.say(h.Share(q, k) + ".")
	}
	d.page.changed()
}

// HeatHint says what the marked cell holds.
func (d *drawings) HeatHint() string {
	h := d.explorer.View().Heat
	if h == nil {
		return ""
	}
	if d.at != h || d.q >= len(h.Labels) || d.k >= len(h.Labels) {
		return h.Summary
	}
	return h.Share(d.q, d.k) + "."
}

// ChooseFolder goes to the address of the folder in the box.
func (d *drawings) ChooseFolder() {
	folder := d.page.byID("folder").Get("value").String()
	d.asked = folder
	d.page.window.Get("location").Set("hash", ui.ModelHash(folder))
	d.explorer.Choose(folder)
}

// InspectText runs what stands in the box.
func (d *drawings) InspectText() {
	d.explorer.Inspect(d.page.byID("inspect-text").Get("value").String())
}
