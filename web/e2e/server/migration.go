package main

import (
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/lodestone-wasm/lodestone/web/serve/static"
)

// migrated serves the files of web/e2e/transformers, which import @huggingface/transformers, with
// only that import changed.
func migrated(w http.ResponseWriter, r *http.Request) {
	static.Headers(w.Header())
	text, err := os.ReadFile(filepath.Join("web/e2e/transformers", path.Base(r.URL.Path)))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/javascript")
	w.Write([]byte(strings.ReplaceAll(string(text), "'@huggingface/transformers'", "'/lodestone.js'")))
}
