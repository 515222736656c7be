package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// encode serves EncodeRequest of web/src/protocol/tokenizer.ts.
func (e *engine) encode(request js.Value, j *job) (any, error) {
	t, err := e.tokenizer()
	if err != nil {
		return nil, err
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
		return nil, lean.Errorf("engine: %w: %d texts and %d second texts", pipeline.ErrRequest, len(texts), len(pairs))
	}
	o := tokenizer.Options{
		AddSpecialTokens: request.Get("addSpecial").Bool(),
		ParseSpecial:     request.Get("parseSpecial").Bool(),
		MaxLength:        request.Get("maxLength").Int(),
	}
	var out batch
	for i, text := range texts {
		if err := j.Err(); err != nil {
			return nil, err
		}
		var enc tokenizer.Encoding
		second := ""
		if pairs == nil {
			enc, err = t.Encode(text, o)
		} else {
			second = pairs[i]
			enc, err = t.EncodePair(text, second, o)
		}
		if err != nil {
			return nil, lean.Errorf("engine: text %d: %w", i, err)
		}
		out.add(enc, text, second)
	}
	reply := map[string]any{
		"ids":       int32Value(out.ids),
		"typeIds":   int32Value(out.typeIDs),
		"offsets":   int32Value(out.offsets),
		"lengths":   int32Value(out.lengths),
		"truncated": listValue(out.truncated),
	}
	if request.Get("tokens").Truthy() {
		reply["tokens"] = listValue(tokensOf(t, out.ids))
	}
	return reply, nil
}

// tokensOf are the tokens of ids, as the vocabulary has them.
func tokensOf(t *tokenizer.Tokenizer, ids []int32) []string {
	tokens := make([]string, len(ids))
	for i, id := range ids {
		tokens[i], _ = t.IDToToken(id)
	}
	return tokens
}

// decode serves DecodeRequest of web/src/protocol/tokenizer.ts: the text of each row of ids.
func (e *engine) decode(request js.Value, _ *job) (any, error) {
	t, err := e.tokenizer()
	if err != nil {
		return nil, err
	}
	ids, lengths := int32sOf(request.Get("ids")), int32sOf(request.Get("lengths"))
	texts := make([]string, len(lengths))
	for i, n := range lengths {
		if n < 0 || int(n) > len(ids) {
			return nil, lean.Errorf("engine: %w: a row of %d ids, %d are left", pipeline.ErrRequest, n, len(ids))
		}
		texts[i] = t.Decode(ids[:n], request.Get("skipSpecial").Bool())
		ids = ids[n:]
	}
	return listValue(texts), nil
}
