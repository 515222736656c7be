// Package encrypted puts the server of encrypted runs (THE-X, package models/thex/server) beside the files of a page, so
// that the demo's view "Private" finds it at ./encrypted.
//
// Begin with [Handler].
package encrypted

import (
	"net/http"
	"time"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/evaluator"
	"github.com/lodestone-wasm/lodestone/models/thex/server"
	"github.com/lodestone-wasm/lodestone/web/serve/static"
)

// timeout is how long a client's keys, some 30 MB, may take to arrive.
const timeout = 10 * time.Minute

// Handler answers encrypted runs of a THE-X classifier under /encrypted/, and everything else by next. The weights are
// encoded in the first run.
func Handler(dir string, next http.Handler) (http.Handler, error) {
	f, err := thex.OpenFolder(dir, thex.DefaultTokens)
	if err != nil {
		return nil, err
	}
	runs, err := server.New(evaluator.NewModel(f.Plan, f.Weights), f.Labels, server.Options{ReadTimeout: timeout})
	if err != nil {
		return nil, err
	}
	stripped := http.StripPrefix("/encrypted", runs)
	mux := http.NewServeMux()
	mux.Handle("/", next)
	mux.HandleFunc("/encrypted/", func(w http.ResponseWriter, r *http.Request) {
		static.Headers(w.Header())
		// A handler under test may have no connection to set a deadline on.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(timeout))
		stripped.ServeHTTP(w, r)
	})
	return mux, nil
}
