package ui

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/sentence"
	"github.com/lodestone-wasm/lodestone/ui/similar"
)

// Options are what an App needs from the place where it runs. Nil functions are allowed.
type Options struct {
	Changed    func()                                    // the view is out of date; called often, from any goroutine
	Announce   func(string)                              // a sentence for screen readers
	Pause      func()                                    // called every few milliseconds of long computations
	Collection func(ctx context.Context) (string, error) // fetches the bundled collection
}

// App is the state of the page. All methods may be called from any goroutine; none blocks on the engine.
type App struct {
	engine Engine
	o      Options
	latest *Latest[string]
	layer  *Latest[layoutJob]

	mu       sync.Mutex
	ready    bool
	loading  bool
	progress Progress
	info     Info
	failure  *Failure
	notice   *Failure // about text that was added; goes away with the next

	sources []Source
	entries []Entry     // in the order of their sources
	vectors similar.Set // of entries[:vectors.Len()]
	gen     int         // counts removals: an answer to an older generation is dropped
	lastID  int

	embedding   bool
	embedCancel context.CancelFunc
	embedTime   time.Duration
	embedCount  int
	stopped     bool // the reader pressed cancel

	query     string
	queryTime time.Duration
	queryVec  []float32 // nil until the query was embedded
	vecFor    string    // the query that queryVec belongs to
	hits      []similar.Hit

	layout  *similar.Layout
	picture *Picture
}

// NewApp returns the state of a page that has not started yet.
func NewApp(e Engine, o Options) *App {
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Announce == nil {
		o.Announce = func(string) {}
	}
	a := &App{engine: e, o: o, picture: &Picture{}}
	a.latest = NewLatest(func(ctx context.Context, q string) { a.guard("query", func() { a.runQuery(ctx, q) }) })
	a.layer = NewLatest(func(ctx context.Context, j layoutJob) { a.guard("map", func() { a.runLayout(ctx, j) }) })
	return a
}

// Start loads the collection and the model, each on its own.
func (a *App) Start() {
	if a.o.Collection != nil {
		go a.guard("collection", a.loadCollection)
	}
	a.load()
}

// guard runs f and shows a panic as a failure, so that one fault does not end the page.
func (a *App) guard(what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			a.fail(&Failure{Title: "The page met a fault of its own", Code: "internal",
				Text: fmt.Sprintf("%s: %v. Reload the page; what you typed and added is not stored anywhere.", what, r)})
		}
	}()
	f()
}

// Do runs an event handler; a panic in it is shown instead of ending the page.
func (a *App) Do(what string, f func()) { a.guard(what, f) }

func (a *App) fail(f *Failure) {
	a.mu.Lock()
	a.failure = f
	a.mu.Unlock()
	a.o.Changed()
	a.o.Announce(f.Title + ". " + f.Text)
}

// load starts loading the model unless that is under way or done.
func (a *App) load() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.loading || a.ready {
		return
	}
	a.loading, a.failure, a.progress = true, nil, Progress{}
	go a.guard("load", func() {
		defer func() {
			a.mu.Lock()
			a.loading = false
			a.mu.Unlock()
		}()
		a.runLoad()
	})
}

func (a *App) runLoad() {
	info, err := a.engine.Load(context.Background(), func(p Progress) {
		a.mu.Lock()
		a.progress = p
		a.mu.Unlock()
		a.o.Changed()
	})
	a.mu.Lock()
	a.loading = false
	if err != nil {
		a.mu.Unlock()
		f := failureOf("The model could not be loaded", err)
		f.Retry = RetryLoad
		a.fail(f)
		return
	}
	a.ready, a.info = true, info
	q := a.query
	a.startEmbedding()
	a.mu.Unlock()
	if q != "" {
		a.latest.Submit(q)
	}
	a.o.Changed()
	a.o.Announce("The model is ready.")
}

// TryAgain repeats what failed.
func (a *App) TryAgain() {
	a.mu.Lock()
	f := a.failure
	a.failure = nil
	q := a.query
	if f != nil && f.Retry == RetryEmbed {
		a.stopped = false
		a.startEmbedding()
	}
	a.mu.Unlock()
	a.o.Changed()
	if f == nil {
		return
	}
	switch f.Retry {
	case RetryLoad:
		a.load()
	case RetryQuery:
		if q != "" {
			a.latest.Submit(q)
		}
	}
}

// SetQuery searches for q; an empty q clears the results.
func (a *App) SetQuery(q string) {
	q = cutQuery(q)
	a.mu.Lock()
	if q == a.query {
		a.mu.Unlock()
		return
	}
	a.query = q
	if q == "" {
		a.queryVec, a.vecFor, a.hits = nil, "", nil
		a.draw()
	}
	ready := a.ready
	a.mu.Unlock()
	switch {
	case q == "":
		a.latest.Cancel()
	case ready:
		a.latest.Submit(q)
	}
	a.o.Changed()
}

func (a *App) runQuery(ctx context.Context, q string) {
	start := time.Now()
	vec, dim, err := a.engine.Embed(ctx, []string{q})
	if err == nil && (dim < 1 || len(vec) != dim) {
		err = fmt.Errorf("the engine returned %d numbers for one text, expected %d", len(vec), dim)
	}
	if err == nil {
		vec, err = similar.Unit(vec)
	}
	if err != nil {
		if !canceled(err) {
			f := failureOf("The query could not be run", err)
			f.Retry = RetryQuery
			a.fail(f)
		}
		return
	}
	took := time.Since(start)
	a.mu.Lock()
	if a.query != q {
		a.mu.Unlock()
		return
	}
	a.queryVec, a.vecFor, a.queryTime = vec, q, took
	if a.failure != nil && a.failure.Retry == RetryQuery {
		a.failure = nil
	}
	a.rank()
	text := a.summary()
	a.mu.Unlock()
	a.o.Changed()
	a.o.Announce(text)
}

// MaxResults is the length of the result list: three sentences in three languages.
const MaxResults = 9

// rank orders the sentences by the query; a.mu is held.
func (a *App) rank() {
	a.hits = nil
	if a.queryVec != nil && a.vectors.Len() > 0 {
		hits, err := a.vectors.Top(a.queryVec, MaxResults)
		if err != nil {
			panic(err) // one engine gives vectors of one length
		}
		a.hits = hits
	}
	a.draw()
}

// summary says the results in one sentence; a.mu is held.
func (a *App) summary() string {
	if len(a.hits) == 0 {
		return "No sentences to search yet."
	}
	best := a.entries[a.hits[0].Index]
	return fmt.Sprintf("%s shown of %s. Nearest, %s: %s", Count(len(a.hits), "result", "results"),
		Count(a.vectors.Len(), "sentence", "sentences"), sentence.Name(best.Lang), best.Text)
}
