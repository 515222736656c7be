package main

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lodestone-wasm/lodestone/models/pipeline/attacks"
)

// attackFolders are the folders of package attacks: /attack/NUMBER/FILE; base is the one that
// nobody changed.
var attackFolders = sync.OnceValue(attacks.All)

func serveAttack(w http.ResponseWriter, r *http.Request) {
	number, name, _ := strings.Cut(r.URL.Path, "/")
	files := attacks.Base()
	if number != "base" {
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n >= len(attackFolders()) {
			http.NotFound(w, r)
			return
		}
		files = attackFolders()[n].Files
	}
	data, ok := files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
