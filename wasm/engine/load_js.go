package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/kformer"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// engine holds the one model of its worker.
type engine struct {
	dev       *kernels.Device // where the model is: the processor or a GPU
	processor *kernels.Device
	empty     uint64 // device memory before any model

	folder    *pipeline.Folder
	model     *pipeline.Model          // nil if only the tokenizer was asked for
	embed     *tasks.FeatureExtraction // nil unless a model without a head and its tokenizer are loaded
	generator *tasks.Generator         // nil unless the head for it is loaded
	knowledge *kformer.Knowledge       // what a Kformer was given to read
}

// forget leaves no model.
func (e *engine) forget() {
	*e = engine{dev: e.dev, processor: e.processor, empty: e.empty}
	e.dev.Release(e.empty)
}

// load reads {manifest, config, tokenizer, generation, files, dtype, head, task, sizes}. The
// model that was there before is dropped; after an error there is none.
func (e *engine) load(request js.Value, j *job) (any, error) {
	e.forget()
	info, err := e.loadFolder(request, j)
	if err != nil {
		e.forget()
		return nil, err
	}
	e.dev.ResetPeak()
	return info, nil
}

func (e *engine) loadFolder(request js.Value, j *job) (any, error) {
	began := now()
	o := pipeline.Options{DType: request.Get("dtype").String(), NoTokenizer: request.Get("tokenizer").IsNull(), Context: j}
	var err error
	files := pageFiles{request: request, job: j}
	if e.dev != e.processor {
		files.gpu = e.dev
	}
	if e.folder, err = pipeline.Read(e.dev, files, o); err != nil {
		return nil, err
	}
	parsed := now() - began
	if request.Get("files").Length() > 0 {
		head := pipeline.Head(request.Get("head").String())
		task := request.Get("task").String()
		if task == pipeline.FeatureExtraction.Name {
			if err := e.folder.CheckFeatureExtraction(); err != nil {
				return nil, err
			}
		}
		if e.model, err = e.folder.Load(e.dev, head, o); err != nil {
			return nil, err
		}
		switch {
		case head.Generates():
			e.generator, err = e.model.Generator()
		case task == pipeline.FeatureExtraction.Name:
			e.embed, err = pipeline.FeatureExtraction.Of(e.model)
		case task == pipeline.ZeroShot.Name:
			_, err = pipeline.ZeroShot.Of(e.model)
		case task == pipeline.TextRanking.Name:
			_, err = pipeline.TextRanking.Of(e.model)
		}
		if err != nil {
			return nil, err
		}
	}
	return e.info(parsed), nil
}

// info is LoadReply of web/src/protocol/load.ts.
func (e *engine) info(parsed float64) any {
	config := e.folder.Config
	info := map[string]any{
		"dim":             0,
		"vocabSize":       config.VocabSize,
		"maxLength":       config.MaxPositions,
		"padId":           config.PadTokenID,
		"weightBytes":     0,
		"activationBytes": e.activations(),
		"dtype":           "f32",
		"backend":         e.dev.Backend().Name(),
		"verified":        e.folder.Manifest != nil,
		"parsed":          parsed, // ms, for LoadTimings
	}
	if t := e.folder.Tokenizer; t != nil {
		info["vocabSize"] = t.VocabSize()
		var ids []int32
		names := t.SpecialTokens()
		for _, name := range names {
			id, _ := t.TokenToID(name)
			ids = append(ids, id)
		}
		info["special"] = map[string]any{"tokens": listValue(names), "ids": int32Value(ids)}
	}
	if e.model != nil {
		info["dim"] = e.model.Stack.Dim()
		info["weightBytes"] = float64(e.model.Stack.WeightBytes())
		info["dtype"] = e.model.Stack.DType()
	}
	if e.generator != nil {
		f := e.generator.Settings
		start, _ := tasks.Start(f) // −1 without one, which is an error when something is generated
		info["generation"] = map[string]any{"seq2seq": e.generator.Translates(), "start": int(start), "pad": int(f.Pad), "eos": int32Value(f.Options.EOS)}
	}
	e.headInfo(info)
	return info
}

// headInfo adds what LoadReply says of a head.
func (e *engine) headInfo(info map[string]any) {
	info["labels"], info["problem"], info["maskToken"] = []any{}, "", ""
	if e.model == nil || e.model.Head == nil {
		return
	}
	if h := e.model.Head; h.Kind != heads.MaskedLM {
		info["labels"], info["problem"] = listValue(h.Labels.Names), h.Labels.Problem
		return
	}
	if fill, err := pipeline.FillMask.Of(e.model); err == nil {
		if _, token, err := fill.Mask(); err == nil {
			info["maskToken"] = token
		}
	}
}

// shards lists the files that a model.safetensors.index.json names.
func (e *engine) shards(request js.Value, _ *job) (any, error) {
	names, err := pipeline.ShardNames(bytesOf(request.Get("index")))
	if err != nil {
		return nil, err
	}
	return listValue(names), nil
}

// activations is the most memory that a batch of texts takes above the weights, 0 without
// a model or where texts alone do not run it.
func (e *engine) activations() float64 {
	if e.model == nil {
		return 0
	}
	longest := e.folder.Config.MaxPositions
	if longest == 0 {
		longest = transformer.BatchTokens // the model states no length
	}
	n, err := e.model.Stack.ActivationBytes(transformer.LargestBatch(longest)...)
	if err != nil {
		return 0
	}
	return float64(n)
}

// memory is part of MemoryReport of web/src/protocol/kernels.ts; the worker adds the sizes
// of the two memories.
func (e *engine) memory(js.Value, *job) (any, error) {
	return map[string]any{"usedBytes": float64(e.dev.Used()), "peakBytes": float64(e.dev.Peak()), "activationBytes": e.activations()}, nil
}

// stack is the loaded model's layers.
func (e *engine) stack() (*transformer.Model, error) {
	if e.model == nil {
		return nil, notLoaded("model")
	}
	return e.model.Stack, nil
}

// tokenizer is the loaded folder's.
func (e *engine) tokenizer() (*tokenizer.Tokenizer, error) {
	if e.folder == nil || e.folder.Tokenizer == nil {
		return nil, notLoaded("tokenizer")
	}
	return e.folder.Tokenizer, nil
}

// notLoaded is what an operation returns that needs what was not loaded.
func notLoaded(what string) error {
	return lean.Errorf("engine: %w: no %s is loaded", pipeline.ErrRequest, what)
}
