package main

import "syscall/js"

// forward serves ForwardRequest of web/src/protocol.ts. The states are copied from
// the kernels' memory to a buffer of JavaScript's, past Go's heap.
func (e *engine) forward(request js.Value, j *job) (any, error) {
	if e.model == nil {
		return nil, errNoModel("model")
	}
	b, t := request.Get("batch").Int(), request.Get("length").Int()
	x, release, err := e.model.ForwardPadded(int32sOf(request.Get("ids")), int32sOf(request.Get("mask")), b, t, j.pause)
	if err != nil {
		return nil, err
	}
	defer release()
	// The slice of a view has a buffer of its own, which is not shared even where the
	// view's is: it can be handed over.
	data := float32Array.New(kernelMemory.Get("buffer"), int(x.At), x.Rows*x.Cols).Call("slice")
	return map[string]any{"data": data, "dims": []any{b, t, e.model.Dim()}}, nil
}

// kernelMemory is the WebAssembly.Memory of the kernels; the worker sets it before
// this program starts.
var kernelMemory = js.Global().Get("__lodestoneKernels").Get("memory")
