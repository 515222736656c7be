package search

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// fakeEngine makes unit vectors of the words of a text: texts that share words are near. A call takes 10 ms.
type fakeEngine struct {
	before func(ctx context.Context, texts []string) error // runs before a call answers

	mu    sync.Mutex
	calls [][]string
	gave  [][]float32 // the vectors of each call
}

func (f *fakeEngine) Info() Info {
	return Info{Bytes: 7_900_000, Took: 400 * time.Millisecond, Kernels: "simd128", Threads: 1}
}

func (f *fakeEngine) Embed(ctx context.Context, texts []string) ([]float32, int, error) {
	f.mu.Lock()
	f.calls = append(f.calls, texts)
	f.mu.Unlock()
	time.Sleep(10 * time.Millisecond)
	if f.before != nil {
		if err := f.before(ctx, texts); err != nil {
			return nil, 0, err
		}
	}
	if ctx.Err() != nil {
		return nil, 0, &host.EngineError{Code: "aborted", Message: "the call was aborted"}
	}
	const dim = 16
	var out []float32
	for _, t := range texts {
		var v [dim]float64
		for w := range strings.FieldsSeq(strings.ToLower(strings.Trim(t, ".?!"))) {
			h := fnv.New32a()
			h.Write([]byte(w))
			for j := range v {
				v[j] += math.Sin(float64(h.Sum32()%1000)*float64(j+1)) + 0.01
			}
		}
		var sum float64
		for _, x := range v {
			sum += x * x
		}
		for _, x := range v {
			out = append(out, float32(x/math.Sqrt(sum)))
		}
	}
	f.mu.Lock()
	f.gave = append(f.gave, out)
	f.mu.Unlock()
	return out, dim, nil
}

const sample = "1\tfood\ten\tbread and butter\n1\tfood\tde\tBrot und Butter\n2\tweather\ten\train again today\n2\tweather\tfr\tencore de la pluie\n"

// bench is a search with its page, model and engine.
type bench struct {
	*Search
	t      *testing.T
	host   *hosttest.Host
	loader *hosttest.Loader
	engine *fakeEngine
}

func newSearch(t *testing.T, tsv string) *bench {
	h := &hosttest.Host{Texts: map[string]string{collection: tsv}}
	l, e := &hosttest.Loader{Bytes: 7_900_000}, &fakeEngine{}
	m := host.NewModel(h, l, "search", "prompt-magneto-en-de-fr", "the model")
	m.Silent = true
	return &bench{New(h, m, e), t, h, l, e}
}

// start opens the view and waits until it is as ok says.
func (b *bench) start(ok func(View) bool) View {
	b.Open(route.Parse(""))
	return b.until("the start", ok)
}

func (b *bench) until(what string, ok func(View) bool) View {
	b.t.Helper()
	hosttest.Within(b.t, what, func() bool { return ok(b.View()) })
	return b.View()
}

func embedded(v View) bool {
	return v.Ready && !v.Embedding && v.Sentences > 0 && v.Embedded == v.Sentences
}

func answered(v View) bool { return embedded(v) && !v.Waiting && len(v.Results) > 0 }

func TestSearchFindsAndGroupsTranslations(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.SetText(" bread  and butter") // typed before the model is loaded
		if v := b.View(); !v.Waiting || len(v.Results) != 0 || v.Text != " bread  and butter" || v.Query != "bread and butter" {
			t.Fatalf("before the model: %+v", v)
		}
		v := b.start(answered)
		if r := v.Results[0]; r.Text != "bread and butter" || r.Score != "1.00" || r.Bar != "bar bar-20" || r.LangName != "English" {
			t.Errorf("first result %+v", r)
		}
		kin := 0
		for _, r := range v.Results {
			if r.Kin != "" {
				kin++
			}
		}
		if len(v.Results) != 4 || kin != 2 || !v.Close || v.Languages != 3 {
			t.Errorf("%d results in %d languages, %d are translations of earlier ones, close: %t", len(v.Results), v.Languages, kin, v.Close)
		}
		if said := b.host.LastSaid(); said != "4 results shown of 4 sentences. Nearest, English: bread and butter" {
			t.Errorf("said %q", said)
		}
		// One call embeds the query, one the sentences, 10 ms each.
		if want := []string{"7.9 MB model, loaded in 400 ms", "4 sentences embedded in 10 ms", "last query 10 ms", "answered by the processor: simd128, 1 thread", "nothing leaves this page"}; !slices.Equal(v.Facts, want) {
			t.Errorf("facts %q, expected %q", v.Facts, want)
		}
		v = b.until("the map", func(v View) bool { return strings.Contains(v.MapText, "dots") })
		if !strings.Contains(v.MapText, "4 sentences as dots") || !strings.Contains(v.MapText, "The query “bread and butter” is nearest to “bread and butter” (English, 1.00)") {
			t.Errorf("the map in words: %q", v.MapText)
		}
		p := b.Picture()
		if len(p.Dots) != 4 || p.Query == nil || len(p.Links) != 4 || len(p.Labels) != 2 {
			t.Errorf("picture %+v", p)
		}
		b.SetText("")
		if v := b.View(); !v.Samples || v.Results[0].Score != "" || v.Waiting || b.Picture().Query != nil {
			t.Errorf("a cleared query leaves %+v", v)
		}
	})
}

// The page neither copies nor normalises what the engine returned: the search compares the very same numbers.
func TestVectorsAreThoseOfTheEngine(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.start(embedded)
		b.SetText("rain")
		b.until("results", answered)
		if sentences := b.engine.gave[0]; &b.vectors.At(0)[0] != &sentences[0] || &b.vectors.At(3)[0] != &sentences[3*16] {
			t.Error("the vectors of the sentences are copies")
		}
		if query := b.engine.gave[1]; &b.queryVec[0] != &query[0] {
			t.Error("the vector of the query is a copy")
		}
	})
}

func TestVectorsThatAreNotNormalisedAreRefused(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.Search.engine = long{b.engine}
		v := b.start(func(v View) bool { return v.Failure != nil })
		if v.Embedded != 0 || !strings.Contains(v.Failure.Text, "ask the engine to normalize") {
			t.Errorf("%d embedded, failure %+v", v.Embedded, v.Failure)
		}
		b.SetText("rain")
		v = b.until("a failure", func(v View) bool { return v.Failure.Title == "The query could not be run" })
		if !strings.Contains(v.Failure.Text, "ask the engine to normalize") {
			t.Errorf("failure %+v", v.Failure)
		}
	})
}

// long returns vectors of length 2.
type long struct{ *fakeEngine }

func (l long) Embed(ctx context.Context, texts []string) ([]float32, int, error) {
	v, dim, err := l.fakeEngine.Embed(ctx, texts)
	for i := range v {
		v[i] *= 2
	}
	return v, dim, err
}

func TestALinkCarriesAQueryAndTheAddressKeepsNoOther(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.host.Address = "#q=rain"
		b.Open(route.Parse(b.host.Address))
		v := b.until("the query of the link", answered)
		if v.Text != "rain" || b.host.Address != "#q=rain" || v.LinkVerb != "Copy link" {
			t.Errorf("text %q at %q, %q", v.Text, b.host.Address, v.LinkVerb)
		}
		b.SetText("rain ") // the same query
		if b.host.Address != "#q=rain" {
			t.Errorf("the address is %q", b.host.Address)
		}
		b.SetText("a secret")
		b.until("the secret", answered)
		if b.host.Address != "" || len(b.host.Visited()) > 0 {
			t.Errorf("the address is %q, the history has %q; a query enters neither", b.host.Address, b.host.Visited())
		}
		b.CopyLink()
		v = b.until("the link", func(v View) bool { return v.LinkVerb == "Copied" })
		if b.host.Copied() != "https://example.org/#q=a%20secret" || b.host.LastSaid() != "Copied." || b.host.Address != "" {
			t.Errorf("copied %q, said %q, at %q", b.host.Copied(), b.host.LastSaid(), b.host.Address)
		}
		b.SetText("other")
		if v := b.View(); v.LinkVerb != "Copy link" {
			t.Errorf("the link of an earlier query counts as copied: %q", v.LinkVerb)
		}
		// Another view and back: an address without a query leaves the query.
		b.Open(route.Parse("#/search"))
		b.Open(route.Parse(""))
		if v := b.View(); v.Query != "other" {
			t.Errorf("the query became %q", v.Query)
		}
	})
}

func TestALoadFailureIsWordedAndRetried(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.loader.Err = &host.EngineError{Code: "http_status", Message: "got status 404 from /models/x, expected 200; check the path"}
		v := b.start(func(v View) bool { return v.Failure != nil && !v.Loading })
		if *v.Failure != (host.Failure{Title: "The model could not be loaded", Code: "http_status", Text: "got status 404 from /models/x, expected 200; check the path"}) || !v.Retry {
			t.Errorf("failure %+v, with a button: %t", v.Failure, v.Retry)
		}
		if !strings.Contains(b.host.LastSaid(), "404") {
			t.Errorf("said %q", b.host.LastSaid())
		}
		b.loader.Err = nil
		b.TryAgain()
		if v := b.until("all embedded", embedded); v.Failure != nil {
			t.Errorf("the failure stays: %+v", v.Failure)
		}
	})
}

func TestACollectionThatIsMissingIsSaid(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.host.Texts = nil
		v := b.start(func(v View) bool { return v.Failure != nil && v.Ready })
		if v.Failure.Title != "The sample sentences could not be loaded; you can still add your own text" || v.Retry {
			t.Errorf("%+v, with a button: %t", v.Failure, v.Retry)
		}
	})
}

func TestAPanicOfTheEngineIsShownAndThePageContinues(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.engine.before = func(_ context.Context, texts []string) error {
			if texts[0] == "boom" {
				panic("a fault")
			}
			return nil
		}
		b.start(embedded)
		b.SetText("boom")
		v := b.until("a failure", func(v View) bool { return v.Failure != nil })
		if v.Failure.Code != "internal" || !strings.Contains(v.Failure.Text, "a fault") {
			t.Errorf("failure %+v", v.Failure)
		}
		b.SetText("bread and butter")
		if v := b.until("results", answered); v.Results[0].Score != "1.00" || v.Failure != nil {
			t.Errorf("%+v", v)
		}
	})
}

func TestAQueryThatFailsIsRetried(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		var fail atomic.Bool
		b := newSearch(t, sample)
		b.engine.before = func(context.Context, []string) error {
			if fail.Load() {
				return &host.EngineError{Code: "engine_crashed", Message: "the worker ended"}
			}
			return nil
		}
		b.start(embedded)
		fail.Store(true)
		b.SetText("rain")
		v := b.until("a failure", func(v View) bool { return v.Failure != nil })
		if v.Failure.Code != "engine_crashed" || !v.Retry {
			t.Errorf("failure %+v, with a button: %t", v.Failure, v.Retry)
		}
		fail.Store(false)
		b.TryAgain()
		b.until("results", func(v View) bool { return answered(v) && v.Failure == nil && len(v.Results) == 4 })
	})
}

func TestAWrongNumberOfVectorsIsRefused(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.Search.engine = short{b.engine}
		v := b.start(func(v View) bool { return v.Failure != nil })
		if v.Failure.Text != "the engine returned 63 numbers for 4 texts of 16 numbers each" || !v.Retry {
			t.Errorf("failure %+v", v.Failure)
		}
	})
}

// short leaves out a number.
type short struct{ *fakeEngine }

func (s short) Embed(ctx context.Context, texts []string) ([]float32, int, error) {
	v, dim, err := s.fakeEngine.Embed(ctx, texts)
	return v[1:], dim, err
}

func TestEmbeddingIsStoppedAndContinued(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		var many strings.Builder
		for i := range 100 {
			fmt.Fprintf(&many, "%d\ttopic\ten\tsentence number %d\n", i+1, i)
		}
		gate := make(chan struct{}, 100)
		b := newSearch(t, many.String())
		b.engine.before = func(ctx context.Context, texts []string) error {
			select {
			case <-gate:
				return nil
			case <-ctx.Done():
				return &host.EngineError{Code: "aborted", Message: "aborted"}
			}
		}
		gate <- struct{}{}
		b.start(func(v View) bool { return v.Embedded == firstChunk && v.Embedding })
		b.StopEmbedding()
		v := b.until("stopped", func(v View) bool { return v.Stopped })
		if v.Embedded != firstChunk || v.Failure != nil {
			t.Errorf("after the stop: %d embedded, failure %+v", v.Embedded, v.Failure)
		}
		close(gate)
		b.ContinueEmbedding()
		b.until("all embedded", embedded)
	})
}

func TestEmbeddingThatFailsIsRetried(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		var fail atomic.Bool
		fail.Store(true)
		b := newSearch(t, sample)
		b.engine.before = func(context.Context, []string) error {
			if fail.Load() {
				return &host.EngineError{Code: "out_of_memory", Message: "no memory"}
			}
			return nil
		}
		v := b.start(func(v View) bool { return v.Failure != nil })
		if v.Failure.Code != "out_of_memory" || !v.Retry || !v.Stopped {
			t.Errorf("failure %+v, with a button: %t, stopped: %t", v.Failure, v.Retry, v.Stopped)
		}
		fail.Store(false)
		b.TryAgain()
		b.until("all embedded", embedded)
	})
}

func TestACallIsSizedToTakeItsTarget(t *testing.T) {
	for _, c := range []struct {
		n    int
		took time.Duration
		want int
	}{{8, 16 * time.Millisecond, 16}, {8, 80 * time.Millisecond, 8}, {16, 160 * time.Millisecond, 8}, {4, 10 * time.Second, 2}, {64, time.Millisecond, 64}, {8, 0, 16}} {
		if got := nextChunk(c.n, c.took); got != c.want {
			t.Errorf("nextChunk(%d, %v) = %d, expected %d", c.n, c.took, got, c.want)
		}
	}
}
