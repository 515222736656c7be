package host

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/format"
)

// Loader fetches one model. In the page it is a folder of the site that the lodestone module loads.
type Loader interface {
	// Size is how many bytes a load downloads: 0 if the model is loaded already, −1 if the server does not say.
	Size(ctx context.Context) (int64, error)
	// Load makes the model ready. When ctx ends the load stops and its memory is freed. progress is called any number of times.
	Load(ctx context.Context, progress func(Progress)) error
}

// Progress is how much of a model has arrived, in bytes. Total is 0 while it is unknown.
type Progress struct{ Loaded, Total int64 }

// Percent is −1 while the total is unknown.
func (p Progress) Percent() int {
	if p.Total <= 0 {
		return -1
	}
	return int(min(p.Loaded, p.Total) * 100 / p.Total)
}

// String is "3.1 MB of 7.9 MB", "3.1 MB" while the total is unknown, and empty before the first byte.
func (p Progress) String() string {
	switch {
	case p.Total > 0:
		return format.Bytes(p.Loaded) + " of " + format.Bytes(p.Total)
	case p.Loaded > 0:
		return format.Bytes(p.Loaded)
	}
	return ""
}

// ErrNoFolder is the error of Loader.Size for a folder that the server does not have.
var ErrNoFolder = errors.New("there is no such folder")

// ModelState is a model at one moment.
type ModelState struct {
	Sized    bool  // the server has answered how large the model is
	Size     int64 // bytes to download, −1 if the server does not say
	Missing  bool  // there is no such folder
	Loading  bool
	Progress Progress
	Ready    bool
	Took     time.Duration // of the load
	Failure  *Failure
	Scores   string // see Model.Scores
}

// Model is a model that a view needs. Views that need the same model share one Model, and with it one download and one worker.
// All methods may be called from any goroutine; none blocks on the loader. Set the exported fields before the first call.
type Model struct {
	Key  string // part of the ids of its elements: "translator"
	Name string // of its folder under models/: "translator-magneto-en-de"
	What string // its name in sentences: "the translator"
	// Silent leaves out the announcement that a load begins, for a load that the reader did not request.
	Silent bool
	// Scores, if set, takes the model's quality out of the text of its card, in words. Ask then fetches the card.
	Scores func(card string) string
	// Sized, if set, is called with each answer about the size.
	Sized func(bytes int64, err error)

	host   Host
	loader Loader

	mu      sync.Mutex
	asked   bool // for its size
	carded  bool // asked for its card
	state   ModelState
	cancel  context.CancelFunc
	loads   int // counts loads and cancellations: what an earlier load reports is dropped
	waiting []func()
}

// NewModel returns a model that is not loaded.
func NewModel(h Host, l Loader, key, name, what string) *Model {
	return &Model{Key: key, Name: name, What: what, host: h, loader: l}
}

// Card is the path of the model's card.
func (m *Model) Card() string { return "./models/" + m.Name + "/MODEL_CARD.md" }

// Ask asks the server for the size of the model, and for its card if Scores is set. It loads nothing.
func (m *Model) Ask() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.asked && !m.state.Ready {
		m.asked = true
		go m.askSize()
	}
	if m.Scores != nil && !m.carded {
		m.carded = true
		go m.askCard()
	}
}

func (m *Model) askSize() {
	n, err := m.loader.Size(context.Background())
	if err != nil {
		n = -1
	}
	m.mu.Lock()
	m.state.Sized, m.state.Size, m.state.Missing = true, n, errors.Is(err, ErrNoFolder)
	m.asked = n >= 0 // a server that did not answer is asked again
	sized := m.Sized
	m.mu.Unlock()
	if sized != nil {
		sized(n, err)
	}
	m.host.Redraw()
}

func (m *Model) askCard() {
	card, err := m.host.Fetch(context.Background(), m.Card())
	m.mu.Lock()
	m.carded = err == nil // without a card the page shows only the link to it
	m.state.Scores = m.Scores(card)
	m.mu.Unlock()
	m.host.Redraw()
}

// Load loads the model, unless it is loaded or loading.
func (m *Model) Load() {
	m.mu.Lock()
	if m.cancel != nil || m.state.Ready {
		m.mu.Unlock()
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.loads++
	mine := m.loads
	m.cancel = cancel
	m.state.Loading, m.state.Failure, m.state.Progress = true, nil, Progress{}
	m.mu.Unlock()
	m.host.Redraw()
	if !m.Silent {
		m.host.Say("Loading " + m.What + ".")
	}
	go m.run(ctx, mine)
}

func (m *Model) run(ctx context.Context, mine int) {
	begin := time.Now()
	err := Try(func() error {
		return m.loader.Load(ctx, func(p Progress) {
			m.mu.Lock()
			if m.loads == mine {
				m.state.Progress = p
			}
			m.mu.Unlock()
			m.host.Redraw()
		})
	})
	m.end(mine, time.Since(begin), err)
}

// end takes the outcome of a load, unless the load was cancelled.
func (m *Model) end(mine int, took time.Duration, err error) {
	m.mu.Lock()
	if m.loads != mine {
		m.mu.Unlock()
		return
	}
	m.cancel()
	m.cancel = nil
	m.state.Loading = false
	var ready []func()
	said := ""
	switch {
	case err == nil:
		m.state.Ready, m.state.Took = true, took
		ready, m.waiting = m.waiting, nil
		said = capital(m.What) + " is ready."
	case !Canceled(err):
		m.state.Failure = FailureOf(capital(m.What)+" could not be loaded", err)
		said = m.state.Failure.Sentence()
	}
	m.mu.Unlock()
	m.host.Redraw()
	if said != "" {
		m.host.Say(said)
	}
	for _, f := range ready {
		f()
	}
}

// Cancel stops a load and says so. The model can be loaded again.
func (m *Model) Cancel() {
	if m.stop() {
		m.host.Redraw()
		m.host.Say("Loading was cancelled.")
	}
}

// Drop stops a load silently and drops the functions that wait for it. The view does not need the model any more.
func (m *Model) Drop() {
	m.stop()
	m.mu.Lock()
	m.waiting = nil
	m.mu.Unlock()
}

// stop stops a load and reports whether there was one.
func (m *Model) stop() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cancel == nil {
		return false
	}
	m.cancel()
	m.cancel = nil
	m.state.Loading = false
	m.loads++
	return true
}

// Press is the model's one button: it loads, cancels or tries again.
func (m *Model) Press() {
	if m.State().Loading {
		m.Cancel()
	} else {
		m.Load()
	}
}

// Ready reports whether the model is loaded.
func (m *Model) Ready() bool { return m.State().Ready }

// State returns the model at this moment.
func (m *Model) State() ModelState {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

// WhenReady calls f once the model is loaded, or at once if it is. It does not load the model.
func (m *Model) WhenReady(f func()) {
	m.mu.Lock()
	if !m.state.Ready {
		m.waiting = append(m.waiting, f)
		m.mu.Unlock()
		return
	}
	m.mu.Unlock()
	f()
}

// FocusWhenReady moves the keyboard focus from the model's button, which disappears once the model is loaded, to the box that the model
// was loaded for.
func (m *Model) FocusWhenReady(box string) {
	m.WhenReady(func() { m.host.MoveFocus(m.ID("load"), box) })
}

// ID is the id of one of the model's elements: "load", "what", "bar" or "fault".
func (m *Model) ID(part string) string { return part + "-" + m.Key }

// ModelView is a model as a view shows it.
type ModelView struct {
	Key     string
	Text    string // what the model is, or how much of it has arrived
	Verb    string // of its button
	Loading bool
	Percent int // −1 while the total is unknown
	Ready   bool
	Failure *Failure
	Card    string // path of its card
	Scores  string
}

// View returns the model as it is to be shown now.
func (m *Model) View() ModelView {
	s := m.State()
	v := ModelView{Key: m.Key, Loading: s.Loading, Percent: -1, Ready: s.Ready, Failure: s.Failure, Card: m.Card(), Scores: s.Scores}
	size := ""
	if s.Size > 0 {
		size = ", " + format.Bytes(s.Size)
	}
	switch what := capital(m.What); {
	case s.Ready:
		v.Text = what + " is ready" + size + ", loaded in " + format.Duration(s.Took) + "."
	case s.Loading:
		v.Verb = "Cancel"
		v.Percent = s.Progress.Percent()
		v.Text = "Loading " + m.What
		if p := s.Progress.String(); p != "" {
			v.Text += " " + p
		}
	default:
		v.Verb = "Load " + m.What + size
		if s.Failure != nil {
			v.Verb = "Try again"
		}
		v.Text = what + " is downloaded once and runs in this page."
		if s.Size < 0 {
			v.Text += " The server does not say how large it is."
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

// Generated is the outcome of a generation.
type Generated struct {
	Text   string
	Tokens int
	Took   time.Duration
}
