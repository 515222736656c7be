//go:build js && wasm

package main

import (
	"context"
	"errors"
	"sync"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/search"
	"github.com/lodestone-wasm/lodestone/wasm/app/wire"
)

// lodestone is the module, lodestone.js.
func lodestone() (js.Value, error) { return await(boot.Call("module")) }

// address is the address of a model folder, which must be on this site. "" is the model of the search.
func address(folder string) (string, error) {
	v, err := await(boot.Call("address", folder))
	if err != nil {
		return "", err
	}
	return v.String(), nil
}

// pipeline is a model folder, and the module's pipeline() for a task once it is loaded. It is a host.Loader.
type pipeline struct {
	task, folder string

	mu     sync.Mutex
	handle js.Value // undefined until the model is loaded
}

// Size asks the folder's manifest, or the server for each file.
func (l *pipeline) Size(ctx context.Context) (int64, error) {
	url, err := address(l.folder)
	if err != nil {
		return -1, err
	}
	if text, err := fetchText(ctx, url+"manifest.json"); err == nil {
		if n, err := wire.ManifestBytes(text); err == nil {
			return n, nil
		}
	}
	var sizes []int64
	for _, name := range wire.ModelFiles {
		n, err := fetchSize(ctx, url+name)
		if errors.Is(err, errNoFile) {
			if name == "config.json" {
				return -1, host.ErrNoFolder
			}
			n, err = 0, nil
		}
		if err != nil {
			return -1, err
		}
		sizes = append(sizes, n)
	}
	return wire.FolderBytes(sizes), nil
}

// Load loads the folder in a worker of its own.
func (l *pipeline) Load(ctx context.Context, progress func(host.Progress)) error {
	return l.load(ctx, progress, map[string]any{}, func(module js.Value, url string, options js.Value) (js.Value, error) {
		return await(module.Call("pipeline", l.task, url, options))
	})
}

// load calls open with the folder's address and the options of a load, and keeps the handle that it returns.
func (l *pipeline) load(ctx context.Context, progress func(host.Progress), options map[string]any,
	open func(module js.Value, url string, options js.Value) (js.Value, error)) error {
	module, err := lodestone()
	if err != nil {
		return err
	}
	url, err := address(l.folder)
	if err != nil {
		return err
	}
	abort, release := signal(ctx)
	defer release()
	report := callback(func(e js.Value) {
		if e.Get("status").String() == "progress_total" && ctx.Err() == nil {
			progress(progressOf(e))
		}
	})
	defer report.Release()
	o := js.ValueOf(options)
	o.Set("signal", abort)
	o.Set("progress_callback", report)
	handle, err := open(module, url, o)
	if err != nil {
		return err
	}
	if ctx.Err() != nil { // cancelled at the last moment
		handle.Call("dispose")
		return ctx.Err()
	}
	l.set(handle)
	return nil
}

// progressOf reads a progress event.
func progressOf(e js.Value) host.Progress {
	return host.Progress{Loaded: int64(e.Get("loaded").Float()), Total: int64(e.Get("total").Float())}
}

func (l *pipeline) set(handle js.Value) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handle = handle
}

// get returns the handle of the loaded model.
func (l *pipeline) get() (js.Value, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.handle.IsUndefined() {
		return l.handle, errors.New("the model is not loaded")
	}
	return l.handle, nil
}

// call calls the pipeline. When ctx ends, the call is aborted in the worker.
func (l *pipeline) call(ctx context.Context, input any, options map[string]any) (js.Value, error) {
	handle, err := l.get()
	if err != nil {
		return handle, err
	}
	abort, release := signal(ctx)
	defer release()
	o := js.ValueOf(options)
	o.Set("signal", abort)
	return await(handle.Invoke(input, o))
}

// sharedModel is the model of the search. boot.js begins to load it before this program has started.
type sharedModel struct {
	pipeline
	info search.Info
}

// Load joins the load that boot.js began. After a failure it begins another one.
func (l *sharedModel) Load(_ context.Context, progress func(host.Progress)) error {
	result, err := loadShared(progress)
	if err != nil {
		return err
	}
	handle := result.Get("embed")
	c := handle.Call("capabilities")
	l.set(handle)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.info = search.Info{
		Bytes:   int64(result.Get("bytes").Float()),
		Took:    wire.Duration(result.Get("ms").Float()),
		Kernels: c.Get("kernels").String(),
		Threads: c.Get("threads").Int(),
		GPU:     c.Get("webgpu").Truthy(),
	}
	return nil
}

// Info describes the loaded model.
func (l *sharedModel) Info() search.Info {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.info
}

// loadShared loads the model of the search, once for all who need it.
func loadShared(progress func(host.Progress)) (js.Value, error) {
	report := callback(func(e js.Value) { progress(progressOf(e)) }) // not released: boot.js keeps it, and a page loads once or a few times
	return await(boot.Call("load", report))
}
