package main

import (
	"syscall/js"

	about "github.com/lodestone-wasm/lodestone/models/describe"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// describeModel serves DescribeRequest of web/src/protocol/inspect.ts: the description as JSON.
func (e *engine) describeModel(js.Value, *job) (any, error) {
	m, err := e.stack()
	if err != nil {
		return nil, err
	}
	return string(about.Loaded(m).AppendJSON(nil)), nil
}

// watch serves WatchRequest of web/src/protocol/inspect.ts: forward that tells where attention and
// routing went. Of an encoder–decoder it runs the encoder.
func (e *engine) watch(request js.Value, j *job) (any, error) {
	return e.watched(paddedOf(request, j), request)
}

// inspect serves InspectRequest of web/src/protocol/inspect.ts: watch for one text.
func (e *engine) inspect(request js.Value, j *job) (any, error) {
	t, err := e.tokenizer()
	if err != nil {
		return nil, err
	}
	text := request.Get("text").String()
	enc, err := t.Encode(text, tokenizer.Options{AddSpecialTokens: true, MaxLength: request.Get("maxLength").Int()})
	if err != nil {
		return nil, err
	}
	reply, err := e.watched(transformer.Padded{IDs: enc.IDs, Rows: 1, Cols: len(enc.IDs), Pause: j.Err}, request)
	if err != nil {
		return nil, err
	}
	var b batch
	b.add(enc, text, "")
	reply["ids"], reply["offsets"], reply["tokens"], reply["truncated"] = int32Value(b.ids), int32Value(b.offsets), listValue(tokensOf(t, enc.IDs)), enc.Overflowed
	return reply, nil
}

// watched runs p and returns what the flags of request ask for, WatchReply.
func (e *engine) watched(p transformer.Padded, request js.Value) (map[string]any, error) {
	m, err := e.stack()
	if err != nil {
		return nil, err
	}
	if m.Encoder != nil {
		m = m.Encoder
	}
	p.Watch = &transformer.Watch{Attention: request.Get("attentions").Bool(), Routing: request.Get("routing").Bool()}
	x, release, err := m.RunPadded(p)
	if err != nil {
		return nil, err
	}
	defer release()
	maps, routings := []any{}, []any{}
	for i, a := range p.Watch.Attentions {
		maps = append(maps, float32Value(a))
		p.Watch.Attentions[i] = nil // the page has it: the next may be large
	}
	for _, r := range p.Watch.Routings {
		kept := make([]int32, len(r.Kept))
		for i, k := range r.Kept {
			if k {
				kept[i] = 1
			}
		}
		routings = append(routings, map[string]any{
			"layer": r.Layer, "experts": r.Experts, "k": r.K, "expert": int32Value(r.Expert), "kept": int32Value(kept), "weight": float32Value(r.Weight),
			"scores": float32Value(r.Scores), "gates": float32Value(r.Gates), "load": listValue(r.Load), "dropped": r.Dropped, "entropy": r.Entropy,
		})
	}
	data, err := e.copyOf(x)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"data": data, "dims": []any{p.Rows, p.Cols, m.Dim()}, "heads": m.Config.NumHeads,
		"attentions": maps, "routing": routings,
	}, nil
}
