package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// encode serves EncodeRequest of web/src/protocol.ts.
func (e *engine) encode(request js.Value, j *job) (any, error) {
	if e.tokenizer == nil {
		return nil, errNoModel("tokenizer")
	}
	texts, err := stringsOf(request.Get("texts"))
	if err != nil {
		return nil, err
	}
	pairs, err := stringsOf(request.Get("pairs"))
	if err != nil {
		return nil, err
	}
	if pairs != nil && len(pairs) != len(texts) {
		return nil, lean.Errorf("engine: %w: %d texts and %d second texts", errArgument, len(texts), len(pairs))
	}
	o := tokenizer.Options{
		AddSpecialTokens: request.Get("addSpecial").Bool(),
		ParseSpecial:     request.Get("parseSpecial").Bool(),
		MaxLength:        request.Get("maxLength").Int(),
	}
	var out batch
	for i, text := range texts {
		if err := j.pause(); err != nil {
			return nil, err
		}
		var enc tokenizer.Encoding
		second := ""
		if pairs == nil {
			enc, err = e.tokenizer.Encode(text, o)
		} else {
			second = pairs[i]
			enc, err = e.tokenizer.EncodePair(text, second, o)
		}
		if err != nil {
			return nil, lean.Errorf("engine: text %d: %w", i, err)
		}
		out.add(enc, text, second)
	}
	return map[string]any{
		"ids":       int32Value(out.ids),
		"typeIds":   int32Value(out.typeIDs),
		"offsets":   int32Value(out.offsets),
		"lengths":   int32Value(out.lengths),
		"truncated": listValue(out.truncated),
	}, nil
}

// decode serves DecodeRequest of web/src/protocol.ts.
func (e *engine) decode(request js.Value, _ *job) (any, error) {
	if e.tokenizer == nil {
		return nil, errNoModel("tokenizer")
	}
	return e.tokenizer.Decode(int32sOf(request.Get("ids")), request.Get("skipSpecial").Bool()), nil
}
