package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/models/depth"
)

// depth serves DepthRequest of web/src/protocol/depth.ts. It needs no model, and leaves none.
func (e *engine) depth(request js.Value, j *job) (any, error) {
	layers, step, seed := request.Get("layers").Int(), request.Get("step").Float(), request.Get("seed").Int()
	s, err := depth.NewScheme(request.Get("scheme").String(), layers)
	if err != nil {
		return nil, err
	}
	g, err := depth.Measure(e.dev, s, uint64(seed), step, j.Err)
	if err != nil {
		return nil, err
	}
	bound, expected := make([]float32, 0, layers+1), make([]float32, layers+1)
	for l := range layers + 1 {
		expected[l] = float32(s.Expected(l))
		if b, ok := s.Bound(l, step); ok {
			bound = append(bound, float32(b))
		}
	}
	return map[string]any{
		"states": float32Value(g.States), "moved": float32Value(g.Moved), "bound": float32Value(bound), "expected": float32Value(expected),
		"alpha": s.Alpha, "gain": s.Gain, "parameters": g.Parameters,
	}, nil
}
