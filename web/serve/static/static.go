// Package static serves a folder to browsers the way a page with Lodestone should
// be served: cross-origin isolated, under a strict content security policy, with
// WebAssembly's content type, compressed, and with a real 404 for what is not there.
//
// Begin with [New].
package static

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Policy is the Content-Security-Policy of every answer: nothing from elsewhere, no
// eval, no inline code or styles.
const Policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// DocsPolicy is that of the documentation, whose pages TypeDoc makes: its search and its menu set styles.
var DocsPolicy = strings.Replace(Policy, "style-src 'self'", "style-src 'self' 'unsafe-inline'", 1)

// contentTypes are those of the files that we have. Others are downloads.
var contentTypes = map[string]string{
	".html":        "text/html; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".mjs":         "text/javascript; charset=utf-8",
	".ts":          "text/plain; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".webmanifest": "application/manifest+json",
	".wasm":        "application/wasm",
	".tsv":         "text/tab-separated-values; charset=utf-8",
	".txt":         "text/plain; charset=utf-8",
	".md":          "text/plain; charset=utf-8",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".ico":         "image/x-icon",
}

// minCompressed is the size from which a file is compressed, in bytes.
const minCompressed = 1024

// Headers sets what every answer carries: isolation, which threads need, and the
// policy.
func Headers(h http.Header) {
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache") // keep it, but ask whether it changed
}

// Server serves the files of one folder.
type Server struct {
	root *os.Root

	mu         sync.Mutex
	compressed map[string]packed // by path
}

// packed is a file in gzip form, made once.
type packed struct {
	etag string
	data []byte
}

// New makes a Server of the folder dir. Nothing outside dir is served, whatever the
// request or a link says.
func New(dir string) (*Server, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	return &Server{root: root, compressed: map[string]packed{}}, nil
}

// ServeHTTP answers GET and HEAD.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	Headers(w.Header())
	if strings.HasPrefix(r.URL.Path, "/docs/") {
		w.Header().Set("Content-Security-Policy", DocsPolicy)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405: only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if strings.HasSuffix(r.URL.Path, "/") {
		name = path.Join(name, "index.html")
	}
	f, info, err := s.open(name)
	if err != nil {
		http.Error(w, fmt.Sprintf("404: there is no %s", r.URL.Path), http.StatusNotFound)
		return
	}
	defer f.Close()

	kind, compress := contentTypes[path.Ext(name)], true
	if kind == "" {
		kind, compress = "application/octet-stream", false
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	etag := fmt.Sprintf("%x-%x", info.ModTime().UnixNano(), info.Size())
	if compress = compress && kind != "image/png" && info.Size() >= minCompressed; compress {
		h.Set("Vary", "Accept-Encoding")
	}
	if compress && acceptsGzip(r) {
		s.serveCompressed(w, r, name, etag, f)
		return
	}
	h.Set("Etag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, f)
}

func (s *Server) open(name string) (*os.File, fs.FileInfo, error) {
	f, err := s.root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// serveCompressed answers with the gzip form of f.
func (s *Server) serveCompressed(w http.ResponseWriter, r *http.Request, name, etag string, f io.Reader) {
	h := w.Header()
	h.Set("Etag", `"`+etag+`-gz"`)
	h.Set("Content-Encoding", "gzip")
	if r.Header.Get("If-None-Match") == h.Get("Etag") {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	data, err := s.pack(name, etag, f)
	if err != nil {
		h.Del("Content-Encoding")
		http.Error(w, "500: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	if r.Method == http.MethodGet {
		w.Write(data)
	}
}

func (s *Server) pack(name, etag string, f io.Reader) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.compressed[name]; ok && p.etag == etag {
		return p.data, nil
	}
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(zip, f); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	s.compressed[name] = packed{etag, out.Bytes()}
	return out.Bytes(), nil
}

// acceptsGzip tells whether the client takes gzip.
func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(coding, "gzip") {
			quality = strings.ReplaceAll(quality, " ", "")
			return quality != "q=0" && !strings.HasPrefix(quality, "q=0.0")
		}
	}
	return false
}
