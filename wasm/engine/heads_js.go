package main

import "syscall/js"

// headLogits serves HeadRequest of web/src/protocol/tensors.ts.
func (e *engine) headLogits(request js.Value, j *job) (any, error) {
	if e.model == nil || e.model.Head == nil {
		return nil, notLoaded("model with a head")
	}
	h, p := e.model.Head, paddedOf(request, j)
	y, release, err := h.Padded(e.model.Stack, p)
	if err != nil {
		return nil, err
	}
	defer release()
	dims := []any{p.Rows, p.Cols, h.Outputs}
	if h.First() {
		dims = []any{p.Rows, h.Outputs}
	}
	data, err := e.copyOf(y)
	if err != nil {
		return nil, err
	}
	return map[string]any{"data": data, "dims": dims}, nil
}
