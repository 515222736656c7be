package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
)

func newModel(l host.Loader) (*host.Model, *hosttest.Host) {
	h := &hosttest.Host{}
	return host.NewModel(h, l, "translator", "translator-magneto-en-de", "the translator"), h
}

func TestTheSizeOfAModelIsShownBeforeItIsLoaded(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		l := &hosttest.Loader{Bytes: 12_700_000, Gate: make(chan struct{})}
		m, h := newModel(l)
		if v := m.View(); v.Verb != "Load the translator" {
			t.Errorf("before the server has answered: %q", v.Verb)
		}
		m.Ask()
		hosttest.Rest()
		m.Ask()
		hosttest.Rest()
		if v := m.View(); v.Verb != "Load the translator, 12.7 MB" || v.Text != "The translator is downloaded once and runs in this page." {
			t.Errorf("with its size: %+v", v)
		}
		if asked, loads := l.Counts(); asked != 1 || loads != 0 {
			t.Errorf("asked %d times for the size and loaded %d times, expected 1 and 0", asked, loads)
		}

		ready := 0
		m.WhenReady(func() { ready++ })
		m.Press()
		m.Load() // one at a time
		hosttest.Rest()
		if v := m.View(); v.Percent != 25 || v.Text != "Loading the translator 3.0 MB of 12.0 MB" || v.Verb != "Cancel" || ready > 0 || m.Ready() {
			t.Errorf("while it loads: %+v", v)
		}
		close(l.Gate)
		hosttest.Rest()
		if ready != 1 || !m.Ready() {
			t.Fatalf("the end of the load was reported %d times, expected once", ready)
		}
		m.WhenReady(func() { ready++ })
		if ready != 2 {
			t.Error("a later caller is not told that the model is ready")
		}
		if v := m.View(); v.Text != "The translator is ready, 12.7 MB, loaded in under 1 ms." {
			t.Errorf("after the load: %q", v.Text)
		}
		m.Load()
		m.Cancel()
		if _, loads := l.Counts(); loads != 1 || !m.Ready() {
			t.Errorf("loaded %d times, ready: %t", loads, m.Ready())
		}
		if !h.Said("Loading the translator.") || h.LastSaid() != "The translator is ready." {
			t.Errorf("screen readers were told %q last", h.LastSaid())
		}
	})
}

func TestTheFocusMovesFromTheButtonToTheBox(t *testing.T) {
	for at, want := range map[string]string{"load-translator": "box", "elsewhere": "elsewhere"} {
		hosttest.Run(t, func(t *testing.T) {
			m, h := newModel(&hosttest.Loader{})
			m.FocusWhenReady("box")
			h.FocusAt = at
			m.Load()
			hosttest.Rest()
			if h.Focused() != want {
				t.Errorf("from %s the focus moved to %s, expected %s", at, h.Focused(), want)
			}
		})
	}
}

func TestALoadIsCancelledAndBegunAgain(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		l := &hosttest.Loader{Bytes: 5, Gate: make(chan struct{})}
		m, h := newModel(l)
		m.Press()
		hosttest.Rest()
		m.Press() // the same button
		hosttest.Rest()
		if v := m.View(); v.Loading || v.Ready || v.Failure != nil || v.Verb != "Load the translator" {
			t.Errorf("after cancelling: %+v", v)
		}
		if h.LastSaid() != "Loading was cancelled." {
			t.Errorf("screen readers were told %q", h.LastSaid())
		}
		close(l.Gate)
		m.Press()
		hosttest.Rest()
		if v := m.View(); !v.Ready || v.Failure != nil {
			t.Errorf("the second load: %+v", v)
		}
	})
}

func TestADroppedModelStopsSilently(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		m, h := newModel(&hosttest.Loader{Gate: make(chan struct{})})
		m.WhenReady(func() { t.Error("a dropped model became ready") })
		m.Silent = true
		m.Load()
		hosttest.Rest()
		m.Drop()
		m.Drop() // with nothing to stop
		hosttest.Rest()
		if s := m.State(); s.Loading || s.Ready || s.Failure != nil || h.LastSaid() != "" {
			t.Errorf("%+v, said %q", s, h.LastSaid())
		}
	})
}

func TestALoadThatFailsSaysWhyAndIsTriedAgain(t *testing.T) {
	for name, l := range map[string]*hosttest.Loader{
		"an engine error": {Err: &host.EngineError{Code: "http_status", Message: "got status 404 for config.json"}},
		"another error":   {Err: errors.New("got status 404 for config.json")},
		"a panic":         {Panics: true},
	} {
		t.Run(name, func(t *testing.T) {
			hosttest.Run(t, func(t *testing.T) {
				l.Bytes, l.SizeErr = 9, errors.New("no answer")
				m, h := newModel(l)
				m.Ask()
				hosttest.Rest()
				if v := m.View(); !strings.HasSuffix(v.Text, " The server does not say how large it is.") {
					t.Errorf("without a size: %q", v.Text)
				}
				m.Press()
				hosttest.Rest()
				v := m.View()
				want := host.Failure{Title: "The translator could not be loaded", Code: "internal", Text: "got status 404 for config.json"}
				switch name {
				case "an engine error":
					want.Code = "http_status"
				case "a panic":
					want.Text = "a fault; reload the page"
				}
				if v.Failure == nil || *v.Failure != want || v.Verb != "Try again" || h.LastSaid() != want.Sentence() {
					t.Errorf("%+v, said %q", v, h.LastSaid())
				}
				l.Err, l.Panics, l.Bytes, l.SizeErr = nil, false, 5, nil
				m.Ask() // a server that did not answer is asked again
				hosttest.Rest()
				m.Press()
				hosttest.Rest()
				if v := m.View(); !v.Ready || v.Failure != nil || !strings.Contains(v.Text, "5 B") {
					t.Errorf("the second load: %+v", v)
				}
			})
		})
	}
}

func TestTheScoresOfAModelAreTakenFromItsCard(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		m, h := newModel(&hosttest.Loader{})
		m.Scores = func(card string) string { return strings.TrimPrefix(card, "scores ") }
		m.Ask()
		hosttest.Rest()
		if s := m.View().Scores; s != "" {
			t.Errorf("without a card: %q", s)
		}
		h.Texts = map[string]string{"./models/translator-magneto-en-de/MODEL_CARD.md": "scores 7"}
		m.Ask() // a card that could not be fetched is asked for again
		hosttest.Rest()
		if v := m.View(); v.Scores != "7" || v.Card != "./models/translator-magneto-en-de/MODEL_CARD.md" {
			t.Errorf("%+v", v)
		}
	})
}

func TestProgressIsWorded(t *testing.T) {
	for p, want := range map[host.Progress]string{{}: "", {Loaded: 5000}: "5 kB", {Loaded: 5000, Total: 20_000}: "5 kB of 20 kB"} {
		if got := p.String(); got != want {
			t.Errorf("%+v: %q, expected %q", p, got, want)
		}
	}
	for p, want := range map[host.Progress]int{{}: -1, {Loaded: 5}: -1, {Loaded: 5, Total: 20}: 25, {Loaded: 25, Total: 20}: 100} {
		if got := p.Percent(); got != want {
			t.Errorf("%+v: %d %%, expected %d", p, got, want)
		}
	}
}
