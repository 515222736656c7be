//go:build js && wasm

package main

import (
	"context"
	"sync"
	"syscall/js"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/depth"
)

// stacks is a depth.Runner: the module's depthRunner(), which starts its worker with the first run.
type stacks struct {
	mu  sync.Mutex
	run js.Value
}

func (s *stacks) runner() (js.Value, error) {
	module, err := lodestone()
	if err != nil {
		return module, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run.IsUndefined() {
		s.run = module.Call("depthRunner")
	}
	return s.run, nil
}

// Run runs one stack.
func (s *stacks) Run(ctx context.Context, scheme string, layers int, seed int64) (*depth.Growth, error) {
	run, err := s.runner()
	if err != nil {
		return nil, err
	}
	abort, release := signal(ctx)
	defer release()
	begin := time.Now()
	v, err := await(run.Invoke(scheme, map[string]any{"layers": layers, "seed": float64(seed), "signal": abort}))
	if err != nil {
		return nil, err
	}
	g := &depth.Growth{States: float32s(v.Get("states")), Moved: float32s(v.Get("moved")), Expected: float32s(v.Get("expected")),
		Alpha: v.Get("alpha").Float(), Gain: v.Get("gain").Float(), Parameters: v.Get("parameters").Int(), Took: time.Since(begin)}
	if b := v.Get("bound"); b.Truthy() {
		g.Bound = float32s(b)
	}
	return g, nil
}
