package main

import (
	"runtime"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/features"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/kformer"
	"github.com/lodestone-wasm/lodestone/models/metalm"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/textgen"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/folder"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// engine holds the one model of its worker.
type engine struct {
	dev   *kernels.Device
	empty uint64 // device memory before any model

	config    *transformer.Config
	tokenizer *tokenizer.Tokenizer // nil if only the model was asked for
	model     *transformer.Model   // nil if only the tokenizer was asked for
	extractor *features.Extractor  // nil unless both were, without a head
	generator *textgen.Generator   // nil unless the head for it was
	connector *metalm.Connector    // nil unless the model has one
	knowledge *kformer.Knowledge   // what a Kformer was given to read
	head      *heads.Head          // nil unless another one was asked for
	runner    *tasks.Runner        // nil unless head and tokenizer are there
}

// forget leaves no model.
func (e *engine) forget() {
	*e = engine{dev: e.dev, empty: e.empty}
	e.dev.Release(e.empty)
}

// load reads {manifest, config, tokenizer, files, dtype, head, sizes}. A model that was
// there before goes; after an error there is none.
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
	configText, tokenizerText := bytesOf(request.Get("config")), bytesOf(request.Get("tokenizer"))
	generationText := bytesOf(request.Get("generation"))
	var sums *folder.Manifest // nil if the folder has none
	if text := bytesOf(request.Get("manifest")); text != nil {
		var err error
		if sums, err = folder.ParseManifest(text); err != nil {
			return nil, err
		}
	}
	for _, f := range []struct {
		name string
		text []byte
	}{{"config.json", configText}, {"tokenizer.json", tokenizerText}, {"generation_config.json", generationText}} {
		if f.text == nil {
			continue
		}
		if err := e.verify(sums, f.name, f.text); err != nil {
			return nil, err
		}
	}

	var err error
	if e.config, err = transformer.ParseConfig(configText); err != nil {
		return nil, err
	}
	if tokenizerText != nil {
		if e.tokenizer, err = tokenizer.Parse(tokenizerText); err != nil {
			return nil, err
		}
		tokenizerText = nil
		if n := e.tokenizer.VocabSize(); n > e.config.VocabSize {
			return nil, lean.Errorf("engine: %w: tokenizer.json has %d tokens, config.json a vocabulary of %d", errDisagree, n, e.config.VocabSize)
		}
	}
	runtime.GC() // what parsing left, before the weights need room
	if err := j.pause(); err != nil {
		return nil, err
	}
	parsed := now() - began
	if files := request.Get("files"); files.Length() > 0 {
		head := request.Get("head").String()
		if err := e.loadWeights(files, request.Get("sizes"), request.Get("dtype").String(), head, sums, configText, j); err != nil {
			return nil, err
		}
		if err := e.loadGenerator(head, configText, generationText); err != nil {
			return nil, err
		}
	}
	return e.info(sums != nil, parsed), nil
}

func (e *engine) loadWeights(files, sizes js.Value, dtype, head string, sums *folder.Manifest, configText []byte, j *job) error {
	if err := textgen.Check(e.config, head); err != nil {
		return err
	}
	options := transformer.LoadOptions{DType: dtype, Head: generates(head)}
	var err error
	if e.connector, err = metalm.ReadConnector(configText, e.config); err != nil {
		return err
	}
	if e.connector != nil {
		options.Extra = e.connector.Extra(metalm.Prefix)
	}
	if err := e.wantHead(head, configText, &options); err != nil {
		return err
	}
	var streams []transformer.Stream
	for i := range files.Length() {
		v := files.Index(i)
		s := &stream{v: v, name: v.Get("name").String(), size: int64(v.Get("size").Float()), job: j}
		if sums != nil {
			want, err := listed(sums, s.name)
			if err != nil {
				return err
			}
			if s.size >= 0 && s.size != want.size {
				return want.compare(s.name, s.size, want.sha256)
			}
			s.size = want.size
			sizes.Invoke(float64(want.size), s.name)
			options.SHA256 = append(options.SHA256, &want.sha256)
		}
		streams = append(streams, s)
	}
	if e.model, err = transformer.Load(e.dev, e.config, streams, options); err != nil {
		return err
	}
	for _, s := range streams {
		if err := s.(*stream).finish(); err != nil {
			return err
		}
	}
	switch {
	case e.tokenizer == nil:
	case e.head != nil:
		e.runner, err = tasks.New(e.model, e.head, e.tokenizer)
	default:
		e.extractor, err = features.New(e.model, e.tokenizer, configText)
	}
	return err
}

// generates tells whether a head is one for generation.
func generates(head string) bool { return head == textgen.CausalLM || head == textgen.Seq2SeqLM }

// loadGenerator makes the generator of a model that was loaded with its head.
func (e *engine) loadGenerator(head string, configText, generationText []byte) (err error) {
	if generates(head) {
		e.generator, err = textgen.New(e.model, e.tokenizer, configText, generationText)
	}
	return err
}

// verify hashes a small file with the kernels' SHA-256, so that crypto/sha256 need
// not be in the engine.
func (e *engine) verify(sums *folder.Manifest, name string, text []byte) error {
	if sums == nil {
		return nil
	}
	want, err := listed(sums, name)
	if err != nil {
		return err
	}
	mark := e.dev.Mark()
	defer e.dev.Release(mark)
	at := e.dev.Alloc(uint64(len(text)))
	e.dev.Write(at, text)
	hash := e.dev.NewHash()
	hash.Update(at, len(text))
	got := hash.Sum()
	if err := e.dev.Err(); err != nil {
		return err
	}
	return want.compare(name, int64(len(text)), got)
}

// info is LoadReply of web/src/protocol.ts.
func (e *engine) info(verified bool, parsed float64) any {
	info := map[string]any{
		"dim":             0,
		"vocabSize":       e.config.VocabSize,
		"maxLength":       e.config.MaxPositions,
		"padId":           e.config.PadTokenID,
		"weightBytes":     0,
		"activationBytes": 0,
		"dtype":           "f32",
		"backend":         e.dev.Backend().Name(),
		"verified":        verified,
		"parsed":          parsed, // ms, for LoadTimings
	}
	if e.tokenizer != nil {
		info["vocabSize"] = e.tokenizer.VocabSize()
	}
	if e.model != nil {
		info["dim"] = e.model.Dim()
		info["weightBytes"] = float64(e.model.WeightBytes())
		info["dtype"] = e.model.DType()
		info["activationBytes"] = e.activations()
	}
	if e.generator != nil {
		f := e.generator.Settings
		start, _ := textgen.Start(f) // −1 without one, which whoever generates is told
		info["generation"] = map[string]any{"seq2seq": e.generator.Translates(), "start": int(start), "pad": int(f.Pad), "eos": int32Value(f.Options.EOS)}
	}
	e.headInfo(info)
	return info
}

// shards lists the files that a model.safetensors.index.json names.
func (e *engine) shards(request js.Value, _ *job) (any, error) {
	index, err := safetensors.ReadIndex(bytesOf(request.Get("index")))
	if err != nil {
		return nil, err
	}
	return listValue(index.Shards), nil
}

// activations is the most memory that a batch of texts takes above the weights, 0 without
// a model or where texts alone do not run it.
func (e *engine) activations() float64 {
	if e.model == nil {
		return 0
	}
	longest := e.model.Config.MaxPositions
	if longest == 0 {
		longest = transformer.BatchTokens // the model states no length
	}
	n, err := e.model.ActivationBytes(transformer.LargestBatch(longest)...)
	if err != nil {
		return 0
	}
	return float64(n)
}

// memory is part of MemoryReport of web/src/protocol.ts; the worker adds the sizes
// of the two memories.
func (e *engine) memory(js.Value, *job) (any, error) {
	return map[string]any{"usedBytes": float64(e.dev.Used()), "peakBytes": float64(e.dev.Peak()), "activationBytes": e.activations()}, nil
}

// errNoModel is what an operation returns that needs what was not loaded.
func errNoModel(what string) error {
	return lean.Errorf("engine: %w: no %s is loaded", errArgument, what)
}
