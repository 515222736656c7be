package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// generate serves GenerateRequest of web/src/protocol.ts.
func (e *engine) generate(request js.Value, j *job) (any, error) {
	g := e.generator
	if g == nil {
		return nil, errNoModel("model that generates")
	}
	settings, err := g.Settings.With([]byte(request.Get("options").String()))
	if err != nil {
		return nil, err
	}
	o := &settings.Options
	o.Pause = j.pauseSteadily
	if request.Get("processed").Truthy() {
		o.Batch = j.processed
	}
	if settings.StopStrings != nil {
		if e.tokenizer == nil {
			return nil, lean.Errorf("engine: %w: stop_strings need the tokenizer; use pipeline(), or stop with eos_token_id", errArgument)
		}
		if o.Stopped, err = generate.StopStrings(e.tokenizer, settings.StopStrings); err != nil {
			return nil, err
		}
	}
	inputs, err := e.generateInputs(request, settings)
	if err != nil {
		return nil, err
	}
	var token func(int, int32, []byte) error
	if request.Get("streamed").Truthy() {
		token = j.token
	}
	results, err := g.Run(inputs, *o, token)
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

// generateInputs makes inputs of texts or of ids.
func (e *engine) generateInputs(request js.Value, f *generate.Settings) (inputs []generate.Input, err error) {
	g := e.generator
	texts, err := stringsOf(request.Get("texts"))
	switch pieces := request.Get("pieces"); {
	case err != nil:
	case pieces.Truthy():
		inputs, err = e.prompt(pieces)
	case texts != nil && g.Translates():
		inputs, f.Options.ForcedBOS, err = g.Sources(texts, request.Get("from").String(), request.Get("to").String(), f)
	case texts != nil:
		inputs, err = g.Prompts(texts, request.Get("addSpecial").Bool())
	default:
		inputs, err = g.Rows(int32sOf(request.Get("ids")), int32sOf(request.Get("lengths")), f)
	}
	return inputs, err
}

// processed sends the logits of a step to the page, whose processors answer with others.
func (j *job) processed(ids [][]int32, logits [][]float32) error {
	var tokens, lengths []int32
	var all []float32
	for i := range ids {
		tokens, lengths = append(tokens, ids[i]...), append(lengths, int32(len(ids[i])))
		all = append(all, logits[i]...)
	}
	v, err := await(j.v.Call("process", int32Value(tokens), int32Value(lengths), float32Value(all)))
	if err != nil {
		return err
	}
	j.last = now() // the event loop had its turn
	got := float32sOf(v)
	if len(got) != len(all) {
		return lean.Errorf("engine: %w: the logits_processor gave %d logits, expected %d", errArgument, len(got), len(all))
	}
	for _, row := range logits {
		got = got[copy(row, got):]
	}
	return nil
}

// logits serves LogitsRequest of web/src/protocol.ts.
func (e *engine) logits(request js.Value, j *job) (any, error) {
	if e.generator == nil {
		return nil, errNoModel("model that generates")
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
	return map[string]any{"data": copyOf(x), "dims": []any{p.Rows, p.Cols, e.config.VocabSize}}, nil
}
