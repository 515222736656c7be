package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lodestone-wasm/lodestone/web/serve/static"
)

const (
	configFile    = "config.json"
	tokenizerFile = "tokenizer.json"
	weightsFile   = "model.safetensors"
	manifestFile  = "manifest.json"
)

// model is the files of a folder.
type model map[string][]byte

// readModel reads the default model.
func readModel(dir string) (model, error) {
	m := model{}
	for _, name := range []string{configFile, tokenizerFile, weightsFile} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("e2e: %w; build it first: make build", err)
		}
		m[name] = text
	}
	return m, nil
}

// answer is how a file is served.
type answer struct {
	body   []byte
	kind   string // content type, by default that of the name
	status int    // by default 200
	chunk  int    // bytes sent at once, with a pause behind; 0: all
	pause  time.Duration
	cut    int // the connection breaks after so many bytes; 0: never
	hide   bool
	held   bool // a request for the whole stands still after the first bytes
	ranges bool // a part can be asked for
}

// held makes the answers for shards such that nobody gets a whole one who does not ask for
// the rest, if ranges, or for the whole again.
func held(m model, a map[string]*answer, ranges bool) {
	for name := range m {
		if strings.HasSuffix(name, ".safetensors") {
			a[name] = &answer{held: ranges, ranges: ranges}
		}
	}
}

// table is the folders. Each changes a copy of the default model, or the answers.
var table = map[string]func(m model, a map[string]*answer){
	"good": func(m model, a map[string]*answer) {},
	"not-safetensors": func(m model, a map[string]*answer) {
		m[weightsFile] = bytes.Repeat([]byte("These are not the weights that you are looking for. "), 1000)
	},
	"pytorch": func(m model, a map[string]*answer) {
		m[weightsFile] = append([]byte("PK\x03\x04"), make([]byte, 4096)...)
	},
	"truncated": func(m model, a map[string]*answer) { m[weightsFile] = m[weightsFile][:len(m[weightsFile])/2] },
	"truncated-unknown-length": func(m model, a map[string]*answer) {
		m[weightsFile] = m[weightsFile][:len(m[weightsFile])/2]
		a[weightsFile].hide = true
	},
	"trailing": func(m model, a map[string]*answer) {
		m[weightsFile] = append(slices.Clone(m[weightsFile]), 1, 2, 3)
		a[weightsFile].hide = true
	},
	"header-too-large": func(m model, a map[string]*answer) {
		m[weightsFile] = slices.Clone(m[weightsFile])
		binary.LittleEndian.PutUint64(m[weightsFile], 90<<20) // below the format's own 100 MB
	},
	"tensor-overlap": func(m model, a map[string]*answer) {
		m.editHeader(func(h header) {
			names := h.names()
			second := h[names[1]]
			second.Offsets[0] -= 4
			second.Offsets[1] -= 4
			h[names[1]] = second
		})
	},
	"missing-tensor": func(m model, a map[string]*answer) { m.drop(lastTensor) },
	"wrong-shape": func(m model, a map[string]*answer) {
		m.editHeader(func(h header) {
			t := h[h.find(wideTensor)]
			slices.Reverse(t.Shape) // the map's slice: h has changed
		})
	},
	"unsupported-dtype": func(m model, a map[string]*answer) {
		m.editHeader(func(h header) {
			name := h.find(wideTensor)
			t := h[name]
			t.DType = "F8_E4M3"
			h[name] = t
		})
	},
	"nan-scale": func(m model, a map[string]*answer) { m.setFirst("embed_tokens.weight_scale", 0x7fc00000) },
	"html": func(m model, a map[string]*answer) {
		html(m, a, "text/html", configFile, tokenizerFile, weightsFile, manifestFile)
	},
	"html-unlabelled": func(m model, a map[string]*answer) { html(m, a, "application/octet-stream", weightsFile) },
	"html-manifest":   func(m model, a map[string]*answer) { html(m, a, "text/html", manifestFile) },
	"tokenizer-missing": func(m model, a map[string]*answer) {
		delete(m, tokenizerFile)
	},
	"tokenizer-unsupported": func(m model, a map[string]*answer) {
		m[tokenizerFile] = bytes.Replace(m[tokenizerFile], []byte(`"Unigram"`), []byte(`"SentenceMagic"`), 1)
	},
	"tokenizer-invalid": func(m model, a map[string]*answer) { m[tokenizerFile] = m[tokenizerFile][:1000] },
	"tokenizer-other":   func(m model, a map[string]*answer) { m.editConfig("vocab_size", 16000) },
	"config-invalid": func(m model, a map[string]*answer) {
		m.editConfig("encoder_layers", -4)
	},
	"config-bom": func(m model, a map[string]*answer) { m[configFile] = append([]byte("\ufeff"), m[configFile]...) },
	"config-infinity": func(m model, a map[string]*answer) {
		m[configFile] = bytes.Replace(m[configFile], []byte("{"), []byte(`{"score_limit": Infinity,`), 1)
	},
	"typed-html": func(m model, a map[string]*answer) { // a server that gives every file the type of a page
		for _, f := range []string{configFile, tokenizerFile, weightsFile} {
			a[f].kind = "text/html"
		}
	},
	"manifest-empty":     func(m model, a map[string]*answer) { m[manifestFile] = []byte{} },
	"negative-scale":     func(m model, a map[string]*answer) { m.setFirst("embed_tokens.weight_scale", 0xba9032d0) }, // −0.0011
	"config-unsupported": func(m model, a map[string]*answer) { m.editConfig("model_type", "mamba") },
	"manifest-invalid":   func(m model, a map[string]*answer) { m[manifestFile] = []byte(`{"files": "all"}`) },
	"verified":           func(m model, a map[string]*answer) { m.manifest() },
	"flipped-bit": func(m model, a map[string]*answer) {
		m.manifest()
		m[weightsFile] = slices.Clone(m[weightsFile])
		m[weightsFile][len(m[weightsFile])/2] ^= 1
	},
	"other-tokenizer": func(m model, a map[string]*answer) {
		m.manifest()
		m[tokenizerFile] = append(slices.Clone(m[tokenizerFile]), '\n')
	},
	"mixture":       func(m model, a map[string]*answer) { m.mixture(4) },
	"shards":        func(m model, a map[string]*answer) { m.split(2, false) },
	"many-shards":   func(m model, a map[string]*answer) { m.split(9, false); held(m, a, true) },
	"no-ranges":     func(m model, a map[string]*answer) { m.split(9, false); held(m, a, false) },
	"shards-escape": func(m model, a map[string]*answer) { m.split(2, true) },
	"too-big":       func(m model, a map[string]*answer) { m.inflate(); a[weightsFile].hide = true },
	"slow": func(m model, a map[string]*answer) {
		*a[weightsFile] = answer{chunk: 1 << 16, pause: 20 * time.Millisecond}
	},
	"broken":    func(m model, a map[string]*answer) { a[weightsFile].cut = 1 << 20 },
	"error-500": func(m model, a map[string]*answer) { a[configFile].status = 500 },
	"empty":     func(m model, a map[string]*answer) { clear(m) },
}

// html puts a page in the place of files.
func html(m model, a map[string]*answer, kind string, files ...string) {
	for _, f := range files {
		m[f] = []byte("<!doctype html>\n<html><head><title>App</title></head><body>404</body></html>\n")
		a[f].kind = kind
	}
}

// cases serves table.
type cases struct{ base model }

func (c *cases) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	static.Headers(w.Header())
	name, file, _ := strings.Cut(r.URL.Path, "/")
	change := table[name]
	if change == nil {
		http.NotFound(w, r)
		return
	}
	m := maps.Clone(c.base)
	a := map[string]*answer{}
	for _, f := range []string{configFile, tokenizerFile, weightsFile, manifestFile} {
		a[f] = &answer{}
	}
	change(m, a)
	body, ok := m[file]
	if !ok {
		http.NotFound(w, r)
		return
	}
	how := a[file]
	if how == nil {
		how = &answer{}
	}
	how.body = body
	if first, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok && how.ranges {
		from, err := strconv.Atoi(strings.TrimSuffix(first, "-"))
		if err != nil || from >= len(body) {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(body)-1, len(body)))
		how.body, how.held, how.status = body[from:], false, http.StatusPartialContent
	}
	if how.held && len(body) > heldAfter {
		how.sendHead(r, w)
		return
	}
	how.send(w, file)
}

// heldAfter is the bytes that come before an answer stands still.
const heldAfter = 64 << 10

// cutAt sends the first bytes of a file and waits until the browser lets it go.
func (a *answer) sendHead(r *http.Request, w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.Write(a.body[:heldAfter])
	w.(http.Flusher).Flush()
	select {
	case <-r.Context().Done():
	case <-time.After(30 * time.Second):
	}
}

func (a *answer) send(w http.ResponseWriter, file string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	switch {
	case a.kind != "":
		h.Set("Content-Type", a.kind)
	case strings.HasSuffix(file, ".json"):
		h.Set("Content-Type", "application/json")
	default:
		h.Set("Content-Type", "application/octet-stream")
	}
	if !a.hide {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	chunk := len(a.body)
	if a.chunk > 0 {
		chunk = a.chunk
	} else if a.hide || a.cut > 0 {
		chunk = 1 << 18
	}
	for sent := 0; sent < len(a.body); {
		if a.cut > 0 && sent >= a.cut {
			panic(http.ErrAbortHandler) // net/http closes the connection
		}
		n := min(chunk, len(a.body)-sent)
		if _, err := w.Write(a.body[sent : sent+n]); err != nil {
			return // the browser has gone: an abort arrived
		}
		sent += n
		if a.chunk > 0 || a.hide || a.cut > 0 {
			w.(http.Flusher).Flush()
			time.Sleep(a.pause)
		}
	}
}

// editConfig sets a member of config.json.
func (m model) editConfig(key string, value any) {
	var c map[string]any
	must(json.Unmarshal(m[configFile], &c))
	c[key] = value
	text, err := json.Marshal(c)
	must(err)
	m[configFile] = text
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("e2e: %v", err)) // a fault of the tests themselves
	}
}
