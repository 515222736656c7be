package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lodestone-wasm/lodestone/web/serve/static"
)

// faults serves the default model over a network that fails:
//
//	/fault/KIND/RUN/FILE   a file; KIND is the fault, RUN a name of the test's own, under
//	                       which requests are counted
//	/fault/down/RUN        from now on the server of a run breaks every connection
//	/fault/log/RUN         the requests of a run: a JSON array of {method, file, range, ifRange}
type faults struct {
	base model
	mu   sync.Mutex
	runs map[string][]asked
	down map[string]bool
}

type asked struct {
	Method  string `json:"method"`
	File    string `json:"file"`
	Range   string `json:"range"`
	IfRange string `json:"ifRange"`
}

// fault serves the nth request (from 0) for a file. It reports whether it has answered;
// otherwise the file is served as it is.
type fault func(f *reply, n int) bool

// reply is one answer under way.
type reply struct {
	w    http.ResponseWriter
	r    *http.Request
	file string
	body []byte
	from int // the first byte that was asked for
	etag string
}

var faultTable = map[string]fault{
	"good":           func(*reply, int) bool { return false },
	"listed":         func(*reply, int) bool { return false }, // the only kind with a manifest.json
	"new-version":    func(f *reply, n int) bool { f.etag = fmt.Sprintf(`"version-%d"`, len(f.r.Method)+n); return false },
	"cut-10":         cutAt(10),
	"cut-50":         cutAt(50),
	"cut-99":         cutAt(99),
	"cut-always":     func(f *reply, n int) bool { return f.weights() && f.cut(max(f.from, len(f.body)/2)) },
	"stall-once":     func(f *reply, n int) bool { return f.weights() && n == 0 && f.stall(len(f.body)/2) },
	"stall-always":   func(f *reply, n int) bool { return f.weights() && f.stall(max(f.from, len(f.body)/2)) },
	"silent-headers": func(f *reply, n int) bool { return f.weights() && f.never() },
	"trickle":        func(f *reply, n int) bool { return f.weights() && f.trickle() },
	"without-ranges": func(f *reply, n int) bool { return f.weights() && (n == 0 && f.cut(len(f.body)/2) || f.whole()) },
	"shifted":        func(f *reply, n int) bool { return f.second(n) && f.send(f.body[f.from+4:], f.from) },
	"other-range":    func(f *reply, n int) bool { return f.second(n) && f.send(f.body[f.from+4:], f.from+4) },
	"changed":        func(f *reply, n int) bool { f.etag = fmt.Sprintf(`"version-%d"`, n); return f.second(n) && false },
	"changed-quietly": func(f *reply, n int) bool {
		f.etag = ""
		return f.second(n) && f.send(flipped(f.body[f.from:]), f.from)
	},
	"status-500": statusOnce(http.StatusInternalServerError, ""),
	"status-503": statusOnce(http.StatusServiceUnavailable, "1"),
	"status-429": statusOnce(http.StatusTooManyRequests, "1"),
	"busy-for-long": func(f *reply, n int) bool {
		f.w.Header().Set("Retry-After", "3600")
		return f.status(http.StatusServiceUnavailable)
	},
	"garbage-gzip": func(f *reply, n int) bool {
		if !f.weights() {
			return false
		}
		f.w.Header().Set("Content-Encoding", "gzip")
		f.w.Write(f.body[:1<<16]) // no gzip at all
		return true
	},
}

func (s *faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	static.Headers(w.Header())
	w.Header().Set("Cache-Control", "no-store") // the browser's own cache stays out of it
	kind, rest, _ := strings.Cut(r.URL.Path, "/")
	run, file, _ := strings.Cut(rest, "/")
	if kind == "log" {
		s.mu.Lock()
		defer s.mu.Unlock()
		log := s.runs[run]
		if log == nil {
			log = []asked{}
		}
		json.NewEncoder(w).Encode(log)
		return
	}
	if kind == "down" {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.down == nil {
			s.down = map[string]bool{}
		}
		s.down[run] = true
		return
	}
	body, known := s.base[file]
	if file == manifestFile && kind != "listed" {
		known = false
	}
	how := faultTable[kind]
	if how == nil {
		http.NotFound(w, r)
		return
	}
	n, down := s.count(run, asked{r.Method, file, r.Header.Get("Range"), r.Header.Get("If-Range")})
	if down {
		panic(http.ErrAbortHandler)
	}
	if !known {
		http.NotFound(w, r)
		return
	}
	f := &reply{w: w, r: r, file: file, body: body, etag: `"version-0"`}
	if first, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok {
		from, err := strconv.Atoi(strings.TrimSuffix(first, "-"))
		if err != nil || from >= len(body) {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		f.from = from
	}
	if how(f, n) {
		return
	}
	if v := r.Header.Get("If-Range"); f.etag == "" || v != "" && v != f.etag {
		f.whole()
		return
	}
	f.send(f.body[f.from:], f.from)
}

// count keeps a request, and returns how many there were for its file before, and whether
// the server is down.
func (s *faults) count(run string, q asked) (before int, down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs == nil {
		s.runs = map[string][]asked{}
	}
	for _, old := range s.runs[run] {
		if old.File == q.File && old.Method == q.Method {
			before++
		}
	}
	s.runs[run] = append(s.runs[run], q)
	return before, s.down[run]
}

func (f *reply) weights() bool { return f.file == weightsFile }

// second cuts the first answer for the weights in the middle; it is true for the others.
func (f *reply) second(n int) bool {
	if !f.weights() {
		return false
	}
	if n == 0 {
		f.cut(len(f.body) / 2)
	}
	return true
}

// head writes the headers of an answer of so many bytes from an offset on.
func (f *reply) head(n, from int) {
	h := f.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	if f.etag != "" {
		h.Set("ETag", f.etag)
	}
	h.Set("Content-Length", strconv.Itoa(n))
	if f.r.Header.Get("Range") != "" && from > 0 {
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, from+n-1, len(f.body)))
		f.w.WriteHeader(http.StatusPartialContent)
	}
}

func (f *reply) send(body []byte, from int) bool {
	f.head(len(body), from)
	f.w.Write(body)
	return true
}

func (f *reply) whole() bool { return f.send(f.body, 0) }

// first sends the file from what was asked for to byte end, of an answer that is to be whole.
func (f *reply) first(end int) {
	f.head(len(f.body)-f.from, f.from)
	f.w.Write(f.body[f.from:end])
	f.w.(http.Flusher).Flush()
}

// cut breaks the connection at byte end of the file.
func (f *reply) cut(end int) bool {
	f.first(end)
	time.Sleep(50 * time.Millisecond) // the bytes before come to the page first
	panic(http.ErrAbortHandler)       // net/http closes the connection
}

// stall sends nothing after byte end of the file.
func (f *reply) stall(end int) bool {
	f.first(end)
	return f.never()
}

// never answers nothing until the browser goes.
func (f *reply) never() bool {
	select {
	case <-f.r.Context().Done():
	case <-time.After(time.Minute):
	}
	panic(http.ErrAbortHandler)
}

// trickle sends ten bytes a second.
func (f *reply) trickle() bool {
	f.head(len(f.body), 0)
	for i := range len(f.body) {
		if _, err := f.w.Write(f.body[i : i+1]); err != nil {
			return true
		}
		f.w.(http.Flusher).Flush()
		time.Sleep(100 * time.Millisecond)
	}
	return true
}

func (f *reply) status(code int) bool {
	f.w.WriteHeader(code)
	return true
}

func cutAt(percent int) fault {
	return func(f *reply, n int) bool { return f.weights() && n == 0 && f.cut(len(f.body)*percent/100) }
}

// statusOnce answers the first request for each file with a status.
func statusOnce(code int, retryAfter string) fault {
	return func(f *reply, n int) bool {
		if n > 0 {
			return false
		}
		if retryAfter != "" {
			f.w.Header().Set("Retry-After", retryAfter)
		}
		return f.status(code)
	}
}

func flipped(b []byte) []byte {
	out := make([]byte, len(b))
	for i, v := range b {
		out[i] = v ^ 1
	}
	return out
}
