package server

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/lodestone-wasm/lodestone/models/thex/evaluator"
	"github.com/lodestone-wasm/lodestone/models/thex/wire"
)

// Options bound what a server holds. The zero value has the defaults.
type Options struct {
	// MaxKeys is how many clients' keys are kept, about 100 MB each (8).
	MaxKeys int
	// MaxRuns is how many runs may be unfinished, some megabytes each (64).
	MaxRuns int
	// RunTimeout is after what time without a message a run is dropped (5 minutes).
	RunTimeout time.Duration
	// ReadTimeout is how long a message may take to arrive (10 minutes).
	ReadTimeout time.Duration
	// Compute is how many messages are computed at the same time (the number of processors).
	Compute int
	// Now is the clock (time.Now).
	Now func() time.Time
}

// Description is what GET v1/model answers.
type Description struct {
	Version int      `json:"version"`
	Hash    string   `json:"hash"` // of parameters and shape
	Tokens  int      `json:"tokens"`
	Labels  []string `json:"labels"`
	// The bytes of the message with keys, and of each exchange.
	KeyBytes int        `json:"keyBytes"`
	Messages []Exchange `json:"messages"`
}

// Exchange is the bytes of a message and of its answer.
type Exchange struct {
	Up   int `json:"up"`
	Down int `json:"down"`
}

// ErrBusy: the server has as many runs as it may have, or the run is computing.
var ErrBusy = errors.New("busy")

// Server is the handler. Several goroutines may use it.
type Server struct {
	model   *evaluator.Model
	options Options
	mux     *http.ServeMux
	about   []byte
	compute chan struct{} // a token for each message that is computed
	uploads chan struct{} // and for each upload of keys

	mutex sync.Mutex
	keys  []*evaluator.Keys // the most recently used last
	runs  map[wire.RunID]*run
}

// run is a run that has not ended.
type run struct {
	run  *evaluator.Run
	busy bool
	seen time.Time
}

// New makes a handler. labels are the model's, for clients to show.
func New(m *evaluator.Model, labels []string, o Options) (*Server, error) {
	def := func(v *int, n int) {
		if *v <= 0 {
			*v = n
		}
	}
	def(&o.MaxKeys, 8)
	def(&o.MaxRuns, 64)
	def(&o.Compute, runtime.GOMAXPROCS(0))
	if o.RunTimeout <= 0 {
		o.RunTimeout = 5 * time.Minute
	}
	if o.ReadTimeout <= 0 {
		o.ReadTimeout = 10 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{model: m, options: o, mux: http.NewServeMux(), runs: map[wire.RunID]*run{}}
	s.compute, s.uploads = make(chan struct{}, o.Compute), make(chan struct{}, 2)
	p := m.Plan()
	hash := wire.Hash(p)
	d := Description{Version: wire.Version, Hash: hex.EncodeToString(hash[:]), Tokens: p.Tokens, Labels: labels, KeyBytes: wire.MessageBytes(wire.Keys, p, 0)}
	for i := range p.Exchanges {
		d.Messages = append(d.Messages, Exchange{wire.MessageBytes(wire.Up, p, i), wire.MessageBytes(wire.Down, p, i)})
	}
	var err error
	s.about, err = json.Marshal(d)
	s.mux.HandleFunc("GET /v1/model", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(s.about)
	})
	s.mux.HandleFunc("GET /v1/keys/{fingerprint}", s.known)
	s.mux.HandleFunc("PUT /v1/keys", s.upload)
	s.mux.HandleFunc("POST /v1/messages", s.message)
	return s, err
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	s.mux.ServeHTTP(w, r)
}

// statuses says which status an error of a kind has.
var statuses = []struct {
	kind   error
	status int
}{
	{wire.ErrVersion, http.StatusUnprocessableEntity},
	{wire.ErrParameters, http.StatusUnprocessableEntity},
	{wire.ErrKeys, http.StatusPreconditionFailed},
	{wire.ErrExchange, http.StatusConflict},
	{wire.ErrRun, http.StatusNotFound},
	{wire.ErrFormat, http.StatusBadRequest},
	{wire.ErrSize, http.StatusBadRequest},
	{wire.ErrTruncated, http.StatusBadRequest},
	{wire.ErrLevel, http.StatusBadRequest},
	{ErrBusy, http.StatusServiceUnavailable},
	{context.Canceled, http.StatusServiceUnavailable},
	{context.DeadlineExceeded, http.StatusServiceUnavailable},
}

func refuse(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	for _, s := range statuses {
		if errors.Is(err, s.kind) {
			status = s.status
			break
		}
	}
	w.Header().Set("Connection", "close") // the rest of the message is not read
	http.Error(w, err.Error(), status)
}

func (s *Server) known(w http.ResponseWriter, r *http.Request) {
	f, err := hex.DecodeString(r.PathValue("fingerprint"))
	if err != nil || len(f) != len(wire.Fingerprint{}) {
		http.Error(w, "a fingerprint is 64 hexadecimal digits", http.StatusBadRequest)
		return
	}
	if s.find(wire.Fingerprint(f)) == nil {
		http.Error(w, "the server does not have these keys; send them", http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// find is the keys with a fingerprint, nil if there are none, and marks them as used.
func (s *Server) find(f wire.Fingerprint) *evaluator.Keys {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for i, k := range s.keys {
		if k.Fingerprint() == f {
			s.keys = append(append(s.keys[:i], s.keys[i+1:]...), k)
			return k
		}
	}
	return nil
}

// enter takes a token of c, or gives up with the request.
func enter(ctx context.Context, c chan struct{}) error {
	select {
	case c <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("server: the client left the queue: %w", context.Cause(ctx))
	}
}

// header limits a request to the time and the bytes that it may take, and reads its header.
func (s *Server) header(w http.ResponseWriter, r *http.Request, kind wire.Kind) (wire.Header, error) {
	// A handler under test may have no connection to set a deadline on.
	_ = http.NewResponseController(w).SetReadDeadline(s.options.Now().Add(s.options.ReadTimeout))
	h, err := wire.ReadHeader(r.Body)
	if err == nil {
		err = h.Check(kind, s.model.Plan())
	}
	return h, err
}

func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	h, err := s.header(w, r, wire.Keys)
	if err == nil && s.find(h.Keys) == nil {
		err = s.read(r, h)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) read(r *http.Request, h wire.Header) error {
	if err := enter(r.Context(), s.uploads); err != nil {
		return err
	}
	defer func() { <-s.uploads }()
	k, err := s.model.ReadKeysAfter(h, r.Body)
	if err != nil || s.find(h.Keys) != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.keys = append(s.keys, k)
	if n := len(s.keys) - s.options.MaxKeys; n > 0 {
		s.keys = append([]*evaluator.Keys{}, s.keys[n:]...)
	}
	return nil
}

func (s *Server) message(w http.ResponseWriter, r *http.Request) {
	h, err := s.header(w, r, wire.Up)
	if err != nil {
		refuse(w, err)
		return
	}
	x, err := s.claim(h)
	if err != nil {
		refuse(w, err)
		return
	}
	ended := false
	defer func() { s.release(h.Run, x, ended) }()
	if err = enter(r.Context(), s.compute); err != nil {
		refuse(w, err)
		return
	}
	defer func() { <-s.compute }()
	answer, err := x.run.Answer(h, r.Body)
	if err != nil {
		ended = !x.run.Begun() // nothing is lost
		refuse(w, err)
		return
	}
	ended = x.run.Done()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
	w.Write(answer)
}

// claim is the run that a message belongs to, begun if it is the first.
func (s *Server) claim(h wire.Header) (*run, error) {
	now := s.options.Now()
	keys := s.find(h.Keys)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for id, x := range s.runs {
		if !x.busy && now.Sub(x.seen) > s.options.RunTimeout {
			delete(s.runs, id)
		}
	}
	x := s.runs[h.Run]
	switch {
	case x != nil && x.busy:
		return nil, fmt.Errorf("server: %w: run %x is computing the answer to a message", wire.ErrExchange, h.Run[:4])
	case x != nil:
		x.busy = true
		return x, nil
	case h.Exchange != 0:
		return nil, fmt.Errorf("server: %w: %x; it ended, waited too long, or the server was restarted; begin again", wire.ErrRun, h.Run[:4])
	case keys == nil:
		return nil, fmt.Errorf("server: %w: the server does not have the keys %x…; send them", wire.ErrKeys, h.Keys[:6])
	case len(s.runs) >= s.options.MaxRuns:
		return nil, fmt.Errorf("server: %w: %d runs are unfinished; try again later", ErrBusy, len(s.runs))
	}
	begun, err := s.model.Begin(h, keys)
	if err != nil {
		return nil, err
	}
	x = &run{run: begun, busy: true}
	s.runs[h.Run] = x
	return x, nil
}

func (s *Server) release(id wire.RunID, x *run, ended bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	x.busy, x.seen = false, s.options.Now()
	if ended {
		delete(s.runs, id)
	}
}
