//go:build js && wasm

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/models/describe"
	"github.com/lodestone-wasm/lodestone/ui"
)

// inspector is ui.Inspector by web/demo/model.js, which is fetched when the view is first used.
type inspector struct {
	mu     sync.Mutex
	module js.Value
}

func (i *inspector) call(name string, args ...any) (js.Value, error) {
	i.mu.Lock()
	m := i.module
	i.mu.Unlock()
	if m.IsUndefined() {
		var err error
		if m, err = await(js.Global().Get("lodestoneBoot").Call("part", "./model.js")); err != nil {
			return m, err
		}
		i.mu.Lock()
		i.module = m
		i.mu.Unlock()
	}
	return await(m.Call(name, args...))
}

// Size asks the folder's server.
func (i *inspector) Size(_ context.Context, folder string) (int64, error) {
	v, err := i.call("size", folder)
	if err != nil {
		return -1, err
	}
	return int64(v.Float()), nil
}

// Load loads a folder in a worker of its own, or takes the search's model.
func (i *inspector) Load(_ context.Context, folder string, progress func(ui.Progress)) (*ui.Loaded, error) {
	listener := js.FuncOf(func(_ js.Value, args []js.Value) any {
		p := args[0]
		progress(ui.Progress{Loaded: int64(p.Get("loaded").Float()), Total: int64(p.Get("total").Float())})
		return nil
	}) // never released: boot.js may keep it
	v, err := i.call("load", folder, listener)
	if err != nil {
		return nil, err
	}
	l := &ui.Loaded{Model: &describe.Description{}, TakesText: v.Get("takesText").Bool(), DType: v.Get("dtype").String()}
	if err := json.Unmarshal([]byte(v.Get("description").String()), l.Model); err != nil {
		return nil, fmt.Errorf("the model's description cannot be read: %w", err)
	}
	return l, nil
}

// Cancel ends the download of a folder of its own; the search's model goes on loading.
func (i *inspector) Cancel() { i.call("cancel") }

// Inspect runs a text.
func (i *inspector) Inspect(_ context.Context, text string) (*ui.Inspection, error) {
	v, err := i.call("inspect", text)
	if err != nil {
		return nil, err
	}
	x := &ui.Inspection{Truncated: v.Get("truncated").Bool(), Heads: v.Get("heads").Int()}
	labels := v.Get("labels")
	for j := range labels.Length() {
		x.Labels = append(x.Labels, labels.Index(j).String())
	}
	maps := v.Get("attentions")
	for j := range maps.Length() {
		x.Attentions = append(x.Attentions, floats(maps.Index(j)))
	}
	list := v.Get("routing")
	for j := range list.Length() {
		r := list.Index(j)
		x.Routing = append(x.Routing, ui.Routing{Layer: r.Get("layer").Int(), Experts: r.Get("experts").Int(), K: r.Get("k").Int(),
			Expert: ints(r.Get("expert")), Kept: ints(r.Get("kept")), Weights: floats(r.Get("weights")), Gates: floats(r.Get("gates")),
			Load: ints(r.Get("load")), Dropped: r.Get("dropped").Int(), Entropy: r.Get("entropy").Float()})
	}
	if len(x.Labels) == 0 {
		return nil, errors.New("the text has no token; type a word")
	}
	return x, nil
}

// ints copies an Int32Array.
func ints(a js.Value) []int32 {
	out := make([]int32, a.Length())
	for i := range out {
		out[i] = int32(a.Index(i).Int())
	}
	return out
}
