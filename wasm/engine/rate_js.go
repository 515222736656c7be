package main

import (
	"errors"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/kernels/rate"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
)

// rate serves RateRequest of web/src/protocol/kernels.ts: multiply-adds a second of a linear layer.
func (e *engine) rate(request js.Value, j *job) (any, error) {
	var dtype kernels.DType
	switch name := request.Get("dtype").String(); name {
	case "f32":
		dtype = kernels.F32
	case "q8":
		dtype = kernels.I8
	case "q4":
		dtype = kernels.Q4
	default:
		return nil, lean.Errorf("engine: %w: dtype %q; can measure: f32, q8, q4", pipeline.ErrRequest, name)
	}
	perSecond, err := rate.Linear(e.dev, dtype, request.Get("rows").Int(), request.Get("in").Int(), request.Get("out").Int(),
		request.Get("milliseconds").Float(), rate.Clock{Now: now, Pause: j.Err})
	if errors.Is(err, rate.ErrShape) {
		return nil, lean.Errorf("engine: %w: %w", pipeline.ErrRequest, err)
	}
	return perSecond, err
}
