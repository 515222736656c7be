//go:build js && wasm

package main

import (
	"context"
	"errors"
	"sync"
	"syscall/js"
	"time"

	"github.com/lodestone-wasm/lodestone/ui"
)

// needed are the models that views load on demand. Views that need the same one share its entry.
type needed struct {
	translator, tagger, writer *model
}

func newNeeded(p *page) *needed {
	return &needed{
		translator: newModel(p, "translation", "translator", "translator-magneto-en-de", "the translator"),
		tagger:     newModel(p, "token-classification", "tagger", "tagger-magneto-en-de", "the tagger"),
		writer:     newModel(p, "text-generation", "writer", "writer-magneto-en", "the writer"),
	}
}

// model is a folder of this site in the page: ui.Loader by web/demo/ondemand.js, and the pipeline that it gives.
type model struct {
	*ui.OnDemand
	task, folder string

	mu       sync.Mutex
	pipeline js.Value // once loaded
}

// newModel names a folder of models/ and the task that it is loaded for.
func newModel(p *page, task, key, folder, what string) *model {
	m := &model{task: task, folder: "./models/" + folder + "/"}
	m.OnDemand = ui.NewOnDemand(key, folder, what, loading{m}, ui.Options{Changed: p.changed, Announce: p.say})
	return m
}

// focusWhenReady moves the keyboard's place from the model's button, which goes when the model is here, to what it was loaded for.
func (p *page) focusWhenReady(m *model, id string) {
	m.WhenReady(func() {
		button := p.byID("load-" + m.Key)
		if to := p.byID(id); button.Truthy() && to.Truthy() && button.Equal(p.document.Get("activeElement")) {
			to.Call("focus")
		}
	})
}

// loading is the ui.Loader of a model.
type loading struct{ *model }

// Size asks the folder's manifest or server.
func (l loading) Size(context.Context) (int64, error) {
	part, err := onDemandPart()
	if err != nil {
		return -1, err
	}
	v, err := await(part.Call("size", l.folder))
	if err != nil {
		return -1, err
	}
	return int64(v.Float()), nil
}

// Load loads the folder in a worker of its own.
func (l loading) Load(ctx context.Context, progress func(ui.Progress)) error {
	part, err := onDemandPart()
	if err != nil {
		return err
	}
	signal, stop := abortSignal(ctx)
	defer stop()
	listener := js.FuncOf(func(_ js.Value, args []js.Value) any {
		progress(ui.Progress{Loaded: int64(args[0].Get("loaded").Float()), Total: int64(args[0].Get("total").Float())})
		return nil
	})
	defer listener.Release()
	v, err := await(part.Call("load", l.task, l.folder, signal, listener))
	if err != nil {
		return err
	}
	if ctx.Err() != nil { // cancelled at the last moment
		v.Call("dispose")
		return ctx.Err()
	}
	l.mu.Lock()
	l.pipeline = v
	l.mu.Unlock()
	return nil
}

// get returns the pipeline.
func (m *model) get() (js.Value, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pipeline.IsUndefined() {
		return m.pipeline, errors.New("the model is not loaded")
	}
	return m.pipeline, nil
}

// call runs the pipeline; ending ctx aborts it in the worker.
func (m *model) call(ctx context.Context, input any, options map[string]any) (js.Value, error) {
	pipeline, err := m.get()
	if err != nil {
		return pipeline, err
	}
	signal, stop := abortSignal(ctx)
	defer stop()
	o := js.ValueOf(options)
	o.Set("signal", signal)
	return await(pipeline.Invoke(input, o))
}

// generate runs the pipeline of a task that generates; piece hears what is added. Ending ctx stops it within a token.
func (m *model) generate(ctx context.Context, input string, options map[string]any, piece func(string)) (ui.Generated, error) {
	pipeline, err := m.get()
	if err != nil {
		return ui.Generated{}, err
	}
	part, err := onDemandPart()
	if err != nil {
		return ui.Generated{}, err
	}
	signal, stop := abortSignal(ctx)
	defer stop()
	listener := js.FuncOf(func(_ js.Value, args []js.Value) any {
		piece(args[0].String())
		return nil
	})
	defer listener.Release()
	o := js.ValueOf(options)
	o.Set("signal", signal)
	v, err := await(part.Call("generate", pipeline, input, o, listener))
	if err != nil {
		return ui.Generated{}, err
	}
	return ui.Generated{Text: v.Get("text").String(), Tokens: v.Get("tokens").Int(), Took: time.Duration(v.Get("ms").Float() * float64(time.Millisecond))}, nil
}

// onDemandPart is web/demo/ondemand.js, fetched when it is first asked for.
func onDemandPart() (js.Value, error) {
	return await(js.Global().Get("lodestoneBoot").Call("part", "./ondemand.js"))
}

// abortSignal returns an AbortSignal that ends with ctx; stop lets go of ctx.
func abortSignal(ctx context.Context) (signal js.Value, stop func()) {
	abort := js.Global().Get("AbortController").New()
	release := context.AfterFunc(ctx, func() { abort.Call("abort") })
	return abort.Get("signal"), func() { release() }
}
