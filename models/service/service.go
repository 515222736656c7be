package service

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Service answers requests. It is an http.Handler and is safe for concurrent use.
type Service struct {
	config  Config
	tokens  [][32]byte
	models  *registry
	metrics *metrics
	started time.Time
}

// New makes a Service. It opens no model.
func New(c Config) (*Service, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c.Limits.setDefaults()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{config: c, tokens: sums(c.Tokens), models: newRegistry(c.Device, c.Models, c.Limits), metrics: newMetrics(), started: time.Now()}, nil
}

// route is an address of the service.
type route struct {
	method, path string
	tei          bool // errors are in the form of Text Embeddings Inference
	open         bool // needs no token
	serve        func(c *call) (any, error)
}

// routes are all addresses. A path that ends in a slash has an id behind it.
var routes []*route

func init() {
	routes = []*route{
		{method: "POST", path: "/v1/embeddings", serve: (*call).embeddings},
		{method: "GET", path: "/v1/models", serve: (*call).listModels},
		{method: "GET", path: "/v1/models/", serve: (*call).oneModel},
		{method: "POST", path: "/v1/rerank", serve: (*call).rerank},
		{method: "POST", path: "/v2/rerank", serve: (*call).rerank},
		{method: "POST", path: "/v1/entities", serve: (*call).entities},
		{method: "POST", path: "/v1/classify", serve: (*call).classify},
		{method: "POST", path: "/v1/translate", serve: (*call).translate},
		{method: "POST", path: "/embed", tei: true, serve: (*call).teiEmbed},
		{method: "POST", path: "/rerank", tei: true, serve: (*call).teiRerank},
		{method: "POST", path: "/tokenize", tei: true, serve: (*call).teiTokenize},
		{method: "GET", path: "/info", tei: true, serve: (*call).teiInfo},
		{method: "GET", path: "/health", tei: true, open: true, serve: (*call).health},
		{method: "GET", path: "/metrics", serve: (*call).writeMetrics},
		{method: "GET", path: "/openapi.json", open: true, serve: (*call).openapi},
	}
}

// plain is an answer that is no JSON.
type plain struct {
	contentType string
	text        []byte
}

// call is one request while it is answered.
type call struct {
	*Service
	ctx   context.Context
	w     http.ResponseWriter
	r     *http.Request
	route *route // nil: there is none
	id    string // of the request
	began time.Time

	model         string // its id, once it is known to be one of ours
	items, tokens int    // of the texts
	steps         []step // for Server-Timing
}

// step is a part of the time that a request took.
type step struct {
	name string
	took time.Duration
}

// took adds the time since began to the steps.
func (c *call) took(name string, d time.Duration) { c.steps = append(c.steps, step{name, d}) }

// ServeHTTP answers a request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Service: s, ctx: r.Context(), w: w, r: r, id: newID(), began: time.Now()}
	if s.config.Limits.Budget > 0 {
		var cancel context.CancelFunc
		c.ctx, cancel = context.WithTimeout(c.ctx, s.config.Limits.Budget)
		defer cancel()
	}
	var allow []string
	c.route, allow = find(r.URL.Path, r.Method)
	w.Header().Set("X-Request-Id", c.id)
	if s.cors(w, r, allow) {
		return
	}
	y, err := c.answer(allow)
	c.write(y, err)
}

// newID is the id of a request.
func newID() string {
	var b [12]byte
	rand.Read(b[:])
	return "req_" + hex.EncodeToString(b[:])
}

// find is the route of a path and the methods that it has. The route is one of the path
// with another method if the method is not allowed, so that the error has its form.
func find(path, method string) (*route, []string) {
	var other *route
	var allow []string
	for _, r := range routes {
		rest, matches := strings.CutPrefix(path, r.path)
		if !matches || (rest != "") != strings.HasSuffix(r.path, "/") {
			continue
		}
		allow = append(allow, r.method)
		if r.method == "GET" {
			allow = append(allow, "HEAD")
		}
		other = r
		if slices.Contains(allow, method) {
			return r, allow
		}
	}
	return other, allow
}

// cors sets the headers for pages of other origins. It reports whether the request was a
// preflight, which is answered then.
func (s *Service) cors(w http.ResponseWriter, r *http.Request, allow []string) bool {
	h, origin := w.Header(), r.Header.Get("Origin")
	preflight := r.Method == http.MethodOptions && origin != "" && r.Header.Get("Access-Control-Request-Method") != "" && allow != nil
	if len(s.config.Origins) > 0 {
		h.Add("Vary", "Origin")
	}
	if origin != "" && (slices.Contains(s.config.Origins, origin) || slices.Contains(s.config.Origins, "*")) {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After, Server-Timing")
		if preflight {
			h.Set("Access-Control-Allow-Methods", strings.Join(allow, ", "))
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Requested-With")
			h.Set("Access-Control-Max-Age", "86400")
		}
	}
	if preflight {
		w.WriteHeader(http.StatusNoContent)
	}
	return preflight
}

// answer is what the route has to say.
func (c *call) answer(allow []string) (y any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{debug.Stack()}
		}
	}()
	switch {
	case c.route == nil:
		return nil, problem(notFound, "", "unknown_url", "there is no such address; /openapi.json lists them")
	case !slices.Contains(allow, c.r.Method):
		c.w.Header().Set("Allow", strings.Join(allow, ", "))
		return nil, problem(notAllowed, "", "method_not_allowed", "this address does not have this method; it has %s", strings.Join(allow, ", "))
	case !c.route.open && !c.authorized():
		c.w.Header().Set("WWW-Authenticate", `Bearer realm="lodestone"`)
		return nil, problem(noToken, "", "invalid_api_key", "the header Authorization has no bearer token that is accepted here")
	}
	return c.route.serve(c)
}

// authorized tells whether the request has one of the tokens. It compares with all of them
// in constant time.
func (c *call) authorized() bool {
	if len(c.Service.tokens) == 0 {
		return true
	}
	scheme, token, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	equal := 0
	for _, t := range c.Service.tokens {
		equal |= subtle.ConstantTimeCompare(sum[:], t[:])
	}
	return equal == 1 && strings.EqualFold(scheme, "bearer")
}

// body reads the request's body, which is a JSON object.
func (c *call) body() (fields, *Problem) {
	limit := c.config.Limits.Body
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, problem(mediaType, "", "unsupported_media_type", "the header Content-Type is not application/json in UTF-8")
	}
	if e := c.r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, problem(mediaType, "", "unsupported_media_type", "the header Content-Encoding is set; send the body as it is")
	}
	long := problem(tooLarge, "", "body_too_large", "the body has more than %d bytes, the limit", limit)
	if c.r.ContentLength > limit {
		return nil, long
	}
	text, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, limit))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, long
	case err != nil:
		return nil, problem(malformed, "", "incomplete_body", "the body did not arrive whole")
	}
	return parse(text)
}

// write sends an answer or a problem, and notes the request.
func (c *call) write(y any, err error) {
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	status, tei := http.StatusOK, c.route != nil && c.route.tei
	var p *Problem
	var text []byte
	if err == nil {
		if flat, ok := y.(plain); ok {
			h.Set("Content-Type", flat.contentType)
			text = flat.text
		} else if text, err = encode(y); err != nil {
			err = fmt.Errorf("service: encoding an answer: %w", err)
		}
	}
	if err != nil {
		p = problemOf(err, "input")
		status = p.status(tei)
		p.retryAfter(h)
		text, _ = encode(p.body(tei))
	}
	var timing []string
	for _, s := range append(c.steps, step{"total", time.Since(c.began)}) {
		timing = append(timing, fmt.Sprintf("%s;dur=%.2f", s.name, float64(s.took.Microseconds())/1e3))
	}
	h.Set("Server-Timing", strings.Join(timing, ", "))
	h.Set("Content-Length", fmt.Sprint(len(text)))
	c.note(status, p)
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		c.w.Write(text) // whoever has gone needs no answer
	}
}

// note logs and counts the request. Nothing of its texts, its path or its headers is in
// the line: whoever asks could write texts into each.
func (c *call) note(status int, p *Problem) {
	path := "unknown"
	if c.route != nil {
		path = c.route.path
	}
	c.metrics.count(path, status, c.items, c.tokens, time.Since(c.began))
	attrs := []any{"id", c.id, "route", path, "status", status, "ms", time.Since(c.began).Milliseconds(), "items", c.items, "tokens", c.tokens}
	if c.model != "" {
		attrs = append(attrs, "model", c.model)
	}
	level := slog.LevelInfo
	if p != nil {
		attrs = append(attrs, "code", p.code)
		if p.cause != nil {
			level = slog.LevelError
			if p.kind == unavailable {
				attrs = append(attrs, "cause", p.cause.Error())
			}
			if t := trace(p.cause); t != "" {
				attrs = append(attrs, "stack", t)
			}
		}
	}
	c.config.Log.Log(context.Background(), level, "request", attrs...)
}

// encode is JSON without the escapes that HTML needs.
func encode(y any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(y)
	return b.Bytes(), err
}

// use opens the model that the request calls id, of one of some tasks. The model may be
// dropped from memory before compute; what is read of its configuration and its tokenizer
// stays right.
func (c *call) use(id string, tasks ...string) (*loaded, *entry, error) {
	e, p := c.models.find(id, tasks...)
	if p != nil {
		return nil, nil, p
	}
	c.model = e.ID
	began := time.Now()
	l, err := c.models.open(c.ctx, e)
	c.took("load", time.Since(began))
	return l, e, err
}

// compute calls f with the model when the device is free.
func (c *call) compute(e *entry, f func(*loaded) error) error {
	var took time.Duration
	waited, err := c.models.run(c.ctx, e, func(l *loaded) error {
		defer func(began time.Time) { took = time.Since(began) }(time.Now())
		return f(l)
	})
	c.took("queue", waited)
	c.took("model", took)
	return err
}

// countTokens adds the tokens of a text to those of the request.
func (c *call) countTokens(param string, n int) *Problem {
	if c.tokens += n; c.tokens > c.config.Limits.Tokens {
		return problem(overLimit, param, "too_many_tokens", "%s has more than %d tokens in all, the limit of a request", param, c.config.Limits.Tokens)
	}
	return nil
}
