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
	return statesAt.Invoke(int(x.At), p.Rows, p.Cols, m.Dim()), nil
}

// copyOf is a tensor without gaps as a Float32Array. The slice of a view has a buffer of
// its own, which is not shared even where the view's is: it can be handed over.
func copyOf(x kernels.Tensor) js.Value {
	return float32Array.New(kernelMemory.Get("buffer"), int(x.At), x.Rows*x.Cols).Call("slice")
}

// paddedOf copies Padded of web/src/protocol/tensors.ts.
func paddedOf(request js.Value, j *job) transformer.Padded {
	return transformer.Padded{
		IDs: int32sOf(request.Get("ids")), Mask: int32sOf(request.Get("mask")), Types: int32sOf(request.Get("types")),
		Rows: request.Get("batch").Int(), Cols: request.Get("length").Int(), Pause: j.Err,
	}
}
