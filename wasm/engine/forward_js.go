package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// forward serves ForwardRequest of web/src/protocol/tensors.ts. The states are copied from
// the kernels' memory to a buffer of JavaScript's, past Go's heap.
func (e *engine) forward(request js.Value, j *job) (any, error) {
	m, err := e.stack()
	if err != nil {
		return nil, err
	}
	p := paddedOf(request, j)
	x, release, err := m.RunPadded(p)
	if err != nil {
		return nil, err
	}
	defer release()
	if e.dev == e.processor {
		return statesAt.Invoke(int(x.At), p.Rows, p.Cols, m.Dim()), nil
	}
	data, err := e.copyOf(x)
	if err != nil {
		return nil, err
	}
	return map[string]any{"data": data, "dims": []any{p.Rows, p.Cols, m.Dim()}}, nil
}

// copyOf is a tensor without gaps as a Float32Array. The slice of a view has a buffer of
// its own, which is not shared even where the view's is: it can be handed over.
func (e *engine) copyOf(x kernels.Tensor) (js.Value, error) {
	if e.dev == e.processor {
		return float32Array.New(kernelMemory.Get("buffer"), int(x.At), x.Rows*x.Cols).Call("slice"), nil
	}
	numbers := make([]float32, x.Rows*x.Cols)
	e.dev.Get(numbers, kernels.Tensor{At: x.At, Rows: 1, Cols: len(numbers), Stride: len(numbers)})
	if err := e.dev.Err(); err != nil {
		return js.Undefined(), err
	}
	return float32Value(numbers), nil
}

// paddedOf copies Padded of web/src/protocol/tensors.ts.
func paddedOf(request js.Value, j *job) transformer.Padded {
	return transformer.Padded{
		IDs: int32sOf(request.Get("ids")), Mask: int32sOf(request.Get("mask")), Types: int32sOf(request.Get("types")),
		Rows: request.Get("batch").Int(), Cols: request.Get("length").Int(), Pause: j.Err,
	}
}
