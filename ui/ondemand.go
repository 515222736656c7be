package ui

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Loader fetches one model and holds it; in the page it is a folder of the site, loaded by the lodestone module.
type Loader interface {
	// Size is how many bytes loading downloads, −1 if nobody knows.
	Size(ctx context.Context) (int64, error)
	// Load makes the model ready. Ending ctx ends it, and nothing of it stays. progress is called any number of times.
	Load(ctx context.Context, progress func(Progress)) error
}

// Generated is what a model wrote.
type Generated struct {
	Text   string
	Tokens int
	Took   time.Duration
}

// OnDemand is a model that a view needs and that is loaded when the reader says so, its size said before. Views that need the same model
// share one OnDemand, and with it one download and one handle. All methods may be called from any goroutine; none blocks on the loader.
type OnDemand struct {
	Key  string // in the ids of its elements: "translator"
	Name string // of its folder: "translator-magneto-en-de"
	What string // in sentences: "the translator"

	loader Loader
	o      Options

	mu       sync.Mutex
	asked    bool  // for its size
	size     int64 // 0 until its server has said it, −1 if it does not
	cancel   context.CancelFunc
	loads    int // counts: what an earlier load says is dropped
	progress Progress
	ready    bool
	took     time.Duration
	failure  *Failure
	waiting  []func()
}

// NewOnDemand returns a model that is not here yet. Of the options it uses Changed and Announce.
func NewOnDemand(key, name, what string, l Loader, o Options) *OnDemand {
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Announce == nil {
		o.Announce = func(string) {}
	}
	return &OnDemand{Key: key, Name: name, What: what, loader: l, o: o}
}

// Ask asks for the model's size; a view does when it is opened. Nothing is loaded.
func (m *OnDemand) Ask() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.asked || m.ready {
		return
	}
	m.asked = true
	go func() {
		n, err := m.loader.Size(context.Background())
		if err != nil {
			n = -1 // why it cannot be had is said when it is loaded
		}
		m.mu.Lock()
		m.size, m.asked = n, n > 0 // a server that did not answer is asked again
		m.mu.Unlock()
		m.o.Changed()
	}()
}

// Load loads the model, unless that is under way or done.
func (m *OnDemand) Load() {
	m.mu.Lock()
	if m.cancel != nil || m.ready {
		m.mu.Unlock()
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.loads++
	mine := m.loads
	m.cancel, m.failure, m.progress = cancel, nil, Progress{}
	m.mu.Unlock()
	m.o.Changed()
	m.o.Announce("Loading " + m.What + ".")
	go m.run(ctx, mine)
}

func (m *OnDemand) run(ctx context.Context, mine int) {
	begin := time.Now()
	err := error(&EngineError{"internal", "loading ended without an answer; reload the page"})
	defer func() {
		if r := recover(); r != nil {
			err = &EngineError{"internal", fmt.Sprintf("%v; reload the page", r)}
		}
		m.end(mine, time.Since(begin), err)
	}()
	err = m.loader.Load(ctx, func(p Progress) {
		m.mu.Lock()
		if m.loads == mine {
			m.progress = p
		}
		m.mu.Unlock()
		m.o.Changed()
	})
}

// end takes what came of a load, unless it was cancelled.
func (m *OnDemand) end(mine int, took time.Duration, err error) {
	m.mu.Lock()
	if m.loads != mine {
		m.mu.Unlock()
		return
	}
	m.cancel()
	m.cancel = nil
	var then []func()
	said := ""
	switch {
	case err == nil:
		m.ready, m.took = true, took
		then, m.waiting = m.waiting, nil
		said = capital(m.What) + " is ready."
	case !canceled(err):
		m.failure = failureOf(capital(m.What)+" could not be loaded", err)
		said = m.failure.Title + ". " + m.failure.Text
	}
	m.mu.Unlock()
	m.o.Changed()
	m.o.Announce(said)
	for _, f := range then {
		f()
	}
}

// Cancel stops a load; the model can be loaded again.
func (m *OnDemand) Cancel() {
	m.mu.Lock()
	if m.cancel == nil {
		m.mu.Unlock()
		return
	}
	m.cancel()
	m.cancel = nil
	m.loads++
	m.mu.Unlock()
	m.o.Changed()
	m.o.Announce("Loading was cancelled.")
}

// Press does what the one button of the model does now: it loads, cancels or tries again.
func (m *OnDemand) Press() {
	m.mu.Lock()
	loading := m.cancel != nil
	m.mu.Unlock()
	if loading {
		m.Cancel()
	} else {
		m.Load()
	}
}

// Ready tells whether the model is here.
func (m *OnDemand) Ready() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ready
}

// WhenReady calls f once, when the model is here; at once if it is. It does not load it.
func (m *OnDemand) WhenReady(f func()) {
	m.mu.Lock()
	if !m.ready {
		m.waiting = append(m.waiting, f)
		m.mu.Unlock()
		return
	}
	m.mu.Unlock()
	f()
}

// OnDemandView is what a view shows of a model.
type OnDemandView struct {
	Key     string
	Text    string // what it is, or how much of it has come
	Verb    string // what the button does
	Loading bool
	Percent int // −1 while the size is unknown
	Ready   bool
	Failure *Failure
	Card    string // the address of its card
}

// View returns what is to be shown now.
func (m *OnDemand) View() OnDemandView {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := OnDemandView{Key: m.Key, Loading: m.cancel != nil, Percent: -1, Ready: m.ready, Failure: m.failure, Card: "./models/" + m.Name + "/MODEL_CARD.md"}
	size := ""
	if m.size > 0 {
		size = ", " + Bytes(m.size)
	}
	switch p := m.progress; {
	case m.ready:
		v.Text = capital(m.What) + " is here" + size + ", loaded in " + Duration(m.took) + "."
	case v.Loading:
		v.Verb = "Cancel"
		v.Text = "Loading " + m.What
		if p.Total > 0 {
			v.Percent = int(min(p.Loaded, p.Total) * 100 / p.Total)
			v.Text += " " + Bytes(p.Loaded) + " of " + Bytes(p.Total)
		} else if p.Loaded > 0 {
			v.Text += " " + Bytes(p.Loaded)
		}
	default:
		v.Verb = "Load " + m.What + size
		if m.failure != nil {
			v.Verb = "Try again"
		}
		v.Text = capital(m.What) + " is fetched once, from this site, and runs in this page."
		if m.size < 0 {
			v.Text += " Its server does not say how large it is."
		}
	}
	return v
}

// capital writes s, which begins with an ASCII letter, as the beginning of a sentence.
func capital(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// ModelLoad is the component of a model that is loaded on demand: one button that loads, cancels or tries again and keeps the keyboard's
// place meanwhile, a bar, and what went wrong. It takes a copy of the model's state per render.
type ModelLoad struct {
	Model *OnDemand
	View  OnDemandView
}

// Compute takes the state of this render.
func (c *ModelLoad) Compute() { c.View = c.Model.View() }

// ID is the id of one of the elements; a view may show several models.
func (c *ModelLoad) ID(part string) string { return part + "-" + c.Model.Key }

// Class is the button's: loading is what a reader came for, cancelling is not.
func (c *ModelLoad) Class() string {
	if c.View.Loading {
		return "button quiet"
	}
	return "button"
}
