//go:build js && wasm

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"syscall/js"
	"time"

	"github.com/lodestone-wasm/lodestone/ui"
)

// engine is ui.Engine by the lodestone module, which runs the model in a worker.
type engine struct {
	mu    sync.Mutex
	embed js.Value // the pipeline, once loaded
}

// Load joins the load that boot.js began, or begins a new one after a failure.
func (e *engine) Load(_ context.Context, progress func(ui.Progress)) (ui.Info, error) {
	listener := js.FuncOf(func(_ js.Value, args []js.Value) any {
		p := args[0]
		progress(ui.Progress{File: p.Get("file").String(), Loaded: int64(p.Get("loaded").Float()), Total: int64(p.Get("total").Float())})
		return nil
	}) // never released: boot.js keeps it, and a page loads once or a few times
	result, err := await(js.Global().Get("lodestoneBoot").Call("load", listener))
	if err != nil {
		return ui.Info{}, err
	}
	e.mu.Lock()
	e.embed = result.Get("embed")
	e.mu.Unlock()
	c := e.embed.Call("capabilities")
	return ui.Info{
		Bytes:   int64(result.Get("bytes").Float()),
		Took:    time.Duration(result.Get("ms").Float() * float64(time.Millisecond)),
		Kernels: c.Get("kernels").String(),
		Threads: c.Get("threads").Int(),
	}, nil
}

// Embed runs texts through the model's prompt; ending ctx aborts the call in the worker.
func (e *engine) Embed(ctx context.Context, texts []string) ([]float32, int, error) {
	e.mu.Lock()
	embed := e.embed
	e.mu.Unlock()
	if embed.IsUndefined() {
		return nil, 0, errors.New("the model is not loaded")
	}
	list := js.Global().Get("Array").New(len(texts))
	for i, t := range texts {
		list.SetIndex(i, t)
	}
	abort := js.Global().Get("AbortController").New()
	stop := context.AfterFunc(ctx, func() { abort.Call("abort") })
	defer stop()
	options := js.ValueOf(map[string]any{"pooling": "prompt", "normalize": true})
	options.Set("signal", abort.Get("signal"))
	t, err := await(embed.Invoke(list, options))
	if err != nil {
		return nil, 0, err
	}
	dims := t.Get("dims")
	if dims.Length() != 2 || dims.Index(0).Int() != len(texts) {
		return nil, 0, fmt.Errorf("the engine returned a tensor of rank %d, expected [%d, width]", dims.Length(), len(texts))
	}
	return floats(t.Get("data")), dims.Index(1).Int(), nil
}

// floats copies a Float32Array.
func floats(a js.Value) []float32 {
	view := js.Global().Get("Uint8Array").New(a.Get("buffer"), a.Get("byteOffset"), a.Get("byteLength"))
	b := make([]byte, view.Length())
	js.CopyBytesToGo(b, view)
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

// await blocks this goroutine until the promise is settled. It must not be called inside a listener.
func await(promise js.Value) (js.Value, error) {
	type settled struct {
		v   js.Value
		err error
	}
	ch := make(chan settled, 1)
	then := js.FuncOf(func(_ js.Value, args []js.Value) any {
		ch <- settled{v: args[0]}
		return nil
	})
	fail := js.FuncOf(func(_ js.Value, args []js.Value) any {
		ch <- settled{err: errorOf(args[0])}
		return nil
	})
	defer then.Release()
	defer fail.Release()
	promise.Call("then", then, fail)
	s := <-ch
	return s.v, s.err
}

// errorOf keeps code and message of a LodestoneError; anything else gets the code "internal".
func errorOf(v js.Value) error {
	e := &ui.EngineError{Code: "internal", Message: "the engine failed without a reason"}
	if v.Type() != js.TypeObject {
		return e
	}
	if m := v.Get("message"); m.Type() == js.TypeString {
		e.Message = m.String()
	}
	if c := v.Get("code"); c.Type() == js.TypeString {
		e.Code = c.String()
	}
	return e
}

// fetchCollection reads the bundled sentences.
func fetchCollection(context.Context) (string, error) { return fetchText("./collection.tsv") }

// fetchText reads a text of this site.
func fetchText(path string) (string, error) {
	name := path[strings.LastIndexByte(path, '/')+1:]
	response, err := await(js.Global().Call("fetch", path))
	if err != nil {
		return "", &ui.EngineError{Code: "network", Message: err.Error() + " for " + name + "; check the connection and load the page again"}
	}
	if !response.Get("ok").Bool() {
		return "", &ui.EngineError{Code: "http_status", Message: fmt.Sprintf("got status %d for %s, expected 200", response.Get("status").Int(), name)}
	}
	text, err := await(response.Call("text"))
	if err != nil {
		return "", err
	}
	return text.String(), nil
}
