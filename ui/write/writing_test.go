package write

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// fakeWriter makes a token of each word and one before them, and writes " w0 w1 …", each word a token. Unless they are 0, it waits for
// the end of the context before word number hold, fails before word number fail (a negative one panics), and ends its text before word
// number stop.
type fakeWriter struct {
	limit            int
	hold, fail, stop int
	countErr         error

	mu      sync.Mutex
	prompts []string
	draws   []Draw
	counted int
}

func (f *fakeWriter) Positions() int { return f.limit }

func (f *fakeWriter) Count(_ context.Context, text string) (int, error) {
	f.mu.Lock()
	f.counted++
	f.mu.Unlock()
	return 1 + len(strings.Fields(text)), f.countErr
}

func (f *fakeWriter) Write(ctx context.Context, prompt string, d Draw, piece func(string)) (host.Generated, error) {
	f.mu.Lock()
	f.prompts, f.draws = append(f.prompts, prompt), append(f.draws, d)
	fail := f.fail
	f.fail = 0
	f.mu.Unlock()
	if n := 1 + len(strings.Fields(prompt)); f.limit > 0 && n+d.Tokens > f.limit {
		return host.Generated{}, fmt.Errorf("%d tokens and %d new ones exceed %d", n, d.Tokens, f.limit)
	}
	if fail < 0 {
		panic("a fault")
	}
	var all string
	for i := range d.Tokens {
		switch {
		case f.hold != 0 && i == f.hold:
			<-ctx.Done()
			piece(" late")
			return host.Generated{}, &host.EngineError{Code: "aborted", Message: "the call was aborted"}
		case fail != 0 && i == fail:
			return host.Generated{}, &host.EngineError{Code: "engine_crashed", Message: "the worker failed"}
		case f.stop != 0 && i == f.stop:
			return host.Generated{Text: all, Tokens: i, Took: time.Second}, nil
		}
		w := fmt.Sprintf(" w%d", i)
		piece(w)
		all += w
	}
	return host.Generated{Text: all, Tokens: d.Tokens, Took: time.Second}, nil
}

func (f *fakeWriter) asked() ([]string, []Draw) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.prompts), slices.Clone(f.draws)
}

// run runs a test with a view that writes three tokens at one go. Its model is loaded, if it is to be.
func run(t *testing.T, e *fakeWriter, loaded bool, f func(t *testing.T, w *Writing, h *hosttest.Host)) {
	t.Helper()
	hosttest.Run(t, func(t *testing.T) {
		h := &hosttest.Host{}
		w := New(h, host.NewModel(h, &hosttest.Loader{Bytes: 7_600_000}, "writer", "writer-magneto-en", "the writer"), e)
		w.Set("length", "3")
		if loaded {
			w.Model.Load()
			hosttest.Rest()
		}
		f(t, w, h)
	})
}

// press presses the button and waits until the writing rests.
func press(w *Writing) View {
	w.Press()
	hosttest.Rest()
	return w.View()
}

func TestATextIsContinuedInPlace(t *testing.T) {
	e := &fakeWriter{limit: 100}
	run(t, e, true, func(t *testing.T, w *Writing, h *hosttest.Host) {
		w.SetText("Once  upon ")
		if v := w.View(); v.Written || v.Short != "temperature 0.7, 3 tokens" {
			t.Errorf("%+v", v)
		}
		v := press(w)
		if v.Text != "Once  upon w0 w1 w2" { // the text had the space already
			t.Errorf("%q", v.Text)
		}
		if !strings.HasPrefix(v.Status, "3 tokens in 1.0 s, 3 a second; seed ") || v.Hint != "" || !v.Written || !v.Another || h.LastSaid() != "w0 w1 w2" {
			t.Errorf("%+v, said %q", v, h.LastSaid())
		}
		if v := press(w); v.Text != "Once  upon w0 w1 w2 w0 w1 w2" {
			t.Errorf("%q", v.Text)
		}
		prompts, draws := e.asked()
		if !slices.Equal(prompts, []string{"Once  upon", "Once  upon w0 w1 w2"}) || draws[0].Tokens != 3 || draws[0].Temperature != 0.7 || draws[0].TopK != 40 {
			t.Errorf("asked for %q, %+v", prompts, draws)
		}
		if e.counted != 2 {
			t.Errorf("counted %d times, expected once for each prompt", e.counted)
		}
		// Another attempt replaces what was written last. A text that the reader changed is the reader's.
		w.Again()
		hosttest.Rest()
		if p, _ := e.asked(); len(p) != 3 || w.View().Text != "Once  upon w0 w1 w2 w0 w1 w2" {
			t.Errorf("asked for %q, %q", p, w.View().Text)
		}
		w.SetText("Mine")
		if v := w.View(); v.Written || v.Another || v.Status != "" {
			t.Errorf("%+v", v)
		}
		w.SetText("")
		if v := press(w); v.Text != "w0 w1 w2" {
			t.Errorf("from nothing: %q", v.Text)
		}
		w.CopyResult()
		hosttest.Rest()
		if h.Copied() != "w0 w1 w2" || h.LastSaid() != "Copied." || w.View().CopyVerb != "Copied" {
			t.Errorf("copied %q, said %q", h.Copied(), h.LastSaid())
		}
		h.NoCopy = errors.New("it needs https")
		w.CopyResult()
		hosttest.Rest()
		if h.LastSaid() != "The text could not be copied: it needs https" {
			t.Errorf("said %q", h.LastSaid())
		}
	})
}

func TestWritingStopsWithinAToken(t *testing.T) {
	for what, stop := range map[string]func(w *Writing){
		"the button": (*Writing).Press,
		"typing":     func(w *Writing) { w.SetText("a w0 w1!") },
	} {
		t.Run(what, func(t *testing.T) {
			run(t, &fakeWriter{hold: 2}, true, func(t *testing.T, w *Writing, h *hosttest.Host) {
				w.SetText("a")
				if v := press(w); v.Text != "a w0 w1" || !v.Running || v.Status != "Writing" {
					t.Fatalf("%+v", v)
				}
				w.Start() // one at a time
				stop(w)
				hosttest.Rest()
				if v := w.View(); v.Running || v.Failure != nil || !strings.HasPrefix(v.Text, "a w0 w1") || strings.Contains(v.Text, "late") {
					t.Errorf("%+v", v)
				}
				if h.Said("Stopped.") != (what == "the button") {
					t.Errorf("said %q", h.LastSaid())
				}
			})
		})
	}
}

func TestTheButtonLoadsTheModelFirst(t *testing.T) {
	run(t, &fakeWriter{}, false, func(t *testing.T, w *Writing, h *hosttest.Host) {
		w.Open(route.Address{})
		hosttest.Rest()
		if verb := w.Model.View().Verb; verb != "Load the writer, 7.6 MB" {
			t.Errorf("the model's button says %q", verb)
		}
		w.Try("Once")
		hosttest.Rest()
		if v := w.View(); v.Running || v.Loaded || v.Text != "Once" || w.Model.View().Loading {
			t.Fatalf("an opening loads the model: %+v", v)
		}
		if v := press(w); v.Text != "Once w0 w1 w2" || !v.Loaded {
			t.Errorf("%+v", v)
		}
		w.Try("Twice")
		hosttest.Rest()
		if v := w.View(); v.Text != "Twice w0 w1 w2" {
			t.Errorf("an opening: %q", v.Text)
		}
	})
}

// A text longer than the model's positions is continued from its last part, and the view says so.
func TestTheWindowSlidesOverALongText(t *testing.T) {
	e := &fakeWriter{limit: 16}
	run(t, e, true, func(t *testing.T, w *Writing, h *hosttest.Host) {
		w.Set("length", "10")
		w.Set("seed", "5")
		w.SetText("One two. Three four five. Six")
		v := press(w)
		if got := strings.Fields(v.Text); len(got) != 16 || !strings.HasSuffix(v.Text, "w8 w0") {
			t.Errorf("%d words, expected 6 and 10 new ones: %q", len(got), got)
		}
		prompts, draws := e.asked()
		if prompts[0] != "One two. Three four five. Six" || draws[0].Tokens != 9 || draws[0].Seed != 5 {
			t.Errorf("first %q, %+v", prompts[0], draws[0])
		}
		last := prompts[1]
		if !strings.HasSuffix("One two. Three four five. Six w0 w1 w2 w3 w4 w5 w6 w7 w8", last) || strings.HasPrefix(last, "One") || draws[1] != (Draw{1, 0, 0.7, 40, 6}) {
			t.Errorf("then %q, %+v", last, draws[1])
		}
		if !strings.Contains(v.Hint, "reads 16 tokens at a time") || v.Another || v.Settings["seed"] != "5" {
			t.Errorf("%+v", v)
		}
		w.SetText(strings.Repeat("word ", 200))
		if v := press(w); v.Failure != nil || len(strings.Fields(v.Text)) != 210 {
			t.Errorf("a long text: %d words, %+v", len(strings.Fields(v.Text)), v.Failure)
		}
		e.countErr = &host.EngineError{Code: "engine_crashed", Message: "gone"}
		w.SetText("Again")
		if v := press(w); v.Failure == nil || v.Failure.Code != "engine_crashed" {
			t.Errorf("a tokenizer that fails: %+v", v.Failure)
		}
	})
}

// The training never used the last positions of the model.
func TestTheModelWritesInThePositionsThatItWasTrainedOn(t *testing.T) {
	e := &fakeWriter{limit: 256}
	run(t, e, true, func(t *testing.T, w *Writing, h *hosttest.Host) {
		w.Set("length", "1000")
		w.SetText("a b c")
		press(w)
		if _, draws := e.asked(); draws[0].Tokens != trained-4 {
			t.Errorf("%d tokens beside 4, expected %d in all", draws[0].Tokens, trained)
		}
	})
}

func TestAWordThatCannotBeShortenedIsRefused(t *testing.T) {
	e := &fakeWriter{limit: 16}
	run(t, e, true, func(t *testing.T, w *Writing, h *hosttest.Host) {
		w.engine = greedy{e}
		w.SetText("a")
		v := press(w)
		if v.Failure == nil || v.Failure.Code != "input_too_long" || !strings.Contains(v.Failure.Text, "are 99 tokens, the model reads 13") {
			t.Errorf("%+v", v.Failure)
		}
	})
}

// greedy makes 99 tokens of every text.
type greedy struct{ *fakeWriter }

func (greedy) Count(context.Context, string) (int, error) { return 99, nil }

func TestTheEndOfTheModelsTextIsSaid(t *testing.T) {
	e := &fakeWriter{stop: 2}
	run(t, e, true, func(t *testing.T, w *Writing, h *hosttest.Host) {
		if v := press(w); v.Text != "w0 w1" || v.Hint != "The model ended its text here. Press Continue to make it write more." {
			t.Errorf("%+v", v)
		}
		if v := press(w); v.Text != "w0 w1 w0 w1" {
			t.Errorf("%+v", v)
		}
		w.Again()
		hosttest.Rest()
		if _, draws := e.asked(); len(draws) != 3 || draws[0].Least != 0 || draws[1].Least != 3 || draws[2].Least != 3 {
			t.Errorf("%+v", draws)
		}
	})
}

func TestAFailureOfTheWriterIsSaidAndRetried(t *testing.T) {
	for _, fail := range []int{2, -1} {
		run(t, &fakeWriter{fail: fail}, true, func(t *testing.T, w *Writing, h *hosttest.Host) {
			w.SetText("a")
			v := press(w)
			if v.Failure == nil || v.Failure.Title != "The text could not be continued" || h.LastSaid() != v.Failure.Sentence() || v.Running {
				t.Fatalf("%+v, said %q", v, h.LastSaid())
			}
			if v := press(w); v.Failure != nil || !strings.HasSuffix(v.Text, "w2") {
				t.Errorf("then %+v", v)
			}
		})
	}
}

func TestSettingsStayInTheirRange(t *testing.T) {
	run(t, &fakeWriter{}, false, func(t *testing.T, w *Writing, h *hosttest.Host) {
		w.Set("length", "")
		w.Set("colour", "3") // nothing
		for _, c := range []struct{ name, value, want string }{
			{"temperature", "1.25", "1.25"},
			{"temperature", "-1", "0"},
			{"temperature", "1e9", "2"},
			{"temperature", "x", "0.7"},
			{"top-k", "0", "0"},
			{"top-k", "NaN", "40"},
			{"length", "0", "1"},
			{"length", "1e300", "1000"},
			{"length", "", "80"},
			{"seed", "12", "12"},
			{"seed", "1e30", "9007199254740991"},
			{"seed", " ", ""},
		} {
			w.Set(c.name, c.value)
			want := map[string]string{"temperature": "0.7", "top-k": "40", "length": "80", "seed": ""}
			want[c.name] = c.want
			if got := w.View().Settings; !maps.Equal(got, want) {
				t.Errorf("%s %q: %q, expected %q", c.name, c.value, got, want)
			}
			w.Set(c.name, "")
		}
		if got := slices.Sorted(maps.Keys(w.View().Settings)); !slices.Equal(got, slices.Sorted(slices.Values(Settings))) {
			t.Errorf("settings %q, expected %q", got, Settings)
		}
	})
}

func TestTailsBeginWithASentenceOrAWord(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"short", 5, "short"},
		{"One two. Three four five.", 20, "Three four five."},
		{"one two three four", 12, "three four"},
		{"Drei. Vier fünf sechs sieben.", 12, "sieben."},
		{"ééééé", 5, "éé"},
		{"aaaaaaaaaaaa. b", 8, "aaaaa. b"},
	} {
		if got := tail(c.text, c.n); got != c.want || !utf8.ValidString(got) {
			t.Errorf("tail(%q, %d) = %q, expected %q", c.text, c.n, got, c.want)
		}
	}
}
