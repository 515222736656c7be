//go:build js && wasm

package main

import (
	"context"
	"errors"
	"syscall/js"
	"time"

	"github.com/vugu/vugu"

	"github.com/lodestone-wasm/lodestone/ui"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/wasm/app/wire"
)

// page is the document. It is the host.Host of the views.
type page struct {
	root   *ui.Root
	dirty  chan struct{}
	breath time.Time // when the browser last had the main thread

	document, window, live js.Value
	announcement           host.Debounce
	filled                 map[filledKey]filled
}

var _ host.Host = (*page)(nil)

func newPage() *page {
	d := js.Global().Get("document")
	p := &page{root: &ui.Root{}, dirty: make(chan struct{}, 1), document: d, window: js.Global(), filled: map[filledKey]filled{}}
	p.live = p.byID("live")
	return p
}

func (p *page) byID(id string) js.Value { return p.document.Call("getElementById", id) }

// opened are the details elements that the reader has opened. Vugu removes attributes that are not its own, and "open" is the reader's.
func (p *page) opened() (all []js.Value) {
	list := p.document.Call("querySelectorAll", "#app details[open]")
	for i := range list.Length() {
		all = append(all, list.Index(i))
	}
	return all
}

// renderInterval is the shortest time between two renders that Redraw causes. An event of the reader is rendered at once.
const renderInterval = 40 * time.Millisecond

// renderOnRequest asks Vugu for a render after calls of Redraw.
func (p *page) renderOnRequest(env vugu.EventEnv) {
	for range p.dirty {
		env.Lock()
		env.UnlockRender()
		time.Sleep(renderInterval)
	}
}

// Redraw never blocks: a render that was requested already shows the newest state.
func (p *page) Redraw() {
	select {
	case p.dirty <- struct{}{}:
	default:
	}
}

// quiet is how long nothing newer must have been announced before screen readers are told.
const quiet = 700 * time.Millisecond

// Announce tells screen readers text once nothing newer has come for a while.
func (p *page) Announce(text string) {
	p.announcement.After(quiet, func() { p.Say(text) })
}

// Say tells screen readers text at once, instead of an announcement that waits.
func (p *page) Say(text string) {
	p.announcement.Stop()
	if p.live.Get("textContent").String() != text {
		p.live.Set("textContent", text)
	}
}

// Guard runs f and shows a panic in it on the page.
func (p *page) Guard(what string, f func()) {
	if fault := p.root.Guard(what, f); fault != nil {
		p.Redraw()
		p.Announce(fault.Sentence())
	}
}

// slice is how long a computation may hold the main thread.
const slice = 8 * time.Millisecond

// Pause lets the browser paint and handle input, if it could not for a while.
func (p *page) Pause() {
	if time.Since(p.breath) > slice {
		time.Sleep(time.Millisecond) // through the event loop; runtime.Gosched would not leave Go
		p.breath = time.Now()
	}
}

// Copy puts text on the clipboard.
func (p *page) Copy(text string) error {
	clipboard := p.window.Get("navigator").Get("clipboard")
	if !clipboard.Truthy() {
		return errors.New("this page may not use the clipboard; it needs https or localhost")
	}
	_, err := await(clipboard.Call("writeText", text))
	return err
}

// storage is the prefix of the names under which Store keeps texts.
const storage = "lodestone-"

// Store keeps a text in localStorage.
func (p *page) Store(name, text string) error {
	return try(func() {
		if text == "" {
			p.window.Get("localStorage").Call("removeItem", storage+name)
		} else {
			p.window.Get("localStorage").Call("setItem", storage+name, text)
		}
	})
}

// Stored returns what Store has kept; nothing where the browser denies storage.
func (p *page) Stored(name string) (text string) {
	_ = try(func() {
		if v := p.window.Get("localStorage").Call("getItem", storage+name); v.Type() == js.TypeString {
			text = v.String()
		}
	})
	return text
}

// try turns an exception of the browser into an error.
func try(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			exception, ok := r.(js.Error)
			if !ok {
				panic(r)
			}
			err = errors.New("the browser stores nothing here: " + exception.Value.Get("message").String())
		}
	}()
	f()
	return nil
}

// MoveFocus moves the keyboard focus to an element, if it is at another or that is "".
func (p *page) MoveFocus(from, to string) {
	if from != "" {
		if at := p.byID(from); !at.Truthy() || !at.Equal(p.document.Get("activeElement")) {
			return
		}
	}
	if el := p.byID(to); el.Truthy() {
		el.Call("focus")
	}
}

func (p *page) location() js.Value { return p.window.Get("location") }

// Navigate sets the fragment of the address, with an entry in the history.
func (p *page) Navigate(hash string) { p.location().Set("hash", hash) }

// Replace sets the fragment of the address, without an entry in the history.
func (p *page) Replace(hash string) {
	p.window.Get("history").Call("replaceState", nil, "", p.path()+hash)
}

// Link is the page's address with another fragment.
func (p *page) Link(hash string) string {
	return p.location().Get("origin").String() + p.path() + hash
}

func (p *page) path() string {
	return p.location().Get("pathname").String() + p.location().Get("search").String()
}

// PickFiles opens the file dialog.
func (p *page) PickFiles(take func([]host.File)) {
	input := p.document.Call("createElement", "input")
	input.Set("type", "file")
	input.Set("accept", "text/*,.txt,.md,.csv,.tsv,.srt,.log")
	input.Set("multiple", true)
	var changed js.Func
	changed = callback(func(js.Value) {
		p.Guard("file", func() { take(filesOf(input.Get("files"))) })
		changed.Release()
	})
	input.Call("addEventListener", "change", changed)
	input.Call("click")
}

// filesOf is a FileList.
func filesOf(list js.Value) []host.File {
	var files []host.File
	for i := range list.Length() {
		f := list.Index(i)
		files = append(files, host.File{Name: f.Get("name").String(), Size: int64(f.Get("size").Float()), Read: func() ([]byte, error) {
			buffer, err := await(f.Call("arrayBuffer"))
			if err != nil {
				return nil, err
			}
			return bytesOf(buffer), nil
		}})
	}
	return files
}

// Fetch returns a text file of this site.
func (p *page) Fetch(ctx context.Context, path string) (string, error) { return fetchText(ctx, path) }

func fetchText(ctx context.Context, path string) (string, error) {
	response, err := fetch(ctx, path, "GET")
	if err != nil {
		return "", err
	}
	if err := wire.Status(response.Get("status").Int(), path); err != nil {
		return "", err
	}
	text, err := await(response.Call("text"))
	if err != nil {
		return "", wire.Network(path, err)
	}
	return text.String(), nil
}

// errNoFile is the error of a file that the server does not have.
var errNoFile = errors.New("the server has no such file")

// fetchSize asks a server how large a file is, and returns 0 if it does not say.
func fetchSize(ctx context.Context, path string) (int64, error) {
	response, err := fetch(ctx, path, "HEAD")
	if err != nil {
		return 0, err
	}
	if response.Get("status").Int() == 404 {
		return 0, errNoFile
	}
	length := response.Get("headers").Call("get", "Content-Length")
	if !response.Get("ok").Bool() || length.IsNull() {
		return 0, nil
	}
	n := number.Invoke(length).Float()
	if !(n > 0) || n > 1<<40 {
		return 0, nil
	}
	return int64(n), nil
}

func fetch(ctx context.Context, path, method string) (js.Value, error) {
	abort, release := signal(ctx)
	defer release()
	response, err := await(js.Global().Call("fetch", path, map[string]any{"method": method, "signal": abort}))
	if err != nil {
		return response, wire.Network(path, err)
	}
	return response, nil
}
