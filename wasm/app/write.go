//go:build js && wasm

package main

import (
	"context"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/ui"
)

// writer is ui.Writer by the model of that name.
type writer struct{ *model }

// window is how many tokens the writer's texts had in training. It has 256 positions; it never saw the last.
const window = 224

// Positions is the window, or what the model has if that is less.
func (w writer) Positions() int {
	pipeline, err := w.get()
	if err != nil {
		return 0
	}
	if n := pipeline.Get("max_length").Int(); n > 0 {
		return min(n, window)
	}
	return window
}

// Count has the model read a text, and looks at how many tokens it read.
func (w writer) Count(ctx context.Context, text string) (int, error) {
	v, err := w.part(ctx, "count", text)
	if err != nil {
		return 0, err
	}
	return v.Int(), nil
}

// Write goes on with a text.
func (w writer) Write(ctx context.Context, prompt string, d ui.Draw, piece func(string)) (ui.Generated, error) {
	o := map[string]any{"max_new_tokens": d.Tokens, "min_new_tokens": d.Least, "do_sample": d.Temperature > 0}
	if d.Temperature > 0 {
		o["temperature"], o["top_k"], o["seed"] = d.Temperature, d.TopK, float64(d.Seed)
	}
	return w.generate(ctx, prompt, o, piece)
}

// Copy puts text on the clipboard.
func (writer) Copy(text string) error { return copyText(text) }

// part calls a function of web/demo/ondemand.js with the pipeline, an input and a signal that ends with ctx.
func (m *model) part(ctx context.Context, name, input string) (js.Value, error) {
	pipeline, err := m.get()
	if err != nil {
		return pipeline, err
	}
	part, err := onDemandPart()
	if err != nil {
		return part, err
	}
	signal, stop := abortSignal(ctx)
	defer stop()
	return await(part.Call(name, pipeline, input, signal))
}

// writing puts what the view "Write" holds into its boxes; the loop calls it after every render.
func (b *boxes) writing(w *ui.Writing) {
	if b.page.root.Current != "write" {
		return
	}
	v := w.View()
	b.put("story", v.Text)
	for name, value := range v.Settings {
		b.putAway("write-"+name, value)
	}
}
