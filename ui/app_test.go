package ui

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fakeEngine gives vectors by the letters of a text: texts that share words are near. Calls can be made slow or faulty.
type fakeEngine struct {
	loads    atomic.Int32
	failLoad func(n int32) error
	embed    func(ctx context.Context, texts []string) error // runs before a call answers

	mu    sync.Mutex
	calls [][]string
}

func (f *fakeEngine) Load(ctx context.Context, progress func(Progress)) (Info, error) {
	n := f.loads.Add(1)
	progress(Progress{"model.safetensors", 4_000_000, 8_000_000})
	if f.failLoad != nil {
		if err := f.failLoad(n); err != nil {
			return Info{}, err
		}
	}
	return Info{Bytes: 7_900_000, Took: 400 * time.Millisecond, Kernels: "simd128", Threads: 1}, nil
}

func (f *fakeEngine) Embed(ctx context.Context, texts []string) ([]float32, int, error) {
	f.mu.Lock()
	f.calls = append(f.calls, texts)
	f.mu.Unlock()
	if f.embed != nil {
		if err := f.embed(ctx, texts); err != nil {
			return nil, 0, err
		}
	}
	if ctx.Err() != nil {
		return nil, 0, &EngineError{"aborted", "the call was aborted"}
	}
	const dim = 16
	var out []float32
	for _, t := range texts {
		v := make([]float32, dim)
		for w := range strings.FieldsSeq(strings.ToLower(strings.Trim(t, ".?!"))) {
			h := fnv.New32a()
			h.Write([]byte(w))
			for j := range v {
				v[j] += float32(math.Sin(float64(h.Sum32()%1000)*float64(j+1))) + 0.01
			}
		}
		out = append(out, v...)
	}
	return out, dim, nil
}

const sample = "1\tfood\ten\tbread and butter\n1\tfood\tde\tBrot und Butter\n2\tweather\ten\train again today\n2\tweather\tfr\tencore de la pluie\n"

func newApp(t *testing.T, f *fakeEngine, tsv string) (*App, *atomic.Value) {
	t.Helper()
	var said atomic.Value
	said.Store("")
	a := NewApp(f, Options{
		Announce:   func(s string) { said.Store(s) },
		Collection: func(context.Context) (string, error) { return tsv, nil },
	})
	return a, &said
}

// eventually waits until ok holds of the view; the limit only bounds a failing test.
func eventually(t *testing.T, a *App, what string, ok func(View) bool) View {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if v := a.View(); ok(v) {
			return v
		}
	}
	t.Fatalf("never: %s; view %+v", what, a.View())
	return View{}
}

func allEmbedded(v View) bool {
	return v.Ready && !v.Embedding && v.Sentences > 0 && v.Embedded == v.Sentences
}

func TestSearchFindsAndGroupsTranslations(t *testing.T) {
	a, said := newApp(t, &fakeEngine{}, sample)
	a.SetQuery("bread and butter") // typed before the model is there
	if v := a.View(); !v.Waiting || len(v.Results) != 0 {
		t.Fatalf("before the model: %+v", v)
	}
	a.Start()
	v := eventually(t, a, "results", func(v View) bool { return allEmbedded(v) && !v.Waiting && len(v.Results) == 4 })
	if r := v.Results[0]; r.Text != "bread and butter" || r.Score != "1.00" || r.Bar != "bar bar-20" || r.LangName != "English" {
		t.Errorf("first result %+v", r)
	}
	kin := 0
	for _, r := range v.Results {
		if r.Kin != "" {
			kin++
		}
	}
	if kin != 2 || !v.Close {
		t.Errorf("%d results are translations of earlier ones, want 2; close %v", kin, v.Close)
	}
	eventually(t, a, "announcement", func(View) bool {
		return strings.Contains(said.Load().(string), "4 results shown of 4 sentences. Nearest, English: bread and butter")
	})
	facts := strings.Join(v.Facts, "; ")
	for _, want := range []string{"7.9 MB model, loaded in 400 ms", "4 sentences embedded in", "last query", "simd128, 1 thread", "nothing leaves this page"} {
		if !strings.Contains(facts, want) {
			t.Errorf("facts %q lack %q", facts, want)
		}
	}
	eventually(t, a, "the map", func(v View) bool { return strings.Contains(v.MapText, "stands nearest to “bread and butter”") })
	p := a.Picture()
	if len(p.Dots) != 4 || p.Query == nil || len(p.Links) != 4 || len(p.Labels) != 2 {
		t.Errorf("picture %+v", p)
	}
	a.SetQuery("")
	if v := a.View(); !v.Samples || v.Results[0].Score != "" || v.Waiting || a.Picture().Query != nil {
		t.Errorf("cleared query leaves %+v", v)
	}
}

func TestLoadFailureIsWordedAndCanBeRetried(t *testing.T) {
	f := &fakeEngine{failLoad: func(n int32) error {
		if n == 1 {
			return &EngineError{"http_status", "got status 404 from /models/x, expected 200; check the path"}
		}
		return nil
	}}
	a, said := newApp(t, f, sample)
	a.Start()
	v := eventually(t, a, "a failure", func(v View) bool { return v.Failure != nil })
	if v.Failure.Code != "http_status" || v.Failure.Retry != RetryLoad || !strings.Contains(v.Failure.Text, "404") {
		t.Errorf("failure %+v", v.Failure)
	}
	if !strings.Contains(said.Load().(string), "404") {
		t.Error("the failure was not announced")
	}
	eventually(t, a, "loading ended", func(v View) bool { return !v.Loading })
	a.TryAgain()
	if v := eventually(t, a, "ready", allEmbedded); v.Failure != nil {
		t.Errorf("failure stays: %+v", v.Failure)
	}
}

func TestPanicsAreShown(t *testing.T) {
	f := &fakeEngine{embed: func(_ context.Context, texts []string) error {
		if texts[0] == "boom" {
			panic("a fault")
		}
		return nil
	}}
	a, _ := newApp(t, f, sample)
	a.Start()
	eventually(t, a, "ready", allEmbedded)
	a.SetQuery("boom")
	v := eventually(t, a, "a failure", func(v View) bool { return v.Failure != nil })
	if v.Failure.Code != "internal" || !strings.Contains(v.Failure.Text, "a fault") {
		t.Errorf("failure %+v", v.Failure)
	}
	a.SetQuery("bread and butter")
	eventually(t, a, "the page goes on", func(v View) bool { return len(v.Results) > 0 && v.Results[0].Score == "1.00" })
	a.Do("click", func() { var m map[string]int; m["x"] = 1 })
	if v := a.View(); v.Failure == nil || !strings.Contains(v.Failure.Text, "nil map") {
		t.Errorf("a panic in a handler was not shown: %+v", v.Failure)
	}
}

func TestQueryFailureIsRetried(t *testing.T) {
	var fail atomic.Bool
	f := &fakeEngine{embed: func(_ context.Context, texts []string) error {
		if fail.Load() {
			return &EngineError{"engine_crashed", "the worker ended"}
		}
		return nil
	}}
	a, _ := newApp(t, f, sample)
	a.Start()
	eventually(t, a, "ready", allEmbedded)
	fail.Store(true)
	a.SetQuery("rain")
	v := eventually(t, a, "a failure", func(v View) bool { return v.Failure != nil })
	if v.Failure.Retry != RetryQuery || v.Failure.Code != "engine_crashed" {
		t.Errorf("failure %+v", v.Failure)
	}
	fail.Store(false)
	a.TryAgain()
	eventually(t, a, "results", func(v View) bool { return v.Failure == nil && len(v.Results) == 4 })
}

func TestEmbeddingCanBeStoppedAndContinued(t *testing.T) {
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, "%d\ttopic\ten\tsentence number %d\n", i+1, i)
	}
	gate := make(chan struct{}, 100)
	f := &fakeEngine{embed: func(ctx context.Context, texts []string) error {
		select {
		case <-gate:
			return nil
		case <-ctx.Done():
			return &EngineError{"aborted", "aborted"}
		}
	}}
	a, _ := newApp(t, f, many.String())
	a.Start()
	gate <- struct{}{}
	eventually(t, a, "one chunk", func(v View) bool { return v.Embedded == firstChunk && v.Embedding })
	a.StopEmbedding()
	v := eventually(t, a, "stopped", func(v View) bool { return v.Stopped })
	if v.Embedded != firstChunk || v.Failure != nil {
		t.Errorf("after the stop: %d embedded, failure %+v", v.Embedded, v.Failure)
	}
	for range 90 {
		gate <- struct{}{}
	}
	a.ContinueEmbedding()
	eventually(t, a, "all embedded", allEmbedded)
}

func TestEmbeddingFailureCanBeRetried(t *testing.T) {
	var fail atomic.Bool
	fail.Store(true)
	f := &fakeEngine{embed: func(context.Context, []string) error {
		if fail.Load() {
			return &EngineError{"out_of_memory", "no memory"}
		}
		return nil
	}}
	a, _ := newApp(t, f, sample)
	a.Start()
	v := eventually(t, a, "a failure", func(v View) bool { return v.Failure != nil })
	if v.Failure.Retry != RetryEmbed || v.Failure.Code != "out_of_memory" {
		t.Errorf("failure %+v", v.Failure)
	}
	fail.Store(false)
	a.TryAgain()
	eventually(t, a, "all embedded", allEmbedded)
}

func TestOwnTextIsAddedFoundAndRemoved(t *testing.T) {
	a, _ := newApp(t, &fakeEngine{}, sample)
	a.Start()
	eventually(t, a, "ready", allEmbedded)
	if err := a.AddFile("notes.txt", []byte("Ferry leaves at noon. Ferry leaves at noon. Der Kuchen ist fertig!")); err != nil {
		t.Fatal(err)
	}
	a.SetQuery("Ferry leaves at noon")
	v := eventually(t, a, "found", func(v View) bool { return allEmbedded(v) && !v.Waiting && len(v.Results) == 6 })
	if r := v.Results[0]; r.Text != "Ferry leaves at noon." || r.From != "notes.txt" {
		t.Errorf("first result %+v", r)
	}
	if len(v.Sources) != 2 || v.Sources[1].Count != 2 || v.Sources[1].Bundled {
		t.Errorf("sources %+v; a repeated sentence counts once", v.Sources)
	}
	a.RemoveSource(v.Sources[0].ID) // the bundled one, in front of the other
	v = eventually(t, a, "two are left", func(v View) bool { return v.Sentences == 2 && len(v.Results) == 2 })
	if v.Results[0].Text != "Ferry leaves at noon." || v.HasBundled {
		t.Errorf("after the removal: %+v", v.Results)
	}
	eventually(t, a, "map of two", func(View) bool { return len(a.Picture().Dots) == 2 })
	a.RestoreCollection()
	eventually(t, a, "restored", func(v View) bool { return allEmbedded(v) && v.HasBundled && v.Sentences == 6 })
	v = a.View()
	a.RemoveSource(v.Sources[0].ID)
	a.RemoveSource(v.Sources[1].ID)
	v = eventually(t, a, "empty", func(v View) bool { return v.Sentences == 0 && len(v.Results) == 0 })
	if len(v.Sources) != 0 {
		t.Errorf("sources %+v", v.Sources)
	}
}

// A removal while a chunk is under way must not let the answer land on other sentences.
func TestRemovalWhileEmbedding(t *testing.T) {
	entered, release := make(chan struct{}, 10), make(chan struct{})
	f := &fakeEngine{embed: func(_ context.Context, texts []string) error {
		entered <- struct{}{}
		<-release
		return nil
	}}
	a, _ := newApp(t, f, sample)
	a.Start()
	<-entered
	if err := a.AddText("mine", "A lonely sentence."); err != nil {
		t.Fatal(err)
	}
	a.RemoveSource(a.View().Sources[0].ID)
	close(release)
	a.SetQuery("A lonely sentence")
	v := eventually(t, a, "only mine", func(v View) bool { return allEmbedded(v) && len(v.Results) == 1 && !v.Waiting })
	if v.Results[0].Score != "1.00" {
		t.Errorf("the vector of another sentence: %+v", v.Results[0])
	}
}

func TestAddTextRefusals(t *testing.T) {
	a, _ := newApp(t, &fakeEngine{}, sample)
	a.Start()
	eventually(t, a, "ready", allEmbedded)
	var many strings.Builder
	for i := range MaxSentences + 1 {
		fmt.Fprintf(&many, "Line number %d.\n\n", i)
	}
	for _, c := range []struct {
		name string
		data string
		kind error
		code string
	}{
		{"empty", "", ErrNoSentence, "no_sentence"},
		{"no word", "1 2 3 --- !!", ErrNoSentence, "no_sentence"},
		{"too many sentences", many.String(), ErrFull, "full"},
		{"too long", strings.Repeat("long text ", MaxTextBytes/10+1), ErrTextTooLong, "text_too_long"},
		{"binary", "PK\x03\x04\x00\x00", ErrNotText, "not_text"},
		{"Latin-1", "caf\xe9", ErrNotText, "not_text"},
		{"odd UTF-16", "\xff\xfea", ErrNotText, "not_text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := a.AddFile("x.txt", []byte(c.data)); !errors.Is(err, c.kind) {
				t.Errorf("error %v, want kind %v", err, c.kind)
			}
			v := a.View()
			if v.Notice == nil || v.Notice.Code != c.code || v.Sentences != 4 || v.Failure != nil {
				t.Errorf("notice %+v, %d sentences, failure %+v", v.Notice, v.Sentences, v.Failure)
			}
		})
	}
	if err := a.AddText("", "A fine sentence for you."); err != nil {
		t.Fatal(err)
	}
	if v := a.View(); v.Notice != nil || v.Sources[1].Name != "“A fine sentence for you.”" {
		t.Errorf("notice %+v, sources %+v", v.Notice, v.Sources)
	}
}

func TestDecodeText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Grüße", "Grüße"}, {"\xef\xbb\xbfGrüße", "Grüße"},
		{"\xff\xfeG\x00r\x00\xfc\x00", "Grü"}, {"\xfe\xff\x00G\x00r\x00\xfc", "Grü"}, {"", ""},
	} {
		if got, err := DecodeText([]byte(c.in)); got != c.want || err != nil {
			t.Errorf("DecodeText(%q) = %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}

// The bundled file must parse, and have every sentence in each of the three languages.
func TestBundledCollection(t *testing.T) {
	b, err := os.ReadFile("../web/demo/collection.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 60_000 {
		t.Errorf("%d bytes, the page's budget for the collection is 60,000", len(b))
	}
	entries, err := ParseCollection(string(b))
	if err != nil {
		t.Fatal(err)
	}
	langs := map[int]string{}
	topics := map[string]int{}
	for _, e := range entries {
		langs[e.Group] += e.Lang
		topics[e.Topic]++
	}
	for g, l := range langs {
		if l != "endefr" {
			t.Errorf("group %d has languages %q, want en, de, fr", g, l)
		}
	}
	if len(langs) != 80 || len(topics) != 10 {
		t.Errorf("%d groups, %d topics; COLLECTION.md says 80 and 10", len(langs), len(topics))
	}
}

func TestPictureKeyboardAndHits(t *testing.T) {
	p := &Picture{}
	for i, at := range [][2]float64{{0, 0}, {0.5, 0}, {0.4, 0.3}, {-0.5, 0.1}, {0, -0.6}} {
		d := Dot{ID: i + 10, Group: i % 2}
		d.X, d.Y = at[0], at[1]
		p.Dots = append(p.Dots, d)
	}
	for _, c := range []struct {
		from   int
		dx, dy float64
		want   int
	}{{-1, 1, 0, 0}, {0, 1, 0, 1}, {0, -1, 0, 3}, {0, 0, -1, 4}, {0, 0, 1, 2}, {1, 1, 0, 1}, {99, 1, 0, 0}} {
		if got := p.Step(c.from, c.dx, c.dy); got != c.want {
			t.Errorf("Step(%d, %v, %v) = %d, want %d", c.from, c.dx, c.dy, got, c.want)
		}
	}
	if got := (&Picture{}).Step(-1, 1, 0); got != -1 {
		t.Errorf("a step on an empty map gives %d", got)
	}
	if p.Nearest(p.Dots[2].Point, 0.05) != 2 || p.Nearest(p.Dots[2].Point, -1) != -1 {
		t.Error("Nearest is wrong")
	}
	if p.Find(13) != 3 || p.Find(1) != -1 {
		t.Error("Find is wrong")
	}
	if k := p.Kin(1); len(k) != 1 || k[0] != 3 {
		t.Errorf("Kin(1) = %v, want [3]", k)
	}
	if k := p.Kin(0); len(k) != 0 {
		t.Errorf("dots of no group have kin %v", k)
	}
}
