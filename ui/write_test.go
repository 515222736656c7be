package ui

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
)

// fakeWriter reads a token for each word and one before them, and writes " w0 w1 …", each word a token. It waits for the end of the
// context before word number hold, fails before word number fail, and ends its text before word number stop, if they are not 0.
type fakeWriter struct {
	positions        int
	hold, fail, stop int
	countErr         func(text string) error

	mu      sync.Mutex
	prompts []string
	draws   []Draw
	copied  string
	noCopy  error
}

func (f *fakeWriter) Positions() int { return f.positions }

func (f *fakeWriter) Count(_ context.Context, text string) (int, error) {
	if f.countErr != nil {
		if err := f.countErr(text); err != nil {
			return 0, err
		}
	}
	return 1 + len(strings.Fields(text)), nil
}

func (f *fakeWriter) Write(ctx context.Context, prompt string, d Draw, piece func(string)) (Generated, error) {
	f.mu.Lock()
	f.prompts, f.draws = append(f.prompts, prompt), append(f.draws, d)
	fail := f.fail
	f.fail = 0
	f.mu.Unlock()
	if n := 1 + len(strings.Fields(prompt)); f.positions > 0 && n+d.Tokens > f.positions {
		return Generated{}, fmt.Errorf("%d tokens and %d new ones exceed %d", n, d.Tokens, f.positions)
	}
	var all string
	for i := range d.Tokens {
		switch {
		case f.hold != 0 && i == f.hold:
			<-ctx.Done()
			piece(" late")
			return Generated{}, &EngineError{"aborted", "the call was aborted"}
		case fail != 0 && i == fail:
			if fail < 0 {
				panic("a fault")
			}
			return Generated{}, &EngineError{"engine_crashed", "the <worker> failed"}
		case f.stop != 0 && i == f.stop:
			return Generated{all, i, time.Second}, nil
		}
		w := fmt.Sprintf(" w%d", i)
		piece(w)
		all += w
	}
	return Generated{all, d.Tokens, time.Second}, nil
}

func (f *fakeWriter) Copy(text string) error {
	f.copied = text
	return f.noCopy
}

func (f *fakeWriter) asked() ([]string, []Draw) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.prompts), slices.Clone(f.draws)
}

// newWriting is a view that writes three tokens at one go.
func newWriting(t *testing.T, f *fakeWriter, here bool) (*Writing, *heard) {
	t.Helper()
	h := &heard{}
	w := NewWriting(NewOnDemand("writer", "writer-magneto-en", "the writer", &fakeLoader{size: 7_600_000}, Options{Announce: h.say}), f, Options{Announce: h.say})
	w.Set("length", "3")
	if here {
		w.Model.Load()
		within(t, "the model", w.Model.Ready)
	}
	return w, h
}

func wrote(w *Writing, want string) func() bool {
	return func() bool { v := w.View(); return !v.Running && v.Text == want }
}

func TestATextGoesOnInPlace(t *testing.T) {
	f := &fakeWriter{positions: 100}
	w, h := newWriting(t, f, true)
	w.SetText("Once  upon ")
	contains(t, render(t, &WritePane{Writing: w}), ">Write<", "Once upon a time", "temperature 0.7, 3 tokens")
	w.Press()
	within(t, "the text", wrote(w, "Once  upon w0 w1 w2")) // the space was there
	v := w.View()
	if !strings.HasPrefix(v.Status, "3 tokens in 1.0 s, 3 a second; seed ") || v.Hint != "" || !v.Written {
		t.Errorf("%+v", v)
	}
	within(t, "the announcement", func() bool { return h.last() == "w0 w1 w2" })
	contains(t, render(t, &WritePane{Writing: w}), ">Continue<", ">Another try<", ">Copy<")
	w.Press()
	within(t, "more", wrote(w, "Once  upon w0 w1 w2 w0 w1 w2"))
	prompts, draws := f.asked()
	if !slices.Equal(prompts, []string{"Once  upon", "Once  upon w0 w1 w2"}) || draws[0].Tokens != 3 || draws[0].Temperature != 0.7 || draws[0].TopK != 40 {
		t.Errorf("asked for %q, %+v", prompts, draws)
	}
	// What was written last is taken back for another try; a text that the reader changed is the reader's.
	w.Again()
	within(t, "another try", func() bool { p, _ := f.asked(); return len(p) == 3 && !w.View().Running })
	if v := w.View(); v.Text != "Once  upon w0 w1 w2 w0 w1 w2" {
		t.Errorf("%q", v.Text)
	}
	w.SetText("Mine")
	if v := w.View(); v.Written || v.Another || v.Status != "" {
		t.Errorf("%+v", v)
	}
	w.SetText("")
	w.Press()
	within(t, "a text from nothing", wrote(w, "w0 w1 w2"))
	w.CopyResult()
	if f.copied != "w0 w1 w2" || h.last() != "Copied." {
		t.Errorf("copied %q, heard %q", f.copied, h.last())
	}
	f.noCopy = errors.New("it needs https")
	w.CopyResult()
	if h.last() != "The text could not be copied: it needs https" {
		t.Errorf("heard %q", h.last())
	}
}

func TestWritingStopsWithinAToken(t *testing.T) {
	f := &fakeWriter{hold: 2}
	w, h := newWriting(t, f, true)
	for what, stop := range map[string]func(){
		"the button": w.Press,
		"typing":     func() { w.SetText("a w0 w1!") },
	} {
		w.SetText("a")
		w.Press()
		within(t, "two words", func() bool { return w.View().Text == "a w0 w1" })
		contains(t, render(t, &WritePane{Writing: w}), ">Stop<")
		w.Start() // one at a time
		stop()
		if v := w.View(); v.Running || v.Failure != nil || !strings.HasPrefix(v.Text, "a w0 w1") {
			t.Errorf("%s: %+v", what, v)
		}
		time.Sleep(10 * time.Millisecond)
		if text := w.View().Text; strings.Contains(text, "late") {
			t.Errorf("%s: a piece came after it: %q", what, text)
		}
	}
	if !h.heard("Stopped.") {
		t.Error("a screen reader does not hear that it stopped")
	}
}

func TestAModelThatIsNotHereIsLoadedToWrite(t *testing.T) {
	f := &fakeWriter{}
	w, _ := newWriting(t, f, false)
	w.Open(Address{})
	within(t, "the size", func() bool { return w.Model.View().Verb == "Load the writer, 7.6 MB" })
	w.Try("Once")
	time.Sleep(10 * time.Millisecond)
	if v := w.View(); v.Running || v.Text != "Once" || w.Model.View().Loading || w.Model.Ready() {
		t.Fatalf("an opening loads the model: %+v", v)
	}
	contains(t, render(t, &WritePane{Writing: w}), ">Load and write<")
	w.Press()
	within(t, "the text", wrote(w, "Once w0 w1 w2"))
	w.Try("Twice")
	within(t, "an opening", wrote(w, "Twice w0 w1 w2"))
}

// A text longer than the model's positions is gone on with from the last part of it, and that is said.
func TestTheWindowSlidesOverALongText(t *testing.T) {
	f := &fakeWriter{positions: 16}
	w, _ := newWriting(t, f, true)
	w.Set("length", "10")
	w.Set("seed", "5")
	w.SetText("One two. Three four five. Six")
	w.Press()
	within(t, "the text", func() bool { v := w.View(); return !v.Running && strings.HasSuffix(v.Text, "w8 w0") })
	prompts, draws := f.asked()
	if got := strings.Fields(w.View().Text); len(got) != 16 {
		t.Errorf("%d words, expected 6 and 10 new ones: %q", len(got), got)
	}
	if prompts[0] != "One two. Three four five. Six" || draws[0].Tokens != 9 || draws[0].Seed != 5 {
		t.Errorf("first %q, %+v", prompts[0], draws[0])
	}
	if last := prompts[1]; !strings.HasSuffix("One two. Three four five. Six w0 w1 w2 w3 w4 w5 w6 w7 w8", last) || strings.HasPrefix(last, "One") || draws[1] != (Draw{1, 0, 0.7, 40, 6}) {
		t.Errorf("then %q, %+v", last, draws[1])
	}
	if v := w.View(); !strings.Contains(v.Hint, "reads 16 tokens at a time") || v.Another || v.Settings["seed"] != "5" {
		t.Errorf("%+v", v)
	}
	// What cannot be counted is made shorter; what cannot be made short is said.
	f.countErr = func(text string) error {
		if len(text) > 30 {
			return &EngineError{"input_too_long", "too long"}
		}
		return nil
	}
	w.SetText(strings.Repeat("word ", 200))
	w.Press()
	within(t, "the rest", func() bool { v := w.View(); return !v.Running && v.Failure == nil && strings.HasSuffix(v.Text, "w9") })
	f.countErr = func(string) error { return &EngineError{"engine_crashed", "gone"} }
	w.SetText("Again")
	w.Press()
	within(t, "a failure", func() bool { return w.View().Failure != nil })
}

func TestTheEndOfTheModelsTextIsSaid(t *testing.T) {
	f := &fakeWriter{stop: 2}
	w, _ := newWriting(t, f, true)
	w.Press()
	within(t, "the end", wrote(w, "w0 w1"))
	if v := w.View(); !strings.Contains(v.Hint, "ended its text here") {
		t.Errorf("%+v", v)
	}
	w.Press() // on, at least for a while
	within(t, "more", wrote(w, "w0 w1 w0 w1"))
	w.Again()
	within(t, "another try", func() bool { _, draws := f.asked(); return len(draws) == 3 && !w.View().Running })
	if _, draws := f.asked(); draws[0].Least != 0 || draws[1].Least != 3 || draws[2].Least != 3 {
		t.Errorf("%+v", draws)
	}
}

func TestAFailureOfTheWriterIsSaid(t *testing.T) {
	for _, fail := range []int{2, -1} {
		f := &fakeWriter{fail: fail}
		w, h := newWriting(t, f, true)
		if fail < 0 {
			f.countErr = nil
			f.positions, f.fail = 0, 0
			w.engine = panicking{f}
		}
		w.SetText("a")
		w.Press()
		within(t, "a failure", func() bool { return w.View().Failure != nil })
		page := render(t, &WritePane{Writing: w})
		contains(t, page, "The text could not be gone on with", ">Try again<")
		within(t, "the announcement", func() bool { return strings.HasPrefix(h.last(), "The text could not be gone on with. ") })
		w.engine = f
		w.Press()
		within(t, "the text", func() bool { v := w.View(); return !v.Running && v.Failure == nil && strings.HasSuffix(v.Text, "w2") })
		if fail > 0 {
			contains(t, page, "the &lt;worker&gt; failed", "engine_crashed")
		}
	}
}

// panicking is a writer with a fault.
type panicking struct{ *fakeWriter }

func (panicking) Write(context.Context, string, Draw, func(string)) (Generated, error) {
	panic("a fault")
}

func TestSettingsStayInTheirRange(t *testing.T) {
	w, _ := newWriting(t, &fakeWriter{}, false)
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
