package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// task serves TaskRequest of web/src/tasks/requests.ts: the one task of the model's head.
// What is found crosses as flat lists, whose columns are named there: an object for each
// costs the engine more than it costs the page.
func (e *engine) task(request js.Value, j *job) (any, error) {
	if e.runner == nil {
		return nil, errNoModel("model with a head and a tokenizer")
	}
	var texts, contexts, ignore []string
	for _, list := range []struct {
		name string
		to   *[]string
	}{{"texts", &texts}, {"contexts", &contexts}, {"ignore", &ignore}} {
		var err error
		if *list.to, err = stringsOf(request.Get(list.name)); err != nil {
			return nil, err
		}
	}
	numbers := int32sOf(request.Get("numbers"))
	if len(numbers) != 6 {
		return nil, errArgument // not from our page
	}
	mode := request.Get("mode").String()
	o := tasks.Options{
		Pause: j.pause, TopK: int(numbers[0]), MaxLength: int(numbers[1]), Window: int(numbers[2]), Stride: int(numbers[3]),
		Impossible: numbers[4] != 0, Tokens: numbers[5] != 0, Ignore: ignore,
	}
	var results [][]tasks.Found
	var err error
	places := texts // what positions count in
	switch e.head.Kind {
	case heads.MaskedLM:
		masks, err := e.runner.FillMask(texts, o)
		out := make([]any, len(masks))
		for i, lists := range masks {
			out[i] = flat(lists, make([]string, len(lists)))
		}
		return out, err
	case heads.SequenceClassification:
		o.Function = mode
		results, err = e.runner.Classify(texts, o)
	case heads.TokenClassification:
		o.Strategy = mode
		results, err = e.runner.Entities(texts, o)
	default:
		results, err = e.runner.Answers(texts, contexts, o)
		places = contexts
	}
	return flat(results, places), err
}

// flat lays lists out; text i is what the positions of list i count in.
func flat(lists [][]tasks.Found, texts []string) []any {
	out := make([]any, len(lists))
	for i, list := range lists {
		at := make([]tokenizer.Offset, len(list))
		for k, y := range list {
			at[k] = tokenizer.Offset{Start: y.Start, End: y.End}
		}
		at = tokenizer.UTF16Offsets(texts[i], at)
		row := []any{}
		for k, y := range list {
			row = append(row, y.Label, y.Text, y.Score, y.Token, y.Sequence, y.Index, at[k].Start, at[k].End, y.Truncated)
		}
		out[i] = row
	}
	return out
}
