//go:build js && wasm

package main

import (
	"strconv"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/ui/fill"
)

// filledKey is an element and a kind of content: a drawing may also have a frame.
type filledKey struct {
	id   string
	kind fill.Kind
}

// filled is the content of an element, as it was written or typed last.
type filled struct {
	el   js.Value
	fill fill.Fill
}

// fill writes the content of the current view that has changed, or whose element is new. It is called after each render.
func (p *page) fill() {
	for _, f := range p.root.Fills() {
		el := p.byID(f.ID)
		if !el.Truthy() {
			continue
		}
		key := filledKey{f.ID, f.Kind}
		if old, ok := p.filled[key]; ok && el.Equal(old.el) && f.Equal(old.fill) && (f.Kind != fill.SVG || el.Get("firstChild").Truthy()) {
			continue
		}
		if p.write(el, f) {
			p.filled[key] = filled{el, f}
		}
	}
}

// known records what the reader typed into a box: it is not written again.
func (p *page) known(id string, box js.Value, text string) {
	for _, kind := range []fill.Kind{fill.Value, fill.Number} {
		p.filled[filledKey{id, kind}] = filled{box, fill.Fill{ID: id, Kind: kind, Text: text}}
	}
}

// write writes content and reports whether it could.
func (p *page) write(el js.Value, f fill.Fill) bool {
	switch f.Kind {
	case fill.Value:
		writeValue(el, f.Text)
	case fill.Number:
		if el.Get("value").String() != f.Text {
			if el.Equal(p.document.Get("activeElement")) {
				return false // until the reader leaves the box
			}
			el.Set("value", f.Text)
		}
	case fill.Text:
		writeText(el, f.Text)
	case fill.Marks:
		el.Call("replaceChildren", p.marks(f))
	case fill.SVG:
		el.Set("innerHTML", f.Text)
		delete(p.filled, filledKey{f.ID, fill.Frame})
	case fill.Frame:
		frame := el.Call("querySelector", ".mark")
		if !frame.Truthy() {
			return false
		}
		visibility := "hidden"
		if f.Show {
			visibility = "visible"
		}
		for name, value := range map[string]string{"x": strconv.Itoa(f.X), "y": strconv.Itoa(f.Y), "visibility": visibility} {
			frame.Call("setAttribute", name, value)
		}
	}
	return true
}

// writeValue writes the value of a box. Text that grows is appended: a caret stays where it is, unless it is at the end, and a box that
// shows its end still does.
func writeValue(box js.Value, text string) {
	switch change, rest := fill.Between(box.Get("value").String(), text); change {
	case fill.Append:
		n, height := box.Get("textLength"), box.Get("scrollHeight").Int()
		if n.IsUndefined() { // an input has none
			box.Set("value", text)
			return
		}
		mode := "preserve"
		if box.Get("selectionStart").Int() == n.Int() {
			mode = "end"
		}
		follows := height-box.Get("scrollTop").Int()-box.Get("clientHeight").Int() < 40
		box.Call("setRangeText", rest, n, n, mode)
		if follows {
			box.Set("scrollTop", box.Get("scrollHeight"))
		}
	case fill.Replace:
		box.Set("value", text)
	}
}

// writeText writes the text of an element. Text that grows is appended, so that a selection stays.
func writeText(el js.Value, text string) {
	node := el.Get("firstChild")
	if !node.Truthy() {
		el.Set("textContent", text)
		return
	}
	switch change, rest := fill.Between(node.Get("data").String(), text); change {
	case fill.Append:
		node.Call("appendData", rest)
	case fill.Replace:
		node.Set("data", text)
	}
}

// marks is a text with marks in it. It lies behind the box that the reader types into. Both have the same style, so their lines break
// at the same places, and this one makes the box as high as its text.
func (p *page) marks(f fill.Fill) js.Value {
	nodes := p.document.Call("createDocumentFragment")
	for _, run := range f.Runs {
		if run.Label == "" {
			nodes.Call("append", run.Text)
			continue
		}
		el := p.document.Call("createElement", "mark")
		el.Get("dataset").Set("label", run.Label)
		el.Set("textContent", run.Text)
		nodes.Call("append", el)
	}
	nodes.Call("append", "\n") // otherwise an empty last line would have no height
	return nodes
}
