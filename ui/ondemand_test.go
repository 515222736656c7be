package ui

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/staticrender"
)

// fakeLoader has a model of size bytes; a load waits for gate, if there is one, or for the end of its context.
type fakeLoader struct {
	size    int64
	sizeErr error
	loadErr error
	panics  bool
	gate    chan struct{}

	mu           sync.Mutex
	asked, loads int
}

func (f *fakeLoader) Size(context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	return f.size, f.sizeErr
}

func (f *fakeLoader) Load(ctx context.Context, progress func(Progress)) error {
	f.mu.Lock()
	f.loads++
	f.mu.Unlock()
	if f.panics {
		panic("a fault")
	}
	progress(Progress{Loaded: 3_000_000, Total: 12_000_000})
	if f.gate != nil {
		select {
		case <-f.gate:
		case <-ctx.Done():
			return &EngineError{"aborted", "the load was aborted"}
		}
	}
	return f.loadErr
}

func (f *fakeLoader) counts() (asked, loads int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked, f.loads
}

// heard collects what a screen reader hears.
type heard struct {
	mu   sync.Mutex
	said []string
}

func (h *heard) say(s string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, s)
}

func (h *heard) last() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.said) == 0 {
		return ""
	}
	return h.said[len(h.said)-1]
}

func (h *heard) heard(s string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.said, s)
}

// within waits until ok is true.
func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come", what)
		}
	}
}

func newDemand(l Loader, h *heard) *OnDemand {
	return NewOnDemand("translator", "translator-magneto-en-de", "the translator", l, Options{Announce: h.say})
}

// render builds a component as Vugu would hand it to a browser.
func render(t *testing.T, c vugu.Builder) string {
	t.Helper()
	build, err := vugu.NewBuildEnv()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := staticrender.New(&b).Render(build.RunBuild(c)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTheSizeOfAModelIsSaidBeforeItIsLoaded(t *testing.T) {
	f, h := &fakeLoader{size: 12_700_000, gate: make(chan struct{})}, &heard{}
	m := newDemand(f, h)
	if v := m.View(); v.Verb != "Load the translator" {
		t.Errorf("before its server has answered: %q", v.Verb)
	}
	m.Ask()
	within(t, "the size", func() bool { return m.View().Verb == "Load the translator, 12.7 MB" })
	m.Ask()
	if asked, loads := f.counts(); asked != 1 || loads != 0 {
		t.Errorf("asked %d times for its size and loaded %d times, expected 1 and 0", asked, loads)
	}
	contains(t, render(t, &ModelLoad{Model: m}), `id="load-translator"`, "Load the translator, 12.7 MB", "fetched once, from this site")

	ready := make(chan struct{}, 2)
	m.WhenReady(func() { ready <- struct{}{} })
	m.Press()
	m.Load() // one at a time
	within(t, "progress", func() bool { return m.View().Percent == 25 })
	contains(t, render(t, &ModelLoad{Model: m}), "Loading the translator 3.0 MB of 12.0 MB", `value="25"`, "Cancel", `aria-labelledby="what-translator"`)
	if len(ready) > 0 || m.Ready() {
		t.Error("ready before it is loaded")
	}
	close(f.gate)
	<-ready
	m.WhenReady(func() { ready <- struct{}{} }) // at once
	if len(ready) != 1 {
		t.Error("who asks later is not told that the model is ready")
	}
	if page := render(t, &ModelLoad{Model: m}); strings.Contains(page, "<button") || !strings.Contains(page, "The translator is here, 12.7 MB, loaded in") {
		t.Errorf("after loading: %s", page)
	}
	m.Load()
	m.Cancel()
	if _, loads := f.counts(); loads != 1 || !m.Ready() {
		t.Errorf("loaded %d times, ready: %t", loads, m.Ready())
	}
	if h.last() != "The translator is ready." {
		t.Errorf("a screen reader hears %q", h.last())
	}
}

func TestALoadOnDemandCanBeCancelledAndBegunAgain(t *testing.T) {
	f, h := &fakeLoader{size: 5, gate: make(chan struct{})}, &heard{}
	m := newDemand(f, h)
	m.WhenReady(func() { t.Log("ready") })
	m.Press()
	within(t, "progress", func() bool { return m.View().Percent == 25 })
	m.Press() // the same button
	if v := m.View(); v.Loading || v.Ready || v.Failure != nil || v.Verb != "Load the translator" {
		t.Errorf("after cancelling: %+v", v)
	}
	if h.last() != "Loading was cancelled." {
		t.Errorf("a screen reader hears %q", h.last())
	}
	close(f.gate)
	m.Press()
	within(t, "the model", m.Ready)
	if v := m.View(); v.Failure != nil {
		t.Errorf("the cancelled load left %+v", v.Failure)
	}
}

func TestALoadOnDemandThatFailsSaysWhyAndCanBeTriedAgain(t *testing.T) {
	for name, f := range map[string]*fakeLoader{
		"a refusal": {loadErr: &EngineError{"http_status", "got <status> 404 for config.json"}},
		"an error":  {loadErr: errors.New("got <status> 404 for config.json")},
		"a panic":   {panics: true},
	} {
		t.Run(name, func(t *testing.T) {
			f.size, f.sizeErr = -1, errors.New("no answer")
			h := &heard{}
			m := newDemand(f, h)
			m.Ask()
			within(t, "no size", func() bool { return strings.Contains(m.View().Text, "does not say how large") })
			m.Press()
			within(t, "a failure", func() bool { return m.View().Failure != nil })
			page := render(t, &ModelLoad{Model: m})
			contains(t, page, "The translator could not be loaded", "Try again")
			if !f.panics {
				contains(t, page, "got &lt;status&gt; 404 for config.json")
			}
			within(t, "the announcement", func() bool { return strings.HasPrefix(h.last(), "The translator could not be loaded. ") })
			f.loadErr, f.panics, f.size, f.sizeErr = nil, false, 5, nil
			m.Ask() // a server that said nothing is asked again
			within(t, "the size", func() bool { asked, _ := f.counts(); return asked == 2 })
			m.Press()
			within(t, "the model", m.Ready)
			if m.View().Failure != nil {
				t.Error("the failure stays")
			}
		})
	}
}
