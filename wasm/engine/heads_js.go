package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// wantHead has a head loaded with the model: name is a Head of web/src/protocol.ts, ""
// for none; those for generation are textgen's.
func (e *engine) wantHead(name string, configText []byte, o *transformer.LoadOptions) error {
	if name == "" || generates(name) {
		return nil
	}
	kind, err := heads.ParseKind(name)
	if err != nil {
		return err
	}
	if e.head, err = heads.New(kind, e.config, configText); err != nil {
		return err
	}
	e.head.Load(o)
	return nil
}

// headInfo adds what LoadReply says of a head.
func (e *engine) headInfo(info map[string]any) {
	info["labels"], info["problem"], info["maskToken"] = []any{}, "", ""
	if e.runner != nil && e.head.Kind == heads.MaskedLM {
		if _, token, err := e.runner.Mask(); err == nil {
			info["maskToken"] = token
		}
	}
	if e.head != nil && e.head.Kind != heads.MaskedLM {
		info["labels"], info["problem"] = listValue(e.head.Labels.Names), e.head.Labels.Problem
	}
}

// headLogits serves HeadRequest of web/src/tasks/requests.ts.
func (e *engine) headLogits(request js.Value, j *job) (any, error) {
	if e.model == nil || e.head == nil {
		return nil, errNoModel("model with a head")
	}
	p := paddedOf(request, j)
	y, release, err := e.head.Padded(e.model, p)
	if err != nil {
		return nil, err
	}
	defer release()
	data := float32Array.New(kernelMemory.Get("buffer"), int(y.At), y.Rows*y.Cols).Call("slice")
	dims := []any{p.Rows, p.Cols, e.head.Outputs}
	if e.head.First() {
		dims = []any{p.Rows, e.head.Outputs}
	}
	return map[string]any{"data": data, "dims": dims}, nil
}
