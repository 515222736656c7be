package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// features serves FeatureExtractionRequest of web/src/protocol/tasks.ts.
func (e *engine) features(request js.Value, j *job) (any, error) {
	if e.embed == nil {
		return nil, notLoaded("model without a head, with its tokenizer,")
	}
	texts, err := stringsOf(request.Get("texts"))
	if err != nil {
		return nil, err
	}
	r, err := e.embed.Run(j, texts, tasks.FeatureExtractionOptions{
		Pooling:   request.Get("pooling").String(),
		Normalize: request.Get("normalize").Bool(),
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"data": float32Value(r.Data), "dims": listValue(r.Dims), "truncated": listValue(r.Truncated)}, nil
}
