package explore

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/lodestone-wasm/lodestone/models/describe"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// Opener opens model folders.
type Opener interface {
	// Folder returns a folder of this site, which is not loaded yet. "" is the model of the search.
	Folder(folder string) Folder
}

// Folder is a model folder.
type Folder interface {
	host.Loader
	// Loaded describes the model once it is loaded.
	Loaded() *Loaded
	// Inspect runs a text, or token ids if the model has no tokenizer. When ctx ends, the call ends.
	Inspect(ctx context.Context, text string) (*Inspection, error)
	// Close frees the model. The model of the search stays.
	Close()
}

// Loaded is a loaded model.
type Loaded struct {
	Model     *describe.Description
	TakesText bool // false for a model without a tokenizer, which takes ids
	DType     string
}

// Explorer is the state of the view: one folder at a time. All methods may be called from any goroutine; none blocks on the module.
type Explorer struct {
	host   host.Host
	opener Opener
	latest *host.Latest[string]

	mu      sync.Mutex
	typed   string      // what the box for the folder holds
	folder  string      // the chosen one
	model   *host.Model // of the chosen folder, nil before the first
	engine  Folder
	loaded  *Loaded
	failure *host.Failure

	draft       string // what the box for the text holds
	text        string // the inspected text
	found       *Inspection
	layer, head int
	heat        *Heat
	cell        *cell
	routes      []RoutingView
	picture     string // SVG of the model
}

// cell is the place on the map under the pointer or the keyboard.
type cell struct{ q, k int }

// sample is the text that is inspected before the reader types one.
const sample = "The cat sat on the mat because it was tired."

// New returns the state before a folder was chosen.
func New(h host.Host, o Opener) *Explorer {
	e := &Explorer{host: h, opener: o}
	e.latest = host.NewLatest(e.inspect)
	return e
}

// Open chooses the folder of an address: its parameter "folder", or the model of the search.
func (e *Explorer) Open(a route.Address) { e.choose(a.Params.Get("folder")) }

// SetFolder takes the text of the box for the folder while it is being typed.
func (e *Explorer) SetFolder(text string) {
	e.mu.Lock()
	e.typed = text
	e.mu.Unlock()
}

// Choose chooses the folder in the box and makes it a part of the page's address.
func (e *Explorer) Choose() {
	e.mu.Lock()
	folder := strings.TrimSpace(e.typed)
	same := e.model != nil && folder == e.folder
	e.mu.Unlock()
	if !same {
		e.host.Navigate(route.Model(folder))
		e.choose(folder)
	}
}

// choose makes folder the one to load and asks for its size. A model that is loaded already is shown at once.
func (e *Explorer) choose(folder string) {
	folder = strings.TrimSpace(folder)
	e.mu.Lock()
	e.typed = folder
	old, engine := e.model, e.engine
	if old != nil && folder == e.folder {
		e.mu.Unlock()
		return
	}
	e.folder, e.failure, e.loaded, e.picture = folder, nil, nil, ""
	e.clear()
	e.engine = e.opener.Folder(folder)
	m := host.NewModel(e.host, e.engine, "model", folder, "the model")
	m.Silent = true
	m.Sized = func(n int64, err error) { e.sized(m, n, err) }
	m.WhenReady(func() { e.ready(m) })
	e.model = m
	e.mu.Unlock()
	if old != nil {
		old.Drop()
		engine.Close()
	}
	e.host.Redraw()
	m.Ask()
}

// clear drops what was found in a text. The caller holds e.mu.
func (e *Explorer) clear() { e.found, e.heat, e.cell, e.routes = nil, nil, nil, nil }

// sized takes the answer about the size of m.
func (e *Explorer) sized(m *host.Model, n int64, err error) {
	s := m.State()
	e.mu.Lock()
	current := e.model == m
	e.mu.Unlock()
	switch {
	case !current || s.Loading || s.Ready || s.Failure != nil:
	case err != nil:
		e.fail(host.FailureOf("The server could not be asked for the size of the folder", err))
	case n == 0:
		m.Load()
	}
}

func (e *Explorer) fail(f *host.Failure) {
	e.mu.Lock()
	e.failure = f
	e.mu.Unlock()
	e.host.Redraw()
	e.host.Announce(f.Sentence())
}

// Load loads the folder in the box, which need not have been chosen before.
func (e *Explorer) Load() {
	e.Choose()
	e.mu.Lock()
	e.failure = nil
	m := e.model
	e.mu.Unlock()
	if s := m.State(); !s.Loading && !s.Ready {
		e.host.Say("Loading the model.")
		m.Load()
	}
}

// Cancel stops a load. The model can be loaded again.
func (e *Explorer) Cancel() {
	e.mu.Lock()
	m := e.model
	e.mu.Unlock()
	if m != nil {
		m.Cancel()
	}
}

// ready shows the loaded model m.
func (e *Explorer) ready(m *host.Model) {
	e.mu.Lock()
	if e.model != m {
		e.mu.Unlock()
		return
	}
	e.loaded = e.engine.Loaded()
	e.failure, e.picture = nil, string(e.loaded.Model.SVG(false))
	text := e.text
	if e.loaded.TakesText && text == "" {
		text = sample
		if e.draft == "" {
			e.draft = sample
		}
	}
	takes, summary := e.loaded.TakesText, e.loaded.Model.Summary()
	e.mu.Unlock()
	e.host.Redraw()
	e.host.Announce("The model is ready: " + summary + ".")
	if takes {
		e.Inspect(text)
	}
}

// SetText takes the text of the box for the text while it is being typed.
func (e *Explorer) SetText(text string) {
	e.mu.Lock()
	e.draft = text
	e.mu.Unlock()
}

// Submit inspects the text in the box.
func (e *Explorer) Submit() {
	e.mu.Lock()
	text := e.draft
	e.mu.Unlock()
	e.Inspect(text)
}

// Inspect runs a text through the model. An empty text clears what was found.
func (e *Explorer) Inspect(text string) {
	text = route.Fold(text)
	e.mu.Lock()
	e.text, e.failure = text, nil
	loaded := e.loaded != nil
	if text == "" {
		e.clear()
	}
	e.mu.Unlock()
	switch {
	case text == "":
		e.latest.Cancel()
	case loaded:
		e.latest.Submit(text)
	}
	e.host.Redraw()
}

var errShape = errors.New("the engine returned maps whose numbers do not fit their tokens")

func (e *Explorer) inspect(ctx context.Context, text string) {
	e.mu.Lock()
	engine := e.engine
	e.mu.Unlock()
	var found *Inspection
	err := host.Try(func() (err error) {
		found, err = engine.Inspect(ctx, text)
		return err
	})
	if err == nil && !found.fits() {
		err = errShape
	}
	if err != nil {
		if !host.Canceled(err) {
			e.fail(host.FailureOf("The text could not be run", err))
		}
		return
	}
	e.mu.Lock()
	if e.text != text || e.engine != engine {
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
	e.host.Redraw()
	e.host.Announce(said)
}

// Look chooses the layer and the head whose map is shown. Head −1 is the mean of all heads.
func (e *Explorer) Look(layer, head int) {
	e.mu.Lock()
	if e.found == nil || layer < 0 || layer >= len(e.found.Attentions) || head < -1 || head >= e.found.Heads {
		e.mu.Unlock()
		return
	}
	e.layer, e.head = layer, head
	e.look()
	said := ""
	if e.heat != nil {
		said = e.heat.Summary
	}
	e.mu.Unlock()
	e.host.Redraw()
	e.host.Announce(said)
}

// look makes the map of the chosen layer and head. The caller holds e.mu.
func (e *Explorer) look() {
	e.heat, e.cell = nil, nil
	if x := e.found; e.layer < len(x.Attentions) && len(x.Labels) > 0 && x.Heads > 0 {
		e.heat = NewHeat(x.Labels, x.Attentions[e.layer], x.Heads, e.layer, e.head)
	}
}

// Point marks the cell under a point of the drawing, in its own units.
func (e *Explorer) Point(x, y float64) {
	e.mu.Lock()
	changed := false
	if e.heat != nil {
		if q, k, ok := e.heat.Cell(x, y); ok && (e.cell == nil || *e.cell != cell{q, k}) {
			e.cell, changed = &cell{q, k}, true
		}
	}
	e.mu.Unlock()
	if changed {
		e.host.Redraw()
	}
}

// steps are the moves of the arrow keys on the map, as query and key.
var steps = map[string]cell{"ArrowUp": {-1, 0}, "ArrowDown": {1, 0}, "ArrowLeft": {0, -1}, "ArrowRight": {0, 1}}

// Key moves the marked cell by an arrow key and tells screen readers what it holds. The first key marks the first cell. Key reports
// whether it handled the key.
func (e *Explorer) Key(key string) bool {
	step, ok := steps[key]
	e.mu.Lock()
	if e.heat == nil || !ok {
		e.mu.Unlock()
		return false
	}
	next := cell{}
	if e.cell != nil {
		last := len(e.heat.Labels) - 1
		next = cell{max(0, min(last, e.cell.q+step.q)), max(0, min(last, e.cell.k+step.k))}
	}
	e.cell = &next
	said := e.heat.Share(next.q, next.k) + "."
	e.mu.Unlock()
	e.host.Say(said)
	e.host.Redraw()
	return true
}
