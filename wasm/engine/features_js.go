package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/models/features"
)

// features serves FeaturesRequest of web/src/protocol.ts.
func (e *engine) features(request js.Value, j *job) (any, error) {
	if e.extractor == nil {
		return nil, errNoModel("model")
	}
	texts, err := stringsOf(request.Get("texts"))
	if err != nil {
		return nil, err
	}
	r, err := e.extractor.Extract(texts, features.Options{
		Pooling:   request.Get("pooling").String(),
		Normalize: request.Get("normalize").Bool(),
		Pause:     j.pause,
	})
	if err != nil {
		return nil, err
	}
	if err := finite(r.Data, len(texts)); err != nil {
		return nil, err
	}
	return map[string]any{"data": float32Value(r.Data), "dims": listValue(r.Dims), "truncated": listValue(r.Truncated)}, nil
}
