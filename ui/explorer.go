package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// Explorer is the state of the view "Model". All methods may be called from any goroutine; none blocks on the module.
type Explorer struct {
	inspector Inspector
	o         Options
	latest    *Latest[string]

	mu       sync.Mutex
	folder   string
	size     int64 // of a download; −1 unknown
	sized    bool
	loading  bool
	progress Progress
	loaded   *Loaded
	loads    int // counts: what an earlier load says is dropped
	failure  *Failure

	text        string
	found       *Inspection
	layer, head int
	heat        *Heat
	routes      []RoutingView
	picture     string // SVG of the model
}

// MaxTokens is how many tokens of a text are shown; the maps of longer ones could not be read.
const MaxTokens = 64

// NewExplorer returns the state of a view that was not opened yet.
func NewExplorer(i Inspector, o Options) *Explorer {
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Announce == nil {
		o.Announce = func(string) {}
	}
	e := &Explorer{inspector: i, o: o, folder: "\x00"}
	e.latest = NewLatest(func(ctx context.Context, text string) { e.Do("inspect", func() { e.inspect(ctx, text) }) })
	return e
}

// Do runs an event handler; a panic in it is shown instead of ending the page.
func (e *Explorer) Do(what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			e.fail(&Failure{Title: "The page met a fault of its own", Code: "internal", Text: fmt.Sprintf("%s: %v. Reload the page.", what, r)})
		}
	}()
	f()
}

func (e *Explorer) fail(f *Failure) {
	e.mu.Lock()
	e.failure = f
	e.mu.Unlock()
	e.o.Changed()
	e.o.Announce(f.Title + ". " + f.Text)
}

// Open takes the folder of an address: its parameter "folder", or the model of the search.
func (e *Explorer) Open(a Address) { e.Choose(a.Params.Get("folder")) }

// Choose makes folder the one to load and asks for its size. A model that is here already is shown at once.
func (e *Explorer) Choose(folder string) {
	folder = strings.TrimSpace(folder)
	e.mu.Lock()
	if folder == e.folder {
		e.mu.Unlock()
		return
	}
	e.folder, e.sized, e.failure = folder, false, nil
	cancel := e.loading
	e.loaded, e.found, e.heat, e.loading = nil, nil, nil, false
	e.loads++
	mine := e.loads
	e.mu.Unlock()
	if cancel {
		go e.Do("cancel", e.inspector.Cancel)
	}
	e.o.Changed()
	go e.Do("size", func() {
		n, err := e.inspector.Size(context.Background(), folder)
		e.mu.Lock()
		if e.loads != mine {
			e.mu.Unlock()
			return
		}
		e.size, e.sized = n, true
		e.mu.Unlock()
		switch {
		case err != nil:
			e.fail(failureOf("The folder could not be asked for its size", err))
		case n == 0:
			e.Load()
		}
		e.o.Changed()
	})
}

// Load loads the chosen folder unless that is under way or done.
func (e *Explorer) Load() {
	e.mu.Lock()
	if e.loading || e.loaded != nil {
		e.mu.Unlock()
		return
	}
	e.loading, e.failure, e.progress = true, nil, Progress{}
	mine, folder := e.loads, e.folder
	e.mu.Unlock()
	e.o.Changed()
	go e.Do("load", func() {
		loaded, err := e.inspector.Load(context.Background(), folder, func(p Progress) {
			e.mu.Lock()
			e.progress = p
			e.mu.Unlock()
			e.o.Changed()
		})
		e.mu.Lock()
		if e.loads != mine {
			e.mu.Unlock()
			return
		}
		e.loading = false
		if err == nil {
			e.loaded, e.picture = loaded, string(loaded.Model.SVG(false))
		}
		text := e.text
		e.mu.Unlock()
		if err != nil {
			f := failureOf("The model could not be loaded", err)
			f.Retry = RetryLoad
			e.fail(f)
			return
		}
		e.o.Changed()
		e.o.Announce("The model is ready: " + loaded.Model.Summary() + ".")
		if loaded.TakesText && text == "" {
			text = "The cat sat on the mat because it was tired."
		}
		if text != "" && loaded.TakesText {
			e.Inspect(text)
		}
	})
}

// Inspect runs a text through the model; an empty one clears what was shown.
func (e *Explorer) Inspect(text string) {
	text = cutQuery(text)
	e.mu.Lock()
	e.text, e.failure = text, nil
	ready := e.loaded != nil
	if text == "" {
		e.found, e.heat = nil, nil
	}
	e.mu.Unlock()
	switch {
	case text == "":
		e.latest.Cancel()
	case ready:
		e.latest.Submit(text)
	}
	e.o.Changed()
}

// Cancel stops a load; the model can be loaded again.
func (e *Explorer) Cancel() {
	e.mu.Lock()
	if !e.loading {
		e.mu.Unlock()
		return
	}
	e.loading = false
	e.loads++
	e.mu.Unlock()
	go e.Do("cancel", e.inspector.Cancel)
	e.o.Changed()
	e.o.Announce("Loading was cancelled.")
}

var errShape = errors.New("the engine returned maps whose numbers do not fit their tokens")

func (e *Explorer) inspect(ctx context.Context, text string) {
	found, err := e.inspector.Inspect(ctx, text)
	if err == nil && !found.fits() {
		err = errShape
	}
	if err != nil {
		if !canceled(err) {
			e.fail(failureOf("The text could not be run", err))
		}
		return
	}
	e.mu.Lock()
	if e.text != text {
		e.mu.Unlock()
		return
	}
	e.found = found
	e.layer, e.head = min(e.layer, max(0, len(found.Attentions)-1)), min(e.head, max(0, found.Heads-1))
	e.look()
	e.routes = routingViews(found)
	said := ""
	if e.heat != nil {
		said = e.heat.Summary
	}
	e.mu.Unlock()
	e.o.Changed()
	e.o.Announce(said)
}

// Look chooses the layer and head whose map is shown; head −1 is the mean of all.
func (e *Explorer) Look(layer, head int) {
	e.mu.Lock()
	if e.found == nil || layer < 0 || layer >= len(e.found.Attentions) || head < -1 || head >= e.found.Heads {
		e.mu.Unlock()
		return
	}
	e.layer, e.head = layer, head
	e.look()
	said := e.heat.Summary
	e.mu.Unlock()
	e.o.Changed()
	e.o.Announce(said)
}

// look makes the map of the chosen layer and head; e.mu is held.
func (e *Explorer) look() {
	e.heat = nil
	if x := e.found; e.layer < len(x.Attentions) && len(x.Labels) > 0 && x.Heads > 0 {
		e.heat = NewHeat(x.Labels, x.Attentions[e.layer], x.Heads, e.layer, e.head)
	}
}

// TryAgain repeats a load that failed.
func (e *Explorer) TryAgain() {
	e.mu.Lock()
	e.failure = nil
	e.mu.Unlock()
	e.Load()
}
