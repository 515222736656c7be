//go:build !js

package service_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/service"
)

// gate is a folder whose weights are opened when the test says so.
type gate struct {
	pipeline.Files
	opened atomic.Int32
	hold   chan struct{} // nil: at once
	fail   atomic.Int32  // how many of the next loads fail
}

func (g *gate) Weights() ([]string, error) {
	g.opened.Add(1)
	if g.hold != nil {
		<-g.hold
	}
	if g.fail.Add(-1) >= 0 {
		return nil, errors.New("the disk is gone")
	}
	return g.Files.Weights()
}

func gated(t *testing.T, hold bool, change func(*service.Config)) (*service.Service, *gate) {
	g := &gate{Files: tiny(t, "tiny").Files}
	if hold {
		g.hold = make(chan struct{})
	}
	return open(t, func(c *service.Config) {
		c.Models = []service.Model{{ID: "tiny", Task: pipeline.FeatureExtraction.Name, Files: g}}
		if change != nil {
			change(c)
		}
	}), g
}

var embedA = request{path: "/v1/embeddings", body: `{"model":"tiny","input":"a"}`}

func TestConcurrentFirstRequestsShareOneLoad(t *testing.T) {
	s, g := gated(t, true, nil)
	var wg sync.WaitGroup
	statuses := make([]int, 20)
	for i := range statuses {
		wg.Go(func() { statuses[i] = embedA.send(s).StatusCode })
	}
	for g.opened.Load() == 0 { // until a load has begun
		r := request{method: "GET", path: "/health"}.send(s)
		if r.StatusCode != 200 {
			t.Fatalf("/health during a load: status %d", r.StatusCode)
		}
	}
	close(g.hold)
	wg.Wait()
	if g.opened.Load() != 1 || slices.ContainsFunc(statuses, func(n int) bool { return n != 200 }) {
		t.Errorf("%d loads, statuses %v", g.opened.Load(), statuses)
	}
}

func TestAFailedLoadIsTriedAgain(t *testing.T) {
	var log lines
	s, g := gated(t, false, func(c *service.Config) { c.Log = log.logger() })
	g.fail.Store(2)
	for i, want := range []int{503, 503, 200, 200} {
		r := embedA.send(s)
		if r.StatusCode != want || (want == 503) != (r.Header.Get("Retry-After") != "") {
			t.Errorf("request %d: status %d, header %v", i, r.StatusCode, r.Header)
		}
		if body := text(t, r); strings.Contains(body, "disk") {
			t.Errorf("request %d tells what failed: %s", i, body)
		}
	}
	if g.opened.Load() != 3 || strings.Count(log.String(), "the disk is gone") != 2 {
		t.Errorf("%d loads, log %s", g.opened.Load(), log.String())
	}
	if m := text(t, request{method: "GET", path: "/metrics"}.send(s)); !strings.Contains(m, `loads_total{model="tiny",outcome="failure"} 2`) || !strings.Contains(m, `requests_total{route="/v1/embeddings",status="503"} 2`) {
		t.Errorf("metrics: %s", m)
	}
}

func TestWhoeverLeavesDoesNotEndTheLoadOfOthers(t *testing.T) {
	s, g := gated(t, true, nil)
	ctx, leave := context.WithCancel(context.Background())
	gone := make(chan int)
	go func() {
		r := httptest.NewRequestWithContext(ctx, "POST", embedA.path, strings.NewReader(embedA.body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		gone <- w.Code
	}()
	for g.opened.Load() == 0 {
		request{method: "GET", path: "/health"}.send(s)
	}
	leave()
	if code := <-gone; code != 503 {
		t.Errorf("whoever left: status %d", code)
	}
	close(g.hold)
	if r := embedA.send(s); r.StatusCode != 200 || g.opened.Load() != 1 {
		t.Errorf("status %d after %d loads", r.StatusCode, g.opened.Load())
	}
}

// The device is held by the load of a second model, for which requests of the first wait.
func TestTheQueueHasALimit(t *testing.T) {
	second := &gate{Files: tiny(t, "second").Files, hold: make(chan struct{})}
	s := open(t, func(c *service.Config) {
		c.Models = []service.Model{tiny(t, "tiny"), {ID: "second", Task: pipeline.FeatureExtraction.Name, Files: second}}
		c.Limits.Queue = 2
	})
	if r := embedA.send(s); r.StatusCode != 200 {
		t.Fatalf("status %d", r.StatusCode)
	}
	ctx, leave := context.WithCancel(context.Background())
	leave() // at once: the load goes on
	r := httptest.NewRequestWithContext(ctx, "POST", embedA.path, strings.NewReader(`{"model":"second","input":"a"}`))
	r.Header.Set("Content-Type", "application/json")
	s.ServeHTTP(httptest.NewRecorder(), r)
	for second.opened.Load() == 0 {
		request{method: "GET", path: "/health"}.send(s)
	}
	codes := make(chan int)
	for range 3 { // one that will use the device, two in the queue
		go func() { codes <- embedA.send(s).StatusCode }()
	}
	for !strings.Contains(text(t, request{method: "GET", path: "/metrics"}.send(s)), "\nlodestone_queue_requests 3\n") {
	}
	for _, q := range []request{embedA, {path: "/embed", body: `{"inputs":"a"}`}} {
		r := q.send(s)
		if body := text(t, r); r.StatusCode != 429 || r.Header.Get("Retry-After") == "" || !strings.Contains(strings.ToLower(body), "overloaded") {
			t.Errorf("%s with a full queue: status %d, %v, %s", q.path, r.StatusCode, r.Header, body)
		}
	}
	close(second.hold)
	for range 3 {
		if code := <-codes; code != 200 {
			t.Errorf("a request that waited: status %d", code)
		}
	}
	if r := embedA.send(s); r.StatusCode != 200 {
		t.Errorf("afterwards: status %d", r.StatusCode)
	}
}

func TestARequestThatRunsOutOfTimeIsEnded(t *testing.T) {
	s := open(t, func(c *service.Config) { c.Models, c.Limits.Budget = []service.Model{tiny(t, "tiny")}, 1 })
	r := embedA.send(s) // a nanosecond has passed before it begins
	if body := text(t, r); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || !strings.Contains(body, `"code":"timeout"`) {
		t.Errorf("status %d: %s", r.StatusCode, body)
	}
}

// broken panics in the middle of a load, with a text in the panic.
type broken struct{ pipeline.Files }

func (b broken) Open(*kernels.Device, string) (pipeline.Stream, error) { panic("a " + secret) }

func TestAPanicIsAnErrorOfOneRequest(t *testing.T) {
	var log lines
	s := open(t, func(c *service.Config) {
		c.Models = []service.Model{tiny(t, "tiny"), {ID: "broken", Task: pipeline.FeatureExtraction.Name, Files: broken{tiny(t, "x").Files}}}
		c.Log = log.logger()
	})
	for _, q := range []request{embedA, {path: "/v1/embeddings", body: `{"model":"broken","input":"a"}`}, embedA} {
		want := 200
		if strings.Contains(q.body, "broken") {
			want = 503
		}
		if r := q.send(s); r.StatusCode != want || strings.Contains(text(t, r), secret) {
			t.Errorf("%s: status %d", q.body, r.StatusCode)
		}
	}
	if strings.Contains(log.String(), secret) || !strings.Contains(log.String(), "broken.Open") {
		t.Errorf("log: %s", log.String())
	}
}

// A model that computes no numbers, and a text that its tokenizer cannot read: neither the
// answer nor the log has anything of the text.
func TestWhatAModelCannotComputeIsRefused(t *testing.T) {
	nan := changed(t, "nan", pipeline.WeightsFile, func(p []byte) []byte {
		header := 8 + int(binary.LittleEndian.Uint64(p))
		return append(slices.Clone(p[:header]), bytes.Repeat([]byte{0xff}, len(p)-header)...)
	})
	strict := changed(t, "strict", pipeline.TokenizerFile, func(p []byte) []byte {
		return bytes.Replace(p, []byte(`"unk_token":"[UNK]"`), []byte(`"unk_token":"[none]"`), 1)
	})
	var log lines
	s := open(t, func(c *service.Config) {
		c.Models, c.Log = []service.Model{nan, strict, tiny(t, "tiny")}, log.logger()
	})
	for _, c := range []struct {
		model  string
		status int
		param  string // as JSON
		code   string
	}{
		{"nan", 500, "null", "invalid_weight"},
		{"strict", 422, `"input"`, "invalid_text"},
		{"tiny", 200, "", ""},
	} {
		r := request{path: "/v1/embeddings", body: `{"model":"` + c.model + `","input":"` + secret + `"}`}.send(s)
		body := text(t, r)
		if r.StatusCode != c.status || !strings.Contains(body, `"param":`+c.param) && c.status != 200 || !strings.Contains(body, c.code) {
			t.Errorf("%s: status %d: %s", c.model, r.StatusCode, body)
		}
		if strings.Contains(body, secret) || strings.Contains(log.String(), secret) || r.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %v, %s, log %s", c.model, r.Header, body, log.String())
		}
	}
}

func TestBearerTokensAreRotated(t *testing.T) {
	s := open(t, func(c *service.Config) {
		c.Models, c.Tokens = []service.Model{tiny(t, "tiny")}, []string{token, "the-next-token-of-it"}
	})
	for header, want := range map[string]int{
		"Bearer " + token: 200, "bearer the-next-token-of-it": 200, "Bearer the-next-token-of-i": 401, "Bearer ": 401, "Bearer": 401, token: 401,
	} {
		q := embedA
		q.header = map[string]string{"Authorization": header}
		if r := q.send(s); r.StatusCode != want {
			t.Errorf("%q: status %d, expected %d", header, r.StatusCode, want)
		}
	}
	for _, path := range []string{"/health", "/openapi.json"} {
		if r := (request{method: "GET", path: path, header: map[string]string{"Authorization": ""}}).send(s); r.StatusCode != 200 {
			t.Errorf("%s without a token: status %d", path, r.StatusCode)
		}
	}
}

func TestPagesOfConfiguredOriginsMayCall(t *testing.T) {
	for _, c := range []struct {
		origins []string
		origin  string
		want    string
	}{
		{nil, "https://a.example", ""},
		{[]string{"https://a.example"}, "https://a.example", "https://a.example"},
		{[]string{"https://a.example"}, "https://b.example", ""},
		{[]string{"*"}, "https://b.example", "https://b.example"},
	} {
		s := open(t, func(o *service.Config) {
			o.Models, o.Origins, o.Tokens = []service.Model{tiny(t, "tiny")}, c.origins, []string{token}
		})
		preflight := request{method: "OPTIONS", path: "/v1/embeddings", header: map[string]string{
			"Origin": c.origin, "Access-Control-Request-Method": "POST", "Authorization": ""}}.send(s)
		if preflight.StatusCode != http.StatusNoContent || preflight.Header.Get("Access-Control-Allow-Origin") != c.want || (c.want != "") != strings.Contains(preflight.Header.Get("Access-Control-Allow-Headers"), "Authorization") {
			t.Errorf("%v, %s: preflight %d, %v", c.origins, c.origin, preflight.StatusCode, preflight.Header)
		}
		q := embedA
		q.header = map[string]string{"Origin": c.origin}
		if r := q.send(s); r.StatusCode != 200 || r.Header.Get("Access-Control-Allow-Origin") != c.want {
			t.Errorf("%v, %s: status %d, %v", c.origins, c.origin, r.StatusCode, r.Header)
		}
	}
	s := open(t, nil)
	if r := (request{method: "OPTIONS", path: "/v1/embeddings"}).send(s); r.StatusCode != 405 {
		t.Errorf("OPTIONS that is no preflight: status %d", r.StatusCode)
	}
}

// Whoever sends a body that never ends is left when its connection is.
func TestABodyThatBreaksOffIsRefused(t *testing.T) {
	s := open(t, func(c *service.Config) { c.Models = []service.Model{tiny(t, "tiny")} })
	r := httptest.NewRequest("POST", "/v1/embeddings", io.MultiReader(strings.NewReader(`{"model":"tiny",`), brokenReader{}))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "incomplete_body") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAConfigurationThatCannotWorkIsRefused(t *testing.T) {
	dev, model := device(t), tiny(t, "tiny")
	for _, c := range []struct {
		config service.Config
		says   string
	}{
		{service.Config{Models: []service.Model{model}}, "no device"},
		{service.Config{Device: dev}, "no model"},
		{service.Config{Device: dev, Models: []service.Model{model, model}}, `two models are called "tiny"`},
		{service.Config{Device: dev, Models: []service.Model{{ID: "a b", Task: model.Task, Files: model.Files}}}, `model id "a b"`},
		{service.Config{Device: dev, Models: []service.Model{{ID: "a", Task: "fill-mask", Files: model.Files}}}, `task "fill-mask"`},
		{service.Config{Device: dev, Models: []service.Model{{ID: "a", Task: model.Task}}}, "model a has no files"},
		{service.Config{Device: dev, Models: []service.Model{model}, Tokens: []string{"short"}}, "less than 16"},
		{service.Config{Device: dev, Models: []service.Model{model}, Limits: service.Limits{Items: -1}}, "negative"},
	} {
		if _, err := service.New(c.config); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v; expected it to say %q", err, c.says)
		}
	}
}
