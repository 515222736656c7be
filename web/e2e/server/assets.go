package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lodestone-wasm/lodestone/web/serve/static"
)

// assets serves the files of the module with one of them changed: /assets/KIND/FILE is
// web/dist/FILE as KIND has it.
type assets struct {
	dir  string
	dist http.Handler
}

// buildID is the length of a build's id, which ends each WebAssembly module.
const buildID = 16

// mortal is appended to worker.js: on a message to this channel the worker dies without a word.
const mortal = `
new BroadcastChannel('lodestone-test').onmessage = ({ data }) => {
  if (data === 'close') self.close();
  if (data === 'loop') for (;;);
};
`

// withoutStorage comes before worker.js: the browser denies its storage.
const withoutStorage = `
StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('denied', 'SecurityError'));
`

// assetTable says what becomes of a file. Nil is silence after its first half.
var assetTable = map[string]map[string]func(file, id []byte) []byte{
	"mortal":        {"worker.js": func(file, _ []byte) []byte { return append(file, mortal...) }},
	"no-storage":    {"worker.js": func(file, _ []byte) []byte { return append([]byte(withoutStorage), file...) }},
	"empty":         {"worker.js": func([]byte, []byte) []byte { return []byte{} }},
	"other":         {"worker.js": func([]byte, []byte) []byte { return []byte("onmessage = () => {};") }},
	"older-worker":  {"worker.js": older},
	"older-engine":  {"engine.wasm.gz": func(file, id []byte) []byte { return older(unpacked(file), id) }},
	"older-kernels": {"kernels.wasm": older, "kernels-shared.wasm": older, "kernels-relaxed.wasm": older, "kernels-relaxed-shared.wasm": older},
	"slow-engine":   {"engine.wasm.gz": nil},
}

// older has a file state the id of another build.
func older(file, id []byte) []byte {
	return bytes.ReplaceAll(file, id, bytes.Repeat([]byte("0"), len(id)))
}

// unpacked is the content of a gzip file, nil if it is none.
func unpacked(file []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(r)
	if err != nil {
		return nil
	}
	return out
}

func (s *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind, file, _ := strings.Cut(r.URL.Path, "/")
	changes, ok := assetTable[kind]
	if !ok {
		http.NotFound(w, r)
		return
	}
	change, ok := changes[file]
	if !ok {
		http.StripPrefix(kind, s.dist).ServeHTTP(w, r)
		return
	}
	body, err := os.ReadFile(filepath.Join(s.dir, file))
	var kernels []byte
	if err == nil {
		kernels, err = os.ReadFile(filepath.Join(s.dir, "kernels.wasm"))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	static.Headers(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", map[string]string{".js": "text/javascript", ".wasm": "application/wasm", ".gz": "application/gzip"}[filepath.Ext(file)])
	if change == nil {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Write(body[:len(body)/2])
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(time.Minute):
		}
		panic(http.ErrAbortHandler)
	}
	w.Write(change(body, kernels[len(kernels)-buildID:]))
}
