// Package hosttest has a host.Host and a host.Loader for tests. The tests run in a bubble of testing/synctest, so that no test reads
// the real clock.
package hosttest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/host"
)

// Host records what the views ask of the page.
type Host struct {
	Texts   map[string]string // what Fetch returns, by path
	NoCopy  error             // what Copy returns
	NoStore error             // what Store returns
	Chosen  []host.File       // what PickFiles takes
	Address string            // the fragment
	FocusAt string            // the id of the element that has the focus

	mu      sync.Mutex
	said    []string
	copied  string
	kept    map[string]string
	visited []string // fragments that are entries of the history
}

var _ host.Host = (*Host)(nil)

func (h *Host) lock() func() {
	h.mu.Lock()
	return h.mu.Unlock
}

// Redraw does nothing: a test looks at the View.
func (h *Host) Redraw() {}

// Announce records what screen readers are told.
func (h *Host) Announce(text string) { h.Say(text) }

// Say records what screen readers are told.
func (h *Host) Say(text string) {
	defer h.lock()()
	h.said = append(h.said, text)
}

// Said reports whether screen readers were told text.
func (h *Host) Said(text string) bool {
	defer h.lock()()
	return slices.Contains(h.said, text)
}

// LastSaid is what screen readers were told last.
func (h *Host) LastSaid() string {
	defer h.lock()()
	if len(h.said) == 0 {
		return ""
	}
	return h.said[len(h.said)-1]
}

// Guard runs f. A panic fails the test.
func (h *Host) Guard(_ string, f func()) { f() }

// Pause does nothing.
func (h *Host) Pause() {}

// Copy records text.
func (h *Host) Copy(text string) error {
	defer h.lock()()
	h.copied = text
	return h.NoCopy
}

// Copied is what was copied last.
func (h *Host) Copied() string {
	defer h.lock()()
	return h.copied
}

// Store keeps a text, unless NoStore says why not.
func (h *Host) Store(name, text string) error {
	defer h.lock()()
	if h.NoStore != nil {
		return h.NoStore
	}
	if h.kept == nil {
		h.kept = map[string]string{}
	}
	h.kept[name] = text
	return nil
}

// Stored returns what Store has kept.
func (h *Host) Stored(name string) string {
	defer h.lock()()
	return h.kept[name]
}

// Fetch returns one of Texts.
func (h *Host) Fetch(_ context.Context, path string) (string, error) {
	if text, ok := h.Texts[path]; ok {
		return text, nil
	}
	return "", errors.New("no " + path)
}

// PickFiles takes the Chosen files.
func (h *Host) PickFiles(take func([]host.File)) { take(h.Chosen) }

// MoveFocus records the element, if the focus was at from or from is empty.
func (h *Host) MoveFocus(from, to string) {
	defer h.lock()()
	if from == "" || from == h.FocusAt {
		h.FocusAt = to
	}
}

// Focused is the id of the element that has the focus.
func (h *Host) Focused() string {
	defer h.lock()()
	return h.FocusAt
}

// Navigate records an entry of the history.
func (h *Host) Navigate(hash string) {
	defer h.lock()()
	h.Address = hash
	h.visited = append(h.visited, hash)
}

// Visited are the fragments that Navigate added to the history.
func (h *Host) Visited() []string {
	defer h.lock()()
	return slices.Clone(h.visited)
}

// Replace sets the fragment.
func (h *Host) Replace(hash string) {
	defer h.lock()()
	h.Address = hash
}

// Link is the address of a page on example.org.
func (h *Host) Link(hash string) string { return "https://example.org/" + hash }

// Loader has a model of Bytes bytes. A load reports 3 of 12 MB, waits for Gate or the end of its context if Gate is set, and
// returns Err.
type Loader struct {
	Bytes   int64
	SizeErr error
	Err     error
	Panics  bool
	Gate    chan struct{}

	mu           sync.Mutex
	asked, loads int
}

// Size returns Bytes and SizeErr.
func (l *Loader) Size(context.Context) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	return l.Bytes, l.SizeErr
}

// Load is a load as the type says.
func (l *Loader) Load(ctx context.Context, progress func(host.Progress)) error {
	l.mu.Lock()
	l.loads++
	l.mu.Unlock()
	if l.Panics {
		panic("a fault")
	}
	progress(host.Progress{Loaded: 3_000_000, Total: 12_000_000})
	if l.Gate != nil {
		select {
		case <-l.Gate:
		case <-ctx.Done():
			return &host.EngineError{Code: "aborted", Message: "the load was aborted"}
		}
	}
	return l.Err
}

// Counts is how often the size was asked for, and how many loads were begun.
func (l *Loader) Counts() (asked, loads int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked, l.loads
}

// Run runs a test in a bubble of testing/synctest. In the end an hour passes there, so that what sleeps comes to its end.
func Run(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(time.Hour)
		f(t)
	})
}

// Within lets all goroutines of the bubble rest and the bubble's clock run until ok holds; after a minute the test fails.
func Within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 60_000 {
		synctest.Wait()
		if ok() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("within a minute: no %s", what)
}

// Rest lets all goroutines of the bubble run until they wait for time, another event, or the end of a context.
func Rest() { synctest.Wait() }

// Contains fails the test unless page contains every one of want.
func Contains(t *testing.T, page string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(page, w) {
			t.Errorf("%q is missing in\n%s", w, page)
		}
	}
}
