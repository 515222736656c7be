package main

import (
	"strings"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// task serves TaskRequest of web/src/protocol/tasks.ts: the task that the model's head is
// for. The reply has a column for each field of a result, since an object for each result
// takes longer to make.
func (e *engine) task(request js.Value, j *job) (any, error) {
	if e.runner == nil {
		return nil, errNoModel("model with a head and a tokenizer")
	}
	in := fields{v: request}
	texts, contexts := in.texts("texts"), in.texts("contexts")
	o := tasks.Options{Pause: j.pause, Ignore: in.texts("ignoreLabels")}
	if in.err != nil {
		return nil, in.err
	}
	var results [][]tasks.Found
	var masks []any
	var columns string
	var err error
	switch task := in.text("task"); task {
	case "fill-mask":
		columns = "score token tokenStr sequence"
		o.TopK = in.integer("topK")
		var found [][][]tasks.Found
		found, err = e.runner.FillMask(texts, o)
		for _, lists := range found {
			results, masks = append(results, lists...), append(masks, len(lists))
		}
	case "text-classification":
		columns = "score label truncated"
		o.TopK, o.Function = in.integer("topK"), in.text("functionToApply")
		results, err = e.runner.Classify(texts, o)
	case "token-classification":
		columns = "score label index word start end"
		o.Strategy, o.Stride = in.text("aggregationStrategy"), in.integer("stride")
		results, err = e.runner.Entities(texts, o)
		useUTF16(results, texts)
	case "question-answering":
		columns = "score answer start end"
		o.TopK, o.MaxLength = in.integer("topK"), in.integer("maxAnswerLength")
		o.Window, o.Stride = in.integer("maxSequenceLength"), in.integer("docStride")
		o.Impossible, o.Tokens = in.flag("handleImpossibleAnswer"), !in.flag("alignToWords")
		results, err = e.runner.Answers(texts, contexts, o)
		useUTF16(results, contexts)
	default:
		err = lean.Errorf("engine: %w: task %q", errArgument, task)
	}
	if err != nil {
		return nil, err
	}
	lengths := make([]any, len(results))
	for i, list := range results {
		lengths[i] = len(list)
	}
	reply := object("masks", masks, "lengths", lengths)
	for columns != "" {
		var name string
		name, columns, _ = strings.Cut(columns, " ")
		reply.Set(name, column(name, results))
	}
	return reply, nil
}

// useUTF16 makes UTF-16 units of the positions of list i, which are bytes of texts[i].
func useUTF16(lists [][]tasks.Found, texts []string) {
	for i, list := range lists {
		at := make([]tokenizer.Offset, len(list))
		for k := range list {
			at[k].Start, at[k].End = list[k].Start, list[k].End
		}
		for k, o := range tokenizer.UTF16Offsets(texts[i], at) {
			list[k].Start, list[k].End = o.Start, o.End
		}
	}
}

// column is a field of all results, list after list.
func column(name string, lists [][]tasks.Found) []any {
	values := []any{}
	for _, list := range lists {
		for k := range list {
			y := &list[k]
			var v any = y.Text
			switch name {
			case "score":
				v = y.Score
			case "label":
				v = y.Label
			case "truncated":
				v = y.Truncated
			case "token":
				v = y.Token
			case "index":
				v = y.Index
			case "start":
				v = y.Start
			case "end":
				v = y.End
			case "sequence":
				v = y.Sequence
			}
			values = append(values, v)
		}
	}
	return values
}

// fields reads the fields of a request. Err is the first that went wrong.
type fields struct {
	v   js.Value
	err error
}

func (f *fields) texts(name string) []string {
	list, err := stringsOf(f.v.Get(name))
	if err != nil {
		f.err = err
	}
	return list
}

func (f *fields) text(name string) string { return f.v.Get(name).String() }

func (f *fields) flag(name string) bool { return f.v.Get(name).Truthy() }

func (f *fields) integer(name string) int { return f.v.Get(name).Int() }

// object makes an object of names with their values.
func object(pairs ...any) js.Value {
	v := js.ValueOf(map[string]any{})
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i].(string), pairs[i+1])
	}
	return v
}
