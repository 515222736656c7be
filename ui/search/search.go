package search

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/plot"
	"github.com/lodestone-wasm/lodestone/ui/route"
	"github.com/lodestone-wasm/lodestone/ui/sentence"
	"github.com/lodestone-wasm/lodestone/ui/similar"
)

// Embedder is what the search needs of its model once it is loaded.
type Embedder interface {
	// Embed returns one vector of dim numbers and length 1 for each text, row after row. When ctx ends, the call ends.
	Embed(ctx context.Context, texts []string) (vectors []float32, dim int, err error)
	// Info describes the loaded model.
	Info() Info
}

// Info is what the page reports about the loaded model.
type Info struct {
	Bytes   int64         // of the model's files
	Took    time.Duration // from the start of the page to the loaded model
	Kernels string        // kernel variant, such as "simd128"
	Threads int
	GPU     bool // the model is on the GPU, not on the processor
}

// Search is the state of the view. All methods may be called from any goroutine; none blocks on the engine.
type Search struct {
	Model *host.Model

	host   host.Host
	engine Embedder
	latest *host.Latest[string]
	layer  *host.Latest[layoutJob]
	link   *host.Copier

	mu      sync.Mutex
	started bool
	failure *host.Failure
	retry   retry
	notice  *host.Failure // about text that was not added; the next text replaces it
	left    string        // what was left out of the text that is being added, in words

	sources []Source
	entries []Entry     // in the order of their sources
	vectors similar.Set // of entries[:vectors.Len()]
	gen     int         // counts removals: an answer to an older generation is dropped
	lastID  int
	keep    bool   // the reader agreed that own texts are kept on this device
	draft   string // the reader's own text, not added yet

	embedding   bool
	embedCancel context.CancelFunc
	embedTime   time.Duration
	embedCount  int
	stopped     bool // the reader pressed Cancel

	text      string // what the search box holds
	query     string // text without superfluous white space
	linked    string // the query in the page's address
	queryTime time.Duration
	queryVec  []float32 // nil until the query is embedded
	vecFor    string    // the query that queryVec belongs to
	hits      []similar.Hit

	layout  *similar.Layout
	picture *plot.Picture
}

// retry is what "Try again" repeats.
type retry int

const (
	retryNone  retry = iota
	retryEmbed       // embed the sentences that have no vector
	retryQuery
)

// New returns the state before the view was opened.
func New(h host.Host, m *host.Model, e Embedder) *Search {
	s := &Search{Model: m, host: h, engine: e, picture: &plot.Picture{}, link: host.NewCopier(h, "the link")}
	s.latest = host.NewLatest(s.runQuery)
	s.layer = host.NewLatest(func(ctx context.Context, j layoutJob) { h.Guard("map", func() { s.runLayout(ctx, j) }) })
	m.WhenReady(s.modelReady)
	return s
}

// Open shows the query of an address. The first time it also loads the collection and the model.
func (s *Search) Open(a route.Address) {
	if a.Query != "" {
		s.mu.Lock()
		s.linked = a.Query
		s.mu.Unlock()
		s.SetText(a.Query)
	}
	s.mu.Lock()
	first := !s.started
	s.started = true
	s.mu.Unlock()
	if first {
		s.restoreOwn()
		go s.loadCollection()
		s.Model.Load()
	}
}

func (s *Search) fail(f *host.Failure, r retry) {
	s.mu.Lock()
	s.failure, s.retry = f, r
	s.mu.Unlock()
	s.host.Redraw()
	s.host.Announce(f.Sentence())
}

func (s *Search) modelReady() {
	s.mu.Lock()
	q := s.query
	s.startEmbedding()
	s.mu.Unlock()
	if q != "" {
		s.latest.Submit(q)
	}
	s.host.Redraw()
}

// TryAgain repeats what failed.
func (s *Search) TryAgain() {
	if s.Model.State().Failure != nil {
		s.Model.Load()
		return
	}
	s.mu.Lock()
	r, q := s.retry, s.query
	s.failure, s.retry = nil, retryNone
	if r == retryEmbed {
		s.stopped = false
		s.startEmbedding()
	}
	s.mu.Unlock()
	if r == retryQuery && q != "" {
		s.latest.Submit(q)
	}
	s.host.Redraw()
}

// SetText takes the text of the search box and searches for it. An empty text clears the results. The page's address keeps a query
// only while it is the one that came with the address.
func (s *Search) SetText(text string) {
	q := route.Fold(text)
	s.mu.Lock()
	s.text = text
	if q == s.query {
		s.mu.Unlock()
		return
	}
	s.query = q
	s.link.Reset()
	if q == "" {
		s.queryVec, s.vecFor, s.hits = nil, "", nil
		s.draw()
	}
	stale := s.linked != "" && s.linked != q
	if stale {
		s.linked = ""
	}
	s.mu.Unlock()
	switch {
	case q == "":
		s.latest.Cancel()
	case s.Model.Ready():
		s.latest.Submit(q)
	}
	if stale {
		s.host.Replace("")
	}
	s.host.Redraw()
}

// CopyLink puts a link to the query on the clipboard. Nothing else puts a query into an address.
func (s *Search) CopyLink() {
	s.mu.Lock()
	q := s.query
	s.mu.Unlock()
	s.link.Copy(s.host.Link(route.Search(q)))
}

func (s *Search) runQuery(ctx context.Context, q string) {
	start := time.Now()
	var vec []float32
	err := host.Try(func() (err error) {
		vec, err = s.embed(ctx, []string{q})
		return err
	})
	if err == nil {
		err = similar.CheckUnit(vec)
	}
	if err != nil {
		if !host.Canceled(err) {
			s.fail(host.FailureOf("The query could not be run", err), retryQuery)
		}
		return
	}
	took := time.Since(start)
	s.mu.Lock()
	if s.query != q {
		s.mu.Unlock()
		return
	}
	s.queryVec, s.vecFor, s.queryTime = vec, q, took
	if s.retry == retryQuery {
		s.failure, s.retry = nil, retryNone
	}
	s.rank()
	said := s.summary()
	s.mu.Unlock()
	s.host.Redraw()
	s.host.Announce(said)
}

// embed returns the vectors of texts and checks that they are as many as the texts.
func (s *Search) embed(ctx context.Context, texts []string) ([]float32, error) {
	vecs, dim, err := s.engine.Embed(ctx, texts)
	if err == nil && (dim < 1 || len(vecs) != dim*len(texts)) {
		err = fmt.Errorf("the engine returned %d numbers for %s of %d numbers each", len(vecs), format.Count(len(texts), "text", "texts"), dim)
	}
	return vecs, err
}

// MaxResults is the length of the result list: three sentences in three languages.
const MaxResults = 9

// rank orders the sentences by the query. The caller holds s.mu.
func (s *Search) rank() {
	s.hits = nil
	if s.queryVec != nil && s.vectors.Len() > 0 {
		hits, err := s.vectors.Top(s.queryVec, MaxResults)
		if err != nil {
			s.failure, s.retry = host.FailureOf("The query could not be compared with the sentences", err), retryNone
		}
		s.hits = hits
	}
	s.draw()
}

// summary is the results in one sentence. The caller holds s.mu.
func (s *Search) summary() string {
	if len(s.hits) == 0 {
		return "No sentences to search yet."
	}
	best := s.entries[s.hits[0].Index]
	return fmt.Sprintf("%s shown of %s. Nearest, %s: %s", format.Count(len(s.hits), "result", "results"),
		format.Count(s.vectors.Len(), "sentence", "sentences"), sentence.Name(best.Lang), best.Text)
}
