//go:build js && wasm

package main

import (
	"errors"
	"strings"
	"syscall/js"
)

// boxes are the elements of a pane whose text is not Vugu's, which writes a text again on each render: boxes that a reader types into, and
// text that grows, of which the part that stays is not touched, so that a selection in it stays, too.
type boxes struct {
	page  *page
	typed map[string]func(text string) // by id: hears what is typed
}

// newBoxes listens to the boxes of typed.
func newBoxes(p *page, typed map[string]func(text string)) *boxes {
	p.on(p.byID("app").Get("parentNode"), "input", func(e js.Value) {
		target := e.Get("target")
		if f := typed[target.Get("id").String()]; f != nil {
			f(target.Get("value").String())
		}
	})
	return &boxes{page: p, typed: typed}
}

// put makes text what stands in a box. What stands there is not written again: a caret stays where it is, but one at the end stays at the
// end, and a box that shows its end goes on doing so.
func (b *boxes) put(id, text string) {
	box := b.page.byID(id)
	if !box.Truthy() {
		return
	}
	old := box.Get("value").String()
	rest, ok := strings.CutPrefix(text, old)
	switch {
	case ok && rest == "":
	case ok && old != "":
		n, height := box.Get("textLength").Int(), box.Get("scrollHeight").Int()
		mode := "preserve"
		if box.Get("selectionStart").Int() == n {
			mode = "end"
		}
		follows := height-box.Get("scrollTop").Int()-box.Get("clientHeight").Int() < 40
		box.Call("setRangeText", rest, n, n, mode)
		if follows {
			box.Set("scrollTop", box.Get("scrollHeight"))
		}
	default:
		box.Set("value", text)
	}
}

// putAway makes text what stands in a box once the reader has left it; until then, it may be half a number.
func (b *boxes) putAway(id, text string) {
	if box := b.page.byID(id); box.Truthy() && box.Get("value").String() != text && !box.Equal(b.page.document.Get("activeElement")) {
		box.Set("value", text)
	}
}

// fill makes text the content of an element; where it goes on from what is there, only the rest is added.
func (b *boxes) fill(id, text string) {
	host := b.page.byID(id)
	if !host.Truthy() {
		return
	}
	node := host.Get("firstChild")
	if !node.Truthy() {
		host.Set("textContent", text)
		return
	}
	old := node.Get("data").String()
	if rest, ok := strings.CutPrefix(text, old); ok {
		if rest != "" {
			node.Call("appendData", rest)
		}
		return
	}
	node.Set("data", text)
}

// copyText puts text on the clipboard; it is called from a click, which browsers ask for.
func copyText(text string) error {
	clipboard := js.Global().Get("navigator").Get("clipboard")
	if !clipboard.Truthy() {
		return errors.New("this page may not use the clipboard; it needs https or localhost")
	}
	clipboard.Call("writeText", text)
	return nil
}
