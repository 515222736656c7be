package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/wasm/promise"
)

// generate serves GenerateRequest of web/src/protocol/generation.ts.
func (e *engine) generate(request js.Value, j *job) (any, error) {
	g := e.generator
	if g == nil {
		return nil, notLoaded("model that generates")
	}
	settings, err := g.Options([]byte(request.Get("options").String()))
	if err != nil {
		return nil, err
	}
	o := settings.Options
	o.Pause, o.Interrupted = j.errSteadily, j.interrupted
	if request.Get("processed").Truthy() {
		o.Batch = j.processed
	}
	inputs, forced, err := e.generateInputs(request, settings)
	if err != nil {
		return nil, err
	}
	o.ForcedBOS = forced
	var token func(int, int32, []byte) error
	if request.Get("streamed").Truthy() {
		token = j.token
	}
	results, err := g.Generate(inputs, o, token)
	if err != nil {
		return nil, err
	}
	var ids, lengths []int32
	texts, reasons := make([]string, len(results)), make([]string, len(results))
	for i, r := range results {
		ids, lengths = append(ids, r.IDs...), append(lengths, int32(len(r.IDs)))
		texts[i], reasons[i] = r.Text, r.Reason.String()
	}
	return map[string]any{"ids": int32Value(ids), "lengths": int32Value(lengths), "texts": listValue(texts), "reasons": listValue(reasons)}, nil
}

// generateInputs makes inputs of pieces, of texts or of ids, and says which token the
// decoder is forced to begin with, nil if none.
func (e *engine) generateInputs(request js.Value, f *generate.Settings) (inputs []generate.Input, forced *int32, err error) {
	g, forced := e.generator, f.Options.ForcedBOS
	texts, err := stringsOf(request.Get("texts"))
	switch pieces := request.Get("pieces"); {
	case err != nil:
	case pieces.Truthy():
		inputs, err = e.prompt(pieces)
	case texts != nil && g.Translates():
		return g.Sources(texts, request.Get("from").String(), request.Get("to").String(), f)
	case texts != nil:
		inputs, err = g.Prompts(texts, request.Get("addSpecial").Bool())
	default:
		inputs, err = g.Rows(int32sOf(request.Get("ids")), int32sOf(request.Get("lengths")), f)
	}
	return inputs, forced, err
}

// processed sends the logits of a step to the page, which answers with others, and with
// the places of the sequences that end before it: StepReply of web/src/protocol/generation.ts.
func (j *job) processed(ids [][]int32, logits [][]float32) error {
	var tokens, lengths []int32
	var all []float32
	for i := range ids {
		tokens, lengths = append(tokens, ids[i]...), append(lengths, int32(len(ids[i])))
		all = append(all, logits[i]...)
	}
	v, err := promise.Await(j.v.Call("process", int32Value(tokens), int32Value(lengths), float32Value(all)))
	if err != nil {
		return err
	}
	j.last = now() // the event loop has turned
	j.ended = j.v.Get("interrupted").Truthy()
	got := float32sOf(v.Get("logits"))
	if len(got) != len(all) {
		return lean.Errorf("engine: %w: the logits_processor gave %d logits, expected %d", pipeline.ErrRequest, len(got), len(all))
	}
	for _, row := range logits {
		got = got[copy(row, got):]
	}
	for _, place := range int32sOf(v.Get("ended")) {
		logits[place] = nil
	}
	return nil
}

// logits serves LogitsRequest of web/src/protocol/tensors.ts.
func (e *engine) logits(request js.Value, j *job) (any, error) {
	if e.generator == nil {
		return nil, notLoaded("model that generates")
	}
	p := paddedOf(request, j)
	var source *transformer.Padded
	if v := request.Get("source"); !v.IsNull() {
		s := paddedOf(v, j)
		source = &s
	}
	x, release, err := e.generator.Logits(p, source)
	if err != nil {
		return nil, err
	}
	defer release()
	data, err := e.copyOf(x)
	if err != nil {
		return nil, err
	}
	return map[string]any{"data": data, "dims": []any{p.Rows, p.Cols, e.folder.Config.VocabSize}}, nil
}
