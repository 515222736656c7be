//go:build js && wasm

package main

import (
	"context"
	"errors"
	"strconv"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/ui/explore"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/wasm/app/wire"
)

// opener is an explore.Opener.
type opener struct{}

// Folder returns a folder of this site.
func (opener) Folder(folder string) explore.Folder {
	return &inspected{pipeline: pipeline{task: "feature-extraction", folder: folder}}
}

// inspected is an explore.Folder: a folder of its own, or the one that the search has loaded.
type inspected struct {
	pipeline
	loaded *explore.Loaded
	shared bool
}

// isShared reports whether the folder is that of the search.
func (l *inspected) isShared() (bool, error) {
	own, err := address(l.folder)
	if err != nil {
		return false, err
	}
	search, err := address("")
	return own == search, err
}

// Size is 0 if the search has loaded the folder already.
func (l *inspected) Size(ctx context.Context) (int64, error) {
	if shared, err := l.isShared(); err == nil && shared && boot.Call("here").Bool() {
		return 0, nil
	}
	return l.pipeline.Size(ctx)
}

// Load loads the folder. A folder without a tokenizer becomes a model that takes ids.
func (l *inspected) Load(ctx context.Context, progress func(host.Progress)) error {
	shared, err := l.isShared()
	if err != nil {
		return err
	}
	if shared {
		result, err := loadShared(func(p host.Progress) {
			if ctx.Err() == nil {
				progress(p)
			}
		})
		if err != nil {
			return err
		}
		l.shared = true
		l.set(result.Get("embed"))
	} else if err := l.load(ctx, progress, wire.Load(), l.open); err != nil {
		return err
	}
	if err := l.describe(); err != nil {
		l.Close()
		return err
	}
	return nil
}

func (l *inspected) open(module js.Value, url string, options js.Value) (js.Value, error) {
	handle, err := await(module.Call("pipeline", l.task, url, options))
	var e *host.EngineError
	if !errors.As(err, &e) {
		return handle, err
	}
	switch e.Code {
	case "tokenizer_missing":
		return await(module.Get("AutoModel").Call("from_pretrained", url, options))
	case "config_unsupported": // a translator makes no vectors
		if translator, other := await(module.Call("pipeline", "translation", url, options)); other == nil {
			return translator, nil
		}
	}
	return handle, err
}

func (l *inspected) describe() error {
	handle, err := l.get()
	if err != nil {
		return err
	}
	v, err := await(handle.Call("describe"))
	if err != nil {
		return err
	}
	model, err := wire.Description(stringify(v, nil))
	if err != nil {
		return err
	}
	l.loaded = &explore.Loaded{Model: model, TakesText: handle.Get("inspect").Truthy(), DType: handle.Get("dtype").String()}
	return nil
}

// Loaded describes the loaded model.
func (l *inspected) Loaded() *explore.Loaded { return l.loaded }

// Close frees a model that is not the search's.
func (l *inspected) Close() {
	if handle, err := l.get(); err == nil && !l.shared {
		l.set(js.Undefined())
		handle.Call("dispose")
	}
}

// Inspect runs a text, or ids if the model has no tokenizer.
func (l *inspected) Inspect(ctx context.Context, text string) (*explore.Inspection, error) {
	found, labels, err := l.run(ctx, text)
	if err != nil {
		return nil, err
	}
	x, err := wire.Inspection(stringify(found, wire.InspectionKeys), text, labels)
	if err != nil {
		return nil, err
	}
	for i := range x.Attentions {
		x.Attentions[i] = float32s(found.Get("attentions").Index(i).Get("data"))
	}
	for i := range x.Routing {
		r, from := &x.Routing[i], found.Get("routing").Index(i)
		r.Expert, r.Kept = smallInts(from.Get("experts")), smallInts(from.Get("kept"))
		r.Weights, r.Gates = float32s(from.Get("weights").Get("data")), float32s(from.Get("gates").Get("data"))
	}
	return x, nil
}

// run calls the model. labels are the ids, nil if the model has a tokenizer.
func (l *inspected) run(ctx context.Context, text string) (found js.Value, labels []string, err error) {
	handle, err := l.get()
	if err != nil {
		return handle, nil, err
	}
	abort, release := signal(ctx)
	defer release()
	if l.loaded.TakesText {
		found, err = await(handle.Call("inspect", text, map[string]any{"signal": abort}))
		return found, nil, err
	}
	ids, err := explore.ParseIDs(text)
	if err != nil {
		return js.Undefined(), nil, err
	}
	for _, id := range ids {
		labels = append(labels, strconv.Itoa(int(id)))
	}
	module, err := lodestone()
	if err != nil {
		return js.Undefined(), nil, err
	}
	data := js.Global().Get("BigInt64Array").Call("from", values(ids), js.Global().Get("BigInt"))
	tensor := module.Get("Tensor").New("int64", data, []any{1, len(ids)})
	found, err = await(handle.Invoke(map[string]any{"input_ids": tensor}, map[string]any{"output_attentions": true, "output_routing": true, "signal": abort}))
	return found, labels, err
}
