package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/metalm"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// pieces reads Piece[] of web/src/protocol/generation.ts.
func (e *engine) pieces(v js.Value) (*metalm.Model, metalm.Input, error) {
	if e.model == nil || e.model.Connector == nil {
		return nil, nil, notLoaded("connector")
	}
	m, err := metalm.New(e.model.Stack, e.model.Connector)
	if err != nil {
		return nil, nil, err
	}
	var in metalm.Input
	for i := range v.Length() {
		one := v.Index(i)
		p := metalm.Piece{IDs: int32sOf(one.Get("ids")), States: float32sOf(one.Get("states")), Span: one.Get("span").Bool()}
		if text := one.Get("text"); text.Type() == js.TypeString {
			if p.IDs, err = e.plain(text.String()); err != nil {
				return nil, nil, err
			}
		}
		in = append(in, p)
	}
	return m, in, nil
}

// prompt makes an input for generation of pieces.
func (e *engine) prompt(v js.Value) ([]generate.Input, error) {
	m, in, err := e.pieces(v)
	if err != nil {
		return nil, err
	}
	p, err := m.Prompt(in)
	return []generate.Input{p}, err
}

// compose serves ComposeRequest of web/src/protocol/generation.ts: the logits behind each place of an
// input of pieces.
func (e *engine) compose(request js.Value, j *job) (any, error) {
	m, in, err := e.pieces(request.Get("pieces"))
	if err != nil {
		return nil, err
	}
	x, err := m.Forward(in, transformer.Batch{Pause: j.Err})
	if err != nil {
		return nil, err
	}
	if x, err = e.model.Stack.Logits(x); err != nil {
		return nil, err
	}
	data, err := e.copyOf(x)
	if err != nil {
		return nil, err
	}
	return map[string]any{"data": data, "dims": []any{1, x.Rows, x.Cols}}, nil
}
