package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// ofModel makes a task of the loaded model.
func ofModel[T any](e *engine, task pipeline.Task[T]) (T, error) {
	if e.model == nil {
		var none T
		return none, notLoaded("model")
	}
	return task.Of(e.model)
}

// task serves TaskRequest of web/src/protocol/tasks.ts, a task of a model with a head. The reply has a
// column for each field of a result, since an object for each result takes longer to make.
func (e *engine) task(request js.Value, j *job) (any, error) {
	in := fields{v: request}
	texts, contexts := in.texts("texts"), in.texts("contexts")
	if in.err != nil {
		return nil, in.err
	}
	switch task := in.text("task"); task {
	case "fill-mask":
		return e.fillMask(&in, texts, j)
	case "text-classification":
		return e.classify(&in, texts, j)
	case "token-classification":
		return e.entities(&in, texts, j)
	case "question-answering":
		return e.answers(&in, texts, contexts, j)
	case "zero-shot-classification":
		return e.zeroShot(&in, texts, j)
	case "text-ranking":
		return e.rank(&in, texts, contexts, j)
	case "multiple-choice":
		return e.choose(&in, texts, contexts, j)
	default:
		return nil, lean.Errorf("engine: %w: task %q", pipeline.ErrRequest, task)
	}
}

func (e *engine) fillMask(in *fields, texts []string, j *job) (any, error) {
	t, err := ofModel(e, pipeline.FillMask)
	if err != nil {
		return nil, err
	}
	found, err := t.Run(j, texts, tasks.FillMaskOptions{TopK: in.integer("topK")})
	if err != nil {
		return nil, err
	}
	var masks []any
	out := table{names: []string{"score", "token", "tokenStr", "sequence"}}
	for _, lists := range found {
		masks = append(masks, len(lists))
		for _, list := range lists {
			for _, y := range list {
				out.add(y.Score, int(y.Token), y.TokenStr, y.Sequence)
			}
			out.end()
		}
	}
	reply := out.object()
	reply.Set("masks", masks)
	return reply, nil
}

func (e *engine) classify(in *fields, texts []string, j *job) (any, error) {
	t, err := ofModel(e, pipeline.TextClassification)
	if err != nil {
		return nil, err
	}
	lists, err := t.Run(j, texts, tasks.TextClassificationOptions{TopK: in.integer("topK"), FunctionToApply: in.text("functionToApply")})
	if err != nil {
		return nil, err
	}
	out := table{names: []string{"score", "label", "truncated"}}
	for _, list := range lists {
		for _, y := range list {
			out.add(y.Score, y.Label, y.Truncated)
		}
		out.end()
	}
	return out.object(), nil
}

func (e *engine) entities(in *fields, texts []string, j *job) (any, error) {
	t, err := ofModel(e, pipeline.TokenClassification)
	if err != nil {
		return nil, err
	}
	o := tasks.TokenClassificationOptions{AggregationStrategy: in.text("aggregationStrategy"), IgnoreLabels: in.texts("ignoreLabels"), Stride: in.integer("stride")}
	if in.err != nil {
		return nil, in.err
	}
	lists, err := t.Run(j, texts, o)
	if err != nil {
		return nil, err
	}
	out := table{names: []string{"score", "label", "index", "word", "start", "end"}}
	for i, list := range lists {
		at := make([]tokenizer.Offset, len(list))
		for k, y := range list {
			at[k] = tokenizer.Offset{Start: y.Start, End: y.End}
		}
		at = tokenizer.UTF16Offsets(texts[i], at)
		for k, y := range list {
			out.add(y.Score, y.Label, y.Index, y.Word, at[k].Start, at[k].End)
		}
		out.end()
	}
	return out.object(), nil
}

func (e *engine) answers(in *fields, questions, contexts []string, j *job) (any, error) {
	t, err := ofModel(e, pipeline.QuestionAnswering)
	if err != nil {
		return nil, err
	}
	lists, err := t.Run(j, questions, contexts, tasks.QuestionAnsweringOptions{
		TopK: in.integer("topK"), MaxAnswerLen: in.integer("maxAnswerLength"), MaxSeqLen: in.integer("maxSequenceLength"), DocStride: in.integer("docStride"),
		HandleImpossibleAnswer: in.flag("handleImpossibleAnswer"), NoAlignToWords: !in.flag("alignToWords"),
	})
	if err != nil {
		return nil, err
	}
	out := table{names: []string{"score", "answer", "start", "end"}}
	for i, list := range lists {
		at := make([]tokenizer.Offset, len(list))
		for k, y := range list {
			at[k] = tokenizer.Offset{Start: y.Start, End: y.End}
		}
		at = tokenizer.UTF16Offsets(contexts[i], at)
		for k, y := range list {
			out.add(y.Score, y.Answer, at[k].Start, at[k].End)
		}
		out.end()
	}
	return out.object(), nil
}
