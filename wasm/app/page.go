//go:build js && wasm

package main

import (
	"fmt"
	"strconv"
	"strings"
	"syscall/js"
	"time"

	"github.com/lodestone-wasm/lodestone/ui"
)

// page is the document: what components and listeners do with it. It is ui.Page.
type page struct {
	app      *ui.App
	root     *ui.Root
	canvas   *canvas
	drawings *drawings
	dirty    chan struct{}
	breath   time.Time // when the browser last had the main thread

	document, window js.Value
	query, live      js.Value
	hashTimer        *time.Timer
	liveTimer        *time.Timer
	draft            string // what stood in the box for own text when the search was left
	started          bool   // the search has been shown
}

func newPage() *page {
	d := js.Global().Get("document")
	return &page{
		dirty: make(chan struct{}, 1), document: d, window: js.Global(),
		query: d.Call("getElementById", "query"), live: d.Call("getElementById", "live"),
	}
}

func (p *page) byID(id string) js.Value { return p.document.Call("getElementById", id) }

// opened are the details that the reader has opened: Vugu takes the attributes away that are not its own, and this one is the reader's.
func (p *page) opened() (all []js.Value) {
	each(p.document.Call("querySelectorAll", "#app details[open]"), func(details js.Value) { all = append(all, details) })
	return all
}

// on listens for good. The handler must not block; a panic in it is shown on the page.
func (p *page) on(target js.Value, event string, f func(e js.Value)) {
	target.Call("addEventListener", event, js.FuncOf(func(_ js.Value, args []js.Value) any {
		p.app.Do(event, func() { f(args[0]) })
		return nil
	}))
}

func (p *page) listen() {
	p.on(p.query, "input", func(js.Value) { p.setQuery(p.query.Get("value").String()) })
	p.on(p.byID("search"), "submit", func(e js.Value) {
		e.Call("preventDefault")
		p.setQuery(p.query.Get("value").String())
	})
	p.on(p.window, "hashchange", func(e js.Value) {
		// The address may have been written over by the query before since this event was sent.
		_, fragment, _ := strings.Cut(e.Get("newURL").String(), "#")
		if p.hashTimer != nil {
			p.hashTimer.Stop()
		}
		if hash := "#" + fragment; fragment != "" && p.hash() != hash {
			p.writeHash(hash)
		}
		p.takeAddress()
	})
	p.listenDrop()
	app := p.byID("app").Get("parentNode") // Vugu may replace #app, not what holds it
	p.drawings.listen(app)
	point := func(e js.Value) {
		if li := e.Get("target").Call("closest", "[data-entry]"); li.Truthy() {
			id, _ := strconv.Atoi(li.Get("dataset").Get("entry").String())
			p.canvas.highlight(id)
		}
	}
	unpoint := func(e js.Value) {
		if e.Get("target").Call("closest", "[data-entry]").Truthy() {
			p.canvas.highlight(0)
		}
	}
	p.on(app, "pointerover", point)
	p.on(app, "focusin", point)
	p.on(app, "pointerout", unpoint)
	p.on(app, "focusout", unpoint)

	p.takeAddress()
}

func (p *page) hash() string { return p.window.Get("location").Get("hash").String() }

// takeAddress shows the pane that the page's address names.
func (p *page) takeAddress() {
	p.root.Show(ui.ParseAddress(p.hash()))
	p.changed()
}

// openSearch runs the query of an address. The first time it also starts what the search needs, and takes what was typed before.
func (p *page) openSearch(a ui.Address) {
	q := ui.QueryFromHash(a.Hash)
	typed := p.query.Get("value").String()
	first := !p.started
	p.started = true
	switch {
	case q != "" || a.Pane == "" && !first:
		p.query.Set("value", q)
		p.app.SetQuery(q)
	case first && typed != "":
		p.setQuery(typed)
	}
	if first {
		p.app.Start()
	}
}

// closeSearch keeps what stands in the box for own text, which goes with its element.
func (p *page) closeSearch() {
	if p.hashTimer != nil {
		p.hashTimer.Stop()
	}
	p.draft = p.byID("own-text").Get("value").String()
}

// putDraft brings the box's text back after the render that made the box again.
func (p *page) putDraft() {
	if box := p.byID("own-text"); p.draft != "" && box.Truthy() {
		box.Set("value", p.draft)
		p.draft = ""
	}
}

// setQuery runs q and, when the typing rests, writes it into the page's address.
func (p *page) setQuery(q string) {
	p.app.SetQuery(q)
	if p.hashTimer != nil {
		p.hashTimer.Stop()
	}
	p.hashTimer = time.AfterFunc(600*time.Millisecond, func() {
		p.app.Do("address", func() {
			p.writeHash(ui.HashForQuery(q))
		})
	})
}

// writeHash replaces the fragment of the page's address.
func (p *page) writeHash(hash string) {
	loc := p.window.Get("location")
	p.window.Get("history").Call("replaceState", nil, "", loc.Get("pathname").String()+loc.Get("search").String()+hash)
}

// Search puts q into the box and runs it.
func (p *page) Search(q string) {
	p.app.Do("search", func() {
		p.query.Set("value", q)
		p.setQuery(q)
	})
}

// announce speaks when nothing new has come for a while, so that typing is not talked over.
func (p *page) announce(text string) {
	if p.liveTimer != nil {
		p.liveTimer.Stop()
	}
	p.liveTimer = time.AfterFunc(700*time.Millisecond, func() { p.say(text) })
}

// say speaks at once, instead of what was about to be said.
func (p *page) say(text string) {
	if p.liveTimer != nil {
		p.liveTimer.Stop()
	}
	if p.live.Get("textContent").String() != text {
		p.live.Set("textContent", text)
	}
}

// AddOwnText adds what stands in the text box and empties it if that worked.
func (p *page) AddOwnText() {
	box := p.byID("own-text")
	if p.app.AddText("", box.Get("value").String()) == nil {
		box.Set("value", "")
	}
}

// PickFile opens the file dialogue.
func (p *page) PickFile() {
	input := p.document.Call("createElement", "input")
	input.Set("type", "file")
	input.Set("accept", "text/*,.txt,.md,.csv,.tsv,.srt,.log")
	input.Set("multiple", true)
	var changed js.Func
	changed = js.FuncOf(func(js.Value, []js.Value) any {
		p.app.Do("file", func() { p.addFiles(input.Get("files")) })
		changed.Release()
		return nil
	})
	input.Call("addEventListener", "change", changed)
	input.Call("click")
}

// FocusAfterRemoval keeps the keyboard's place when a pressed button vanishes.
func (p *page) FocusAfterRemoval() {
	if list := p.byID("sources"); list.Truthy() {
		list.Call("focus")
	}
}

// maxFiles is how many files one drop may bring.
const maxFiles = 10

func (p *page) addFiles(files js.Value) {
	n := min(files.Length(), maxFiles)
	for i := range n {
		f := files.Index(i)
		name, size := f.Get("name").String(), int64(f.Get("size").Float())
		go p.app.Do("file", func() {
			if size > ui.MaxTextBytes {
				p.app.AddFile(name, make([]byte, ui.MaxTextBytes+1)) // refused by its length, without reading it
				return
			}
			buffer, err := await(f.Call("arrayBuffer"))
			if err != nil {
				p.app.Refuse(fmt.Errorf("%s could not be read (%w); choose it again", name, err))
				return
			}
			view := js.Global().Get("Uint8Array").New(buffer)
			b := make([]byte, view.Length())
			js.CopyBytesToGo(b, view)
			p.app.AddFile(name, b)
		})
	}
}

// listenDrop takes text files dropped anywhere.
func (p *page) listenDrop() {
	veil := p.byID("drop")
	hasFiles := func(e js.Value) bool {
		if p.root.Current != "search" {
			return false
		}
		types := e.Get("dataTransfer").Get("types")
		for i := range types.Length() {
			if types.Index(i).String() == "Files" {
				return true
			}
		}
		return false
	}
	p.on(p.document, "dragover", func(e js.Value) {
		if hasFiles(e) {
			e.Call("preventDefault")
			veil.Set("hidden", false)
		}
	})
	p.on(p.document, "dragleave", func(e js.Value) {
		if !e.Get("relatedTarget").Truthy() { // the pointer left the window
			veil.Set("hidden", true)
		}
	})
	p.on(p.document, "drop", func(e js.Value) {
		veil.Set("hidden", true)
		if hasFiles(e) {
			e.Call("preventDefault")
			p.addFiles(e.Get("dataTransfer").Get("files"))
		}
	})
}
