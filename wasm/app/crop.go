//go:build js && wasm

package main

import (
	"context"
	"syscall/js"
	"time"

	"github.com/lodestone-wasm/lodestone/ui"
)

// cropper is ui.Cropper by the module's crop().
type cropper struct{ *needed }

// Crop takes a German sentence through the steps.
func (c cropper) Crop(ctx context.Context, text string, step func(ui.CropStep)) (bool, error) {
	lodestone, err := await(js.Global().Get("lodestoneBoot").Call("module"))
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
	signal, stop := abortSignal(ctx)
	defer stop()
	listener := js.FuncOf(func(_ js.Value, args []js.Value) any {
		s := args[0]
		step(ui.CropStep{
			Name: s.Get("name").String(), In: cropLines(s.Get("input")), Out: cropLines(s.Get("output")),
			Took: time.Duration(s.Get("milliseconds").Float() * float64(time.Millisecond)),
		})
		return nil
	})
	defer listener.Release()
	o := js.ValueOf(map[string]any{"src_lang": "de", "pivot_lang": "en", "on_step": listener})
	o.Set("translator", translator)
	o.Set("tagger", tagger)
	o.Set("signal", signal)
	v, err := await(lodestone.Call("crop", text, o))
	if err != nil {
		return false, err
	}
	return v.Get("placed").Bool(), nil
}

func cropLines(v js.Value) []ui.CropLine {
	var lines []ui.CropLine
	each(v, func(l js.Value) {
		line := ui.CropLine{Note: l.Get("note").String()}
		each(l.Get("words"), func(w js.Value) { line.Words = append(line.Words, w.String()) })
		if labels := l.Get("labels"); labels.Truthy() {
			each(labels, func(w js.Value) { line.Labels = append(line.Labels, w.String()) })
		}
		lines = append(lines, line)
	})
	return lines
}
