//go:build !js

package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/service"
)

const (
	encoder = "prompt-magneto-en-de-fr"
	token   = "a-token-of-this-test"
)

// shipped are models of weights/ for each task.
func shipped() []service.Model {
	var all []service.Model
	for _, m := range [][2]string{
		{encoder, pipeline.FeatureExtraction.Name},
		{"tagger-magneto-en-de", pipeline.TokenClassification.Name},
		{"thex-kinds-en", pipeline.TextClassification.Name},
		{"translator-magneto-en-de", pipeline.Translation.Name},
	} {
		all = append(all, service.Model{ID: m[0], Task: m[1], Files: pipeline.Dir("../../weights/" + m[0])})
	}
	return all
}

func device(t testing.TB) *kernels.Device {
	t.Helper()
	b, err := simd.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return kernels.NewDevice(b)
}

// open makes a service; change, if set, changes its configuration.
func open(t testing.TB, change func(*service.Config)) *service.Service {
	t.Helper()
	c := service.Config{Device: device(t), Models: shipped()}
	if change != nil {
		change(&c)
	}
	s, err := service.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tiny is a random BERT, which takes little time.
func tiny(t testing.TB, id string) service.Model {
	t.Helper()
	return changed(t, id, "", nil)
}

// changed is tiny with another file of a name.
func changed(t testing.TB, id, name string, change func([]byte) []byte) service.Model {
	t.Helper()
	texts, err := headstest.New("bert", heads.MaskedLM).Files()
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		texts[name] = change(texts[name])
	}
	files := fstest.MapFS{}
	for name, text := range texts {
		files[name] = &fstest.MapFile{Data: text}
	}
	return service.Model{ID: id, Task: pipeline.FeatureExtraction.Name, Files: pipeline.FS(files)}
}

// text is the body of an answer.
func text(t testing.TB, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// request is a request as tests write it: the headers are those of a client that does
// everything right, unless header changes them.
type request struct {
	method, path, body string
	header             map[string]string
}

func (q request) send(h http.Handler) *http.Response {
	method := q.method
	if method == "" {
		method = "POST"
	}
	r := httptest.NewRequest(method, q.path, strings.NewReader(q.body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	for k, v := range q.header {
		if v == "" {
			r.Header.Del(k)
		} else {
			r.Header.Set(k, v)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// post sends a body and decodes the answer, whose status is 200.
func post[T any](t testing.TB, h http.Handler, path, body string) (y T) {
	t.Helper()
	r := request{path: path, body: body}.send(h)
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != 200 {
		t.Fatalf("%s: status %d: %s", path, r.StatusCode, text)
	}
	if err := json.Unmarshal(text, &y); err != nil {
		t.Fatalf("%s: %v: %s", path, err, text)
	}
	return y
}

// lines is a place for logs.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
