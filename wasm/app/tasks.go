//go:build js && wasm

package main

import (
	"context"
	"syscall/js"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/bench"
	"github.com/lodestone-wasm/lodestone/ui/crop"
	"github.com/lodestone-wasm/lodestone/ui/entities"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/write"
	"github.com/lodestone-wasm/lodestone/wasm/app/wire"
)

// Embed is a search.Embedder. The vectors come normalised from the engine; their numbers are copied once.
func (l *pipeline) Embed(ctx context.Context, texts []string) ([]float32, int, error) {
	t, err := l.call(ctx, values(texts), wire.Embed())
	if err != nil {
		return nil, 0, err
	}
	dim, err := wire.Dim(ints(t.Get("dims")), len(texts))
	if err != nil {
		return nil, 0, err
	}
	return float32s(t.Get("data")), dim, nil
}

// Tag is an entities.Tagger.
func (l *pipeline) Tag(ctx context.Context, texts []string) ([][]entities.Entity, error) {
	found, err := l.call(ctx, values(texts), wire.Tag())
	if err != nil {
		return nil, err
	}
	return wire.Entities(stringify(found, nil), len(texts))
}

// Translate is a translate.Translator.
func (l *pipeline) Translate(ctx context.Context, text, from, to string, piece func(string)) (host.Generated, error) {
	return l.generate(ctx, text, wire.Translate(from, to), piece)
}

// Positions, Count and Write are a write.Writer.
func (l *pipeline) Positions() int {
	handle, err := l.get()
	if err != nil {
		return 0
	}
	return handle.Get("max_length").Int()
}

// Count asks the tokenizer of the loaded model.
func (l *pipeline) Count(ctx context.Context, text string) (int, error) {
	handle, err := l.get()
	if err != nil {
		return 0, err
	}
	abort, release := signal(ctx)
	defer release()
	o := js.ValueOf(wire.Tokenize())
	o.Set("signal", abort)
	tokens, err := await(handle.Get("tokenizer").Invoke(text, o))
	if err != nil {
		return 0, err
	}
	return wire.Tokens(stringify(tokens, wire.TokenKeys))
}

// Write continues a text.
func (l *pipeline) Write(ctx context.Context, prompt string, d write.Draw, piece func(string)) (host.Generated, error) {
	return l.generate(ctx, prompt, wire.Write(d), piece)
}

// generate calls a pipeline that writes text. piece is called with each part of the text.
func (l *pipeline) generate(ctx context.Context, input string, options map[string]any, piece func(string)) (host.Generated, error) {
	module, err := lodestone()
	if err != nil {
		return host.Generated{}, err
	}
	var g host.Generated
	text := callback(func(v js.Value) {
		g.Text += v.String()
		if ctx.Err() == nil {
			piece(v.String())
		}
	})
	defer text.Release()
	token := callback(func(js.Value) { g.Tokens++ })
	defer token.Release()
	streamer := map[string]any{"callback_function": text, "token_callback_function": token}
	options["streamer"] = module.Get("TextStreamer").New(nil, streamer)
	begin := time.Now()
	_, err = l.call(ctx, input, options)
	g.Took = time.Since(begin)
	return g, err
}

// cropper is a crop.Cropper: the module's crop() with two loaded models.
type cropper struct{ translator, tagger *pipeline }

// Crop tags a German sentence via English.
func (c cropper) Crop(ctx context.Context, text string, step func(crop.Step)) (bool, error) {
	module, err := lodestone()
	if err != nil {
		return false, err
	}
	translator, err := c.translator.get()
	if err != nil {
		return false, err
	}
	tagger, err := c.tagger.get()
	if err != nil {
		return false, err
	}
	abort, release := signal(ctx)
	defer release()
	var broken error
	onStep := callback(func(v js.Value) {
		s, err := wire.Step(stringify(v, nil))
		if err != nil {
			broken = err
			return
		}
		step(s)
	})
	defer onStep.Release()
	o := js.ValueOf(wire.Crop())
	for name, v := range map[string]any{"translator": translator, "tagger": tagger, "signal": abort, "on_step": onStep} {
		o.Set(name, v)
	}
	result, err := await(module.Call("crop", text, o))
	if err == nil {
		err = broken
	}
	if err != nil {
		return false, err
	}
	return result.Get("placed").Bool(), nil
}

// measurer is a bench.Measurer: the module's benchmark().
type measurer struct{}

// Measure measures this browser.
func (measurer) Measure(ctx context.Context, progress func(bench.Step)) (*bench.Measured, error) {
	module, err := lodestone()
	if err != nil {
		return nil, err
	}
	abort, release := signal(ctx)
	defer release()
	onMeasure := callback(func(e js.Value) {
		progress(bench.Step{Name: e.Get("step").String(), Done: e.Get("done").Int(), Total: e.Get("total").Int()})
	})
	defer onMeasure.Release()
	o := js.ValueOf(wire.Benchmark())
	o.Set("signal", abort)
	o.Set("on_measure", onMeasure)
	result, err := await(module.Call("benchmark", js.Undefined(), o))
	if err != nil {
		return nil, err
	}
	return wire.Measured(stringify(result, nil))
}
