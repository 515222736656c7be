package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/models/kformer"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// setKnowledge serves SetKnowledgeRequest of web/src/protocol/kformer.ts: it replaces the knowledge.
func (e *engine) setKnowledge(request js.Value, j *job) (any, error) {
	r, err := e.reader()
	if err != nil {
		return nil, err
	}
	texts, err := stringsOf(request.Get("texts"))
	if err != nil {
		return nil, err
	}
	var items [][]int32
	for _, text := range texts {
		if err := j.Err(); err != nil {
			return nil, err
		}
		ids, err := e.plain(text)
		if err != nil {
			return nil, err
		}
		items = append(items, ids)
	}
	for i := range request.Get("items").Length() {
		items = append(items, int32sOf(request.Get("items").Index(i)))
	}
	k, err := r.Knowledge(items)
	if err != nil {
		return nil, err
	}
	e.knowledge = k
	return k.Len(), nil
}

// reader reads knowledge with the loaded model.
func (e *engine) reader() (*kformer.Reader, error) {
	m, err := e.stack()
	if err != nil {
		return nil, err
	}
	return kformer.NewReader(m)
}

// plain is the ids of a text without special tokens.
func (e *engine) plain(text string) ([]int32, error) {
	t, err := e.tokenizer()
	if err != nil {
		return nil, err
	}
	enc, err := t.Encode(text, tokenizer.Options{})
	return enc.IDs, err
}

// read serves ReadRequest of web/src/protocol/kformer.ts.
func (e *engine) read(request js.Value, j *job) (any, error) {
	r, err := e.reader()
	if err != nil {
		return nil, err
	}
	p := paddedOf(request, j)
	x, release, chosen, err := r.RunPadded(p, e.knowledge)
	if err != nil {
		return nil, err
	}
	defer release()
	selected := make([]any, len(chosen))
	for i, items := range chosen {
		selected[i] = listValue(items)
	}
	data, err := e.copyOf(x)
	if err != nil {
		return nil, err
	}
	return map[string]any{"data": data, "dims": []any{p.Rows, p.Cols, e.model.Stack.Dim()}, "selected": selected}, nil
}
