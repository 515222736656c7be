package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/evaluator"
	"github.com/lodestone-wasm/lodestone/models/thex/server"
)

func main() {
	debug.SetGCPercent(20) // encoded weights are half a gigabyte: a heap of twice that is too much for a page
	var h http.Handler
	object := js.Global().Get("Object").New()
	set := func(name string, f func(args []js.Value) (any, error)) {
		object.Set(name, js.FuncOf(func(_ js.Value, args []js.Value) any {
			y, err := guarded(func() (any, error) { return f(args) })
			if err != nil {
				return map[string]any{"error": err.Error()}
			}
			return y
		}))
	}
	set("open", func(args []js.Value) (any, error) {
		f, err := thex.OpenBytes(thex.Bytes{Config: bytesOf(args[0]), Weights: bytesOf(args[1])}, thex.DefaultTokens)
		if err == nil {
			// One page has one client: a run that was given up does not block the next.
			h, err = server.New(evaluator.NewModel(f.Plan, f.Weights), f.Labels, server.Options{MaxKeys: 1})
		}
		return nil, err
	})
	set("handle", func(args []js.Value) (any, error) {
		if h == nil {
			return nil, errors.New("no model was opened")
		}
		w := &recorder{header: http.Header{}, status: http.StatusOK}
		h.ServeHTTP(w, request(args[0].String(), args[1].String(), bytesOf(args[2])))
		return map[string]any{"status": w.status, "body": arrayOf(w.body.Bytes())}, nil
	})
	js.Global().Set("program", object)
	select {}
}

func request(method, path string, body []byte) *http.Request {
	r := &http.Request{Method: method, URL: &url.URL{Path: path}, Header: http.Header{}, ContentLength: int64(len(body)), Body: http.NoBody}
	if len(body) > 0 {
		r.Body = reader{bytes.NewReader(body)}
	}
	return r
}

type reader struct{ *bytes.Reader }

func (reader) Close() error { return nil }

// recorder is an http.ResponseWriter that keeps the answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// guarded returns a panic of f as an error.
func guarded(f func() (any, error)) (y any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the evaluator failed: %v; reload the page", r)
		}
	}()
	return f()
}

func bytesOf(v js.Value) []byte {
	p := make([]byte, v.Length())
	js.CopyBytesToGo(p, v)
	return p
}

func arrayOf(p []byte) js.Value {
	v := js.Global().Get("Uint8Array").New(len(p))
	js.CopyBytesToJS(v, p)
	return v
}
