package static

import (
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func newServer(t *testing.T) *Server {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"secret.txt":             "outside",
		"site/index.html":        "<!doctype html><title>x</title>",
		"site/engine.wasm":       "\x00asm" + strings.Repeat("wasm", 1000),
		"site/model.safetensors": strings.Repeat("w", 5000),
		"site/sub/data.json":     "{}",
	} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "secret.txt"), filepath.Join(dir, "site/link.txt")); err != nil {
		t.Fatal(err)
	}
	s, err := New(filepath.Join(dir, "site"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func get(s *Server, target string, header ...string) *http.Response {
	r := httptest.NewRequest("GET", target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func TestAnswers(t *testing.T) {
	s := newServer(t)
	for _, c := range []struct {
		target string
		status int
		kind   string
	}{
		{"/", 200, "text/html; charset=utf-8"},
		{"/index.html", 200, "text/html; charset=utf-8"},
		{"/engine.wasm", 200, "application/wasm"},
		{"/model.safetensors", 200, "application/octet-stream"},
		{"/sub/data.json", 200, "application/json"},
		{"/none.json", 404, "text/plain; charset=utf-8"}, // not the page: a rewritten 404 is pain number 9
		{"/sub/", 404, "text/plain; charset=utf-8"},      // no listings
		{"/sub", 404, "text/plain; charset=utf-8"},
		{"/../secret.txt", 404, "text/plain; charset=utf-8"},
		{"/sub/../../secret.txt", 404, "text/plain; charset=utf-8"},
		{"/link.txt", 404, "text/plain; charset=utf-8"}, // leads out of the folder
	} {
		r := get(s, c.target)
		if r.StatusCode != c.status || r.Header.Get("Content-Type") != c.kind {
			t.Errorf("%s: %d %q, want %d %q", c.target, r.StatusCode, r.Header.Get("Content-Type"), c.status, c.kind)
		}
		for name, want := range map[string]string{
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Embedder-Policy": "require-corp",
			"Content-Security-Policy":      Policy,
			"Cache-Control":                "no-cache",
			"X-Content-Type-Options":       "nosniff",
		} {
			if got := r.Header.Get(name); got != want && !(c.status == 404 && name == "Cache-Control") {
				t.Errorf("%s: %s is %q, want %q", c.target, name, got, want)
			}
		}
	}
}

func TestCompression(t *testing.T) {
	s := newServer(t)
	for range 2 { // the second time from memory
		r := get(s, "/engine.wasm", "Accept-Encoding", "br, gzip;q=0.8")
		if r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Vary") != "Accept-Encoding" {
			t.Fatalf("headers %v", r.Header)
		}
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := io.ReadAll(z); err != nil || !strings.HasPrefix(string(p), "\x00asmwasm") {
			t.Fatalf("%d bytes, %v", len(p), err)
		}
		again := get(s, "/engine.wasm", "Accept-Encoding", "gzip", "If-None-Match", r.Header.Get("Etag"))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("status %d for the same etag, want 304", again.StatusCode)
		}
	}
	for target, accept := range map[string]string{
		"/engine.wasm":       "gzip;q=0", // refused
		"/model.safetensors": "gzip",     // its length is to be known
		"/sub/data.json":     "gzip",     // too small
	} {
		if r := get(s, target, "Accept-Encoding", accept); r.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s with %q was compressed", target, accept)
		}
	}
}

func TestOnlyReading(t *testing.T) {
	w := httptest.NewRecorder()
	newServer(t).ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d, want 405", w.Code)
	}
}

func TestListenTakesTheNextPort(t *testing.T) {
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := Listen(first.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if second.Addr().String() == first.Addr().String() {
		t.Errorf("both on %s", first.Addr())
	}
	if l, err := Listen("nowhere"); err == nil {
		l.Close()
		t.Error("an address without a port was accepted")
	}
}
