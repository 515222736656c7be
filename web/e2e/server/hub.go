package main

import (
	"net/http"
	"strings"

	"github.com/lodestone-wasm/lodestone/web/serve/static"
)

// hub serves folders in the layout of Hugging Face: OWNER/NAME/resolve/REVISION/FILE, where
// OWNER is one of the other handlers. There are the revisions main and v1. What is below
// private/ needs the token "a-secret-token".
type hub struct{ owners map[string]http.Handler }

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	static.Headers(w.Header())
	parts := strings.SplitN(r.URL.Path, "/", 5)
	if len(parts) != 5 || parts[2] != "resolve" || parts[3] != "main" && parts[3] != "v1" {
		http.NotFound(w, r)
		return
	}
	owner, name, file := parts[0], parts[1], parts[4]
	if owner == "private" {
		if r.Header.Get("Authorization") != "Bearer a-secret-token" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		owner = "heads"
	}
	folder := h.owners[owner]
	if folder == nil {
		http.NotFound(w, r)
		return
	}
	inner := r.Clone(r.Context())
	inner.URL.Path = name + "/" + file
	folder.ServeHTTP(w, inner)
}
