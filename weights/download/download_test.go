package download

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lodestone-wasm/lodestone/weights/folder"
)

// site is a server of a folder. on, by file name, answers instead of it, once for each of
// its handlers.
type site struct {
	files map[string][]byte
	etag  string
	mu    sync.Mutex
	on    map[string][]http.HandlerFunc
	asked []string // "config.json", "model.safetensors bytes=5-"
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/m/")
	s.mu.Lock()
	s.asked = append(s.asked, strings.TrimSpace(name+" "+r.Header.Get("Range")))
	var handle http.HandlerFunc
	if list := s.on[name]; len(list) > 0 {
		handle, s.on[name] = list[0], list[1:]
	}
	text, ok := s.files[name]
	etag := s.etag
	s.mu.Unlock()
	switch {
	case handle != nil:
		handle(w, r)
	case !ok:
		http.NotFound(w, r)
	default:
		if etag != "" {
			w.Header().Set("ETag", etag)
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
	}
}

func (s *site) count(asked string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.asked {
		if a == asked {
			n++
		}
	}
	return n
}

var weights = bytes.Repeat([]byte("0123456789abcdef"), 4096)

func model() map[string][]byte {
	return map[string][]byte{"config.json": []byte("{}"), "tokenizer.json": []byte(`{"a":1}`), "model.safetensors": weights}
}

// withManifest adds manifest.json to files.
func withManifest(files map[string][]byte) map[string][]byte {
	m := &folder.Manifest{}
	for name, text := range files {
		sum := sha256.Sum256(text)
		m.Files = append(m.Files, folder.File{Path: name, Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:])})
	}
	files["manifest.json"] = m.Encode()
	return files
}

// serve starts a server and returns the source of its folder, and a client that waits for
// nothing and notes the pauses.
func serve(t *testing.T, s *site) (Source, *Client, *[]time.Duration) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	source, err := Address(server.URL + "/m")
	if err != nil {
		t.Fatal(err)
	}
	var pauses []time.Duration
	return source, &Client{Pause: func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }}, &pauses
}

func checkFiles(t *testing.T, dir string, want map[string][]byte) {
	t.Helper()
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: %d bytes, %v; expected %d", name, len(got), err, len(text))
		}
	}
	parts, _ := filepath.Glob(filepath.Join(dir, "*.part*"))
	if len(parts) > 0 {
		t.Errorf("%v are left", parts)
	}
}

// cut answers with the first n bytes of the file and breaks the connection.
func (s *site) cut(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text := s.files[strings.TrimPrefix(r.URL.Path, "/m/")]
		w.Header().Set("ETag", s.etag)
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		w.Write(text[:n])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func TestFolderFetchesWhatTheManifestListsAndVerifiesIt(t *testing.T) {
	files := withManifest(map[string][]byte{"config.json": []byte("{}"), "tokenizer.json": []byte("[]"), "model.safetensors": weights, "MODEL_CARD.md": []byte("# card")})
	s := &site{files: files}
	source, c, _ := serve(t, s)
	dir := filepath.Join(t.TempDir(), "new", "model")
	r, err := c.Folder(t.Context(), source, dir)
	if err != nil {
		t.Fatal(err)
	}
	checkFiles(t, dir, files)
	if err := folder.Verify(dir, nil); err != nil {
		t.Error(err)
	}
	for _, f := range r.Files[1:] {
		if f.Verified != "manifest" {
			t.Errorf("%+v", f)
		}
	}
	// A second call asks for nothing, and replaces what is not as the manifest says.
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte("[]"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Folder(t.Context(), source, dir); err != nil {
		t.Fatal(err)
	}
	checkFiles(t, dir, files)
	if s.count("model.safetensors") != 1 || s.count("config.json") != 2 {
		t.Errorf("asked for %q", s.asked)
	}
}

func TestFolderTakesWhatAModelMayHaveWithoutAManifest(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string][]byte
	}{
		{"one file of weights", model()},
		{"options of sentence-transformers", func() map[string][]byte {
			m := model()
			m["1_Pooling/config.json"], m["sentence_bert_config.json"], m["generation_config.json"] = []byte("{}"), []byte("{}"), []byte("{}")
			return m
		}()},
		{"vocabulary and merges", map[string][]byte{"config.json": []byte("{}"), "vocab.json": []byte("{}"), "merges.txt": []byte("a b"), "model.safetensors": weights}},
		{"shards", map[string][]byte{"config.json": []byte("{}"), "tokenizer.json": []byte("{}"),
			"model.safetensors.index.json": []byte(`{"metadata":{},"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}}`), "m-1.safetensors": weights, "m-2.safetensors": weights[:7]}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			source, c, _ := serve(t, &site{files: tt.files})
			dir := t.TempDir()
			r, err := c.Folder(t.Context(), source, dir)
			if err != nil {
				t.Fatal(err)
			}
			checkFiles(t, dir, tt.files)
			if len(r.Files) != len(tt.files) {
				t.Errorf("%+v", r.Files)
			}
		})
	}
}

func TestACutConnectionIsContinued(t *testing.T) {
	for _, files := range []map[string][]byte{model(), withManifest(model())} {
		s := &site{files: files, etag: `"one"`, on: map[string][]http.HandlerFunc{}}
		s.on["model.safetensors"] = []http.HandlerFunc{s.cut(1000)}
		source, c, pauses := serve(t, s)
		dir := t.TempDir()
		if _, err := c.Folder(t.Context(), source, dir); err != nil {
			t.Fatal(err)
		}
		checkFiles(t, dir, files)
		if s.count("model.safetensors bytes=1000-") != 1 || !slices.Equal(*pauses, []time.Duration{time.Second}) {
			t.Errorf("asked for %q, paused %v", s.asked, *pauses)
		}
	}
}

func TestAnInterruptedCallIsContinuedByTheNext(t *testing.T) {
	s := &site{files: model(), etag: `"one"`, on: map[string][]http.HandlerFunc{}}
	s.on["model.safetensors"] = []http.HandlerFunc{s.cut(5000)}
	source, c, _ := serve(t, s)
	dir := t.TempDir()
	c.Pause = func(context.Context, time.Duration) error { return context.Canceled }
	if _, err := c.Folder(t.Context(), source, dir); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "model.safetensors")); err == nil {
		t.Error("half a file has the name of a whole one")
	}
	if _, err := (&Client{}).Folder(t.Context(), source, dir); err != nil {
		t.Fatal(err)
	}
	checkFiles(t, dir, s.files)
	if s.count("model.safetensors bytes=5000-") != 1 || s.count("config.json") != 1 {
		t.Errorf("asked for %q", s.asked)
	}
}

func TestAFileThatChangedIsFetchedFromItsBeginning(t *testing.T) {
	s := &site{files: model(), etag: `"one"`, on: map[string][]http.HandlerFunc{}}
	s.on["model.safetensors"] = []http.HandlerFunc{s.cut(1000)}
	source, c, _ := serve(t, s)
	c.Pause = func(context.Context, time.Duration) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.files["model.safetensors"], s.etag = bytes.ToUpper(weights), `"two"`
		return nil
	}
	dir := t.TempDir()
	if _, err := c.Folder(t.Context(), source, dir); err != nil {
		t.Fatal(err)
	}
	checkFiles(t, dir, map[string][]byte{"model.safetensors": bytes.ToUpper(weights)})
}

// Without an ETag nothing says that the rest is of the same content.
func TestWithoutAnETagAFileIsFetchedFromItsBeginning(t *testing.T) {
	s := &site{files: model(), on: map[string][]http.HandlerFunc{}}
	s.on["model.safetensors"] = []http.HandlerFunc{s.cut(1000)}
	source, c, _ := serve(t, s)
	dir := t.TempDir()
	if _, err := c.Folder(t.Context(), source, dir); err != nil {
		t.Fatal(err)
	}
	checkFiles(t, dir, s.files)
	if s.count("model.safetensors") != 2 {
		t.Errorf("asked for %q", s.asked)
	}
}

// A server that answers with another part than it was asked for is asked again for all.
func TestARangeThatDoesNotContinueIsNotAppended(t *testing.T) {
	s := &site{files: model(), etag: `"one"`, on: map[string][]http.HandlerFunc{}}
	shifted := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 1004-%d/%d", len(weights)-1, len(weights)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(weights[1004:])
	}
	s.on["model.safetensors"] = []http.HandlerFunc{s.cut(1000), shifted}
	source, c, _ := serve(t, s)
	dir := t.TempDir()
	if _, err := c.Folder(t.Context(), source, dir); err != nil {
		t.Fatal(err)
	}
	checkFiles(t, dir, s.files)
}

func TestFailuresThatPassAreTriedAgain(t *testing.T) {
	for _, tt := range []struct {
		name   string
		first  []http.HandlerFunc
		pauses []time.Duration
	}{
		{"500", []http.HandlerFunc{status(500), status(502)}, []time.Duration{time.Second, 2 * time.Second}},
		{"503 with Retry-After", []http.HandlerFunc{status(503, "Retry-After", "7")}, []time.Duration{7 * time.Second}},
		{"429 that asks for an hour", []http.HandlerFunc{status(429, "Retry-After", "3600")}, []time.Duration{5 * time.Minute}},
		{"Retry-After that is a date", []http.HandlerFunc{status(503, "Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT")}, []time.Duration{time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &site{files: model(), on: map[string][]http.HandlerFunc{"config.json": tt.first}}
			source, c, pauses := serve(t, s)
			told := 0
			c.Retrying = func(string, error, time.Duration) { told++ }
			dir := t.TempDir()
			if _, err := c.Folder(t.Context(), source, dir); err != nil {
				t.Fatal(err)
			}
			checkFiles(t, dir, s.files)
			if !slices.Equal(*pauses, tt.pauses) || told != len(tt.pauses) {
				t.Errorf("paused %v, told %d times; expected %v", *pauses, told, tt.pauses)
			}
		})
	}
}

// The handler sends some bytes and then nothing, until the client leaves.
func TestAServerThatFallsSilentIsAskedAgain(t *testing.T) {
	s := &site{files: model(), etag: `"one"`, on: map[string][]http.HandlerFunc{}}
	s.on["model.safetensors"] = []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", s.etag)
		w.Header().Set("Content-Length", strconv.Itoa(len(weights)))
		w.Write(weights[:100])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
	source, c, _ := serve(t, s)
	c.Silence = 50 * time.Millisecond
	var told []error
	c.Retrying = func(_ string, err error, _ time.Duration) { told = append(told, err) }
	dir := t.TempDir()
	if _, err := c.Folder(t.Context(), source, dir); err != nil {
		t.Fatal(err)
	}
	checkFiles(t, dir, s.files)
	if len(told) != 2 || !errors.Is(told[0], errSilence) || !errors.Is(told[1], errSilence) {
		t.Errorf("told %v", told)
	}
}

func TestFailuresSayWhatIsWrong(t *testing.T) {
	page := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte("<!doctype html>"))
	}
	without := func(name string) map[string][]byte {
		m := model()
		delete(m, name)
		return m
	}
	repeat := func(h http.HandlerFunc) []http.HandlerFunc { return slices.Repeat([]http.HandlerFunc{h}, 9) }
	for _, tt := range []struct {
		name  string
		files map[string][]byte
		on    map[string][]http.HandlerFunc
		kind  error
		says  string
	}{
		{"no folder", nil, nil, ErrNotFound, "expected a model folder"},
		{"no weights", without("model.safetensors"), nil, ErrNotFound, "no safetensors weights"},
		{"no tokenizer", without("tokenizer.json"), nil, ErrNotFound, "no tokenizer.json"},
		{"a private model", model(), map[string][]http.HandlerFunc{"manifest.json": {status(401)}}, ErrRefused, "HF_TOKEN"},
		{"a server that stays down", model(), map[string][]http.HandlerFunc{"config.json": repeat(status(500))}, ErrServer, "asked 5 times"},
		{"a page instead of config.json", model(), map[string][]http.HandlerFunc{"config.json": {page}}, ErrNotFound, "web page"},
		{"a large config.json", func() map[string][]byte { m := model(); m["config.json"] = make([]byte, maxConfig+1); return m }(), nil, ErrTooLarge, "the limit is 1048576"},
		{"a large config.json of unknown size", model(), map[string][]http.HandlerFunc{"config.json": {func(w http.ResponseWriter, r *http.Request) {
			for range 40 {
				w.Write(make([]byte, 64<<10))
				w.(http.Flusher).Flush()
			}
		}}}, ErrTooLarge, "more than 1048576"},
		{"another size than the manifest's", func() map[string][]byte { m := withManifest(model()); m["config.json"] = []byte("[ ]"); return m }(), nil, folder.ErrSize, "3 bytes"},
		{"another SHA-256 than the manifest's", func() map[string][]byte { m := withManifest(model()); m["config.json"] = []byte("[]"); return m }(), nil, folder.ErrHash, "config.json"},
		{"another SHA-256 than the hub's", model(), map[string][]http.HandlerFunc{"model.safetensors": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Linked-Etag", `"`+strings.Repeat("a", 64)+`"`)
			w.Write(weights)
		}}}, folder.ErrHash, "the server says"},
		{"another size than the hub's", model(), map[string][]http.HandlerFunc{"model.safetensors": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Linked-Size", "7")
			w.Header().Set("Content-Length", strconv.Itoa(len(weights)))
			w.Write(weights)
		}}}, ErrServer, "states 7"},
		{"a manifest that is none", map[string][]byte{"manifest.json": []byte("{}")}, nil, folder.ErrManifest, "manifest.json"},
		{"redirects without end", model(), map[string][]http.HandlerFunc{"config.json": repeat(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/r/", 302) }), "/r/": repeat(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/r/", 302)
		})}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			source, c, _ := serve(t, &site{files: tt.files, on: tt.on})
			_, err := c.Folder(t.Context(), source, t.TempDir())
			if err == nil || tt.kind != nil && !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, expected %v saying %q", err, tt.kind, tt.says)
			}
		})
	}
}

func TestTheSHA256OfTheHubIsReadBeforeItsRedirect(t *testing.T) {
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the token was sent to another host")
		}
		w.Write(weights)
	}))
	defer storage.Close()
	sum := sha256.Sum256(weights)
	s := &site{files: model()}
	s.on = map[string][]http.HandlerFunc{"model.safetensors": {func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("Authorization %q", r.Header.Get("Authorization"))
		}
		w.Header().Set("X-Linked-Etag", `"`+hex.EncodeToString(sum[:])+`"`)
		w.Header().Set("X-Linked-Size", strconv.Itoa(len(weights)))
		http.Redirect(w, r, strings.Replace(storage.URL, "127.0.0.1", "localhost", 1), http.StatusFound)
	}}}
	source, c, _ := serve(t, s)
	c.Token = "secret"
	r, err := c.Folder(t.Context(), source, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(r.Files, func(f File) bool { return f.Path == "model.safetensors" }); i < 0 || r.Files[i].Verified != "server" {
		t.Errorf("%+v", r.Files)
	}
}

func TestMessagesHoldNoSecrets(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, base := range []string{server.URL, closed.URL} {
		source, err := Address(strings.Replace(base, "http://", "http://ada:secret-word@", 1) + "/m?token=secret-word#secret-word")
		if err != nil {
			t.Fatal(err)
		}
		c := &Client{Attempts: 1, Token: "secret-word"}
		_, err = c.Folder(t.Context(), source, t.TempDir())
		if err == nil || strings.Contains(err.Error(), "secret-word") || strings.Contains(err.Error(), "ada") {
			t.Errorf("error %v", err)
		}
	}
	server.Close()
	for _, bad := range []string{"http://ada:secret-word@[::1/m", "ftp://ada:secret-word@host/m?secret-word", "secret-word"} {
		if _, err := Address(bad); !errors.Is(err, ErrAddress) || strings.Contains(err.Error(), "secret-word") && bad != "secret-word" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestHuggingFaceAddresses(t *testing.T) {
	for _, tt := range []struct{ hub, id, revision, want string }{
		{Hub, "google-bert/bert-base-uncased", "main", "https://huggingface.co/google-bert/bert-base-uncased/resolve/main/"},
		{"http://localhost:8000/", "a/b.c_d-e", "refs/pr/1", "http://localhost:8000/a/b.c_d-e/resolve/refs%2Fpr%2F1/"},
		{Hub, "bert-base-uncased", "main", ""},
		{Hub, "a/b/c", "main", ""},
		{Hub, "../b", "main", ""},
		{Hub, "a/..", "main", ""},
		{Hub, "-a/b", "main", ""},
		{Hub, "a/b", "", ""},
		{Hub, "a/b", "../..", ""},
		{Hub, "a/b", "x?y", ""},
	} {
		s, err := HuggingFace(tt.hub, tt.id, tt.revision)
		if tt.want == "" != (err != nil) || err == nil && s.String() != tt.want {
			t.Errorf("%q@%q: %v, %v; expected %q", tt.id, tt.revision, s, err, tt.want)
		}
	}
}

// FuzzRedacted: no part of an address that may be secret is in what is shown.
func FuzzRedacted(f *testing.F) {
	f.Add("ada", "secret")
	f.Add("a:b", "x@y/z?#")
	f.Fuzz(func(t *testing.T, user, secret string) {
		const mark = "Zq9mark"
		for _, address := range []string{"https://" + user + ":" + mark + secret + "@host/m", "https://host/m?" + mark + secret, "https://host/m#" + secret + mark} {
			if strings.ContainsAny(user, "/?#") || strings.ContainsAny(secret, "/?#") && strings.Contains(address, "@host") {
				continue // then the address has another host or path
			}
			if got := Redacted(address); strings.Contains(got, mark) {
				t.Errorf("%q is shown as %q", address, got)
			}
		}
	})
}
