//go:build js && wasm

package main

import (
	"context"
	"errors"
	"sync"
	"syscall/js"
)

// program is a Go program in a worker of its own (web/demo/private-worker.js), which starts with the first call and again
// after a crash.
type program struct {
	mu      sync.Mutex
	worker  js.Value
	calls   int
	waiting map[int]chan reply
}

type reply struct {
	value js.Value
	err   error
}

// call calls a function of the program, one after the other. When ctx ends, call returns; the worker completes what it computes.
func (p *program) call(ctx context.Context, name, function string, args ...any) (js.Value, error) {
	answer := make(chan reply, 1)
	p.mu.Lock()
	if p.worker.IsUndefined() {
		p.start(name)
	}
	p.calls++
	id := p.calls
	p.waiting[id] = answer
	p.worker.Call("postMessage", map[string]any{"id": id, "call": function, "args": args})
	p.mu.Unlock()
	select {
	case r := <-answer:
		return r.value, r.err
	case <-ctx.Done():
		p.mu.Lock()
		delete(p.waiting, id)
		p.mu.Unlock()
		return js.Undefined(), ctx.Err()
	}
}

// start starts the worker. The caller holds p.mu.
func (p *program) start(name string) {
	p.waiting = map[int]chan reply{}
	p.worker = js.Global().Get("Worker").New("./private-worker.js", map[string]any{"type": "module", "name": name})
	p.worker.Set("onmessage", callback(func(e js.Value) {
		data := e.Get("data")
		p.mu.Lock()
		defer p.mu.Unlock()
		id := data.Get("id").Int()
		answer := p.waiting[id]
		delete(p.waiting, id)
		switch text := data.Get("error"); {
		case answer == nil: // nobody waits any more
		case text.Type() == js.TypeString:
			answer <- reply{err: errors.New(text.String())}
		default:
			answer <- reply{value: data.Get("value")}
		}
	}))
	p.worker.Set("onerror", callback(func(e js.Value) {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, answer := range p.waiting {
			answer <- reply{err: errors.New("the worker of " + name + " ended: " + e.Get("message").String() + "; try again")}
		}
		p.worker.Call("terminate")
		p.worker, p.waiting = js.Undefined(), map[int]chan reply{}
	}))
}
