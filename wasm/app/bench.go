//go:build js && wasm

package main

import (
	"context"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/ui"
)

// measurer is ui.Measurer by the module's benchmark().
type measurer struct{}

// Measure imports the module, which the search may not have needed yet, and lets it measure.
func (measurer) Measure(ctx context.Context, progress func(ui.Step)) (ui.Measured, error) {
	lodestone, err := await(js.Global().Get("lodestoneBoot").Call("module"))
	if err != nil {
		return ui.Measured{}, err
	}
	abort := js.Global().Get("AbortController").New()
	stop := context.AfterFunc(ctx, func() { abort.Call("abort") })
	defer stop()
	listener := js.FuncOf(func(_ js.Value, args []js.Value) any {
		e := args[0]
		progress(ui.Step{Name: e.Get("step").String(), Done: e.Get("done").Int(), Total: e.Get("total").Int()})
		return nil
	})
	defer listener.Release()
	options := js.ValueOf(map[string]any{"dtype": "q8", "signal": abort.Get("signal"), "on_measure": listener})
	r, err := await(lodestone.Call("benchmark", js.Undefined(), options))
	if err != nil {
		return ui.Measured{}, err
	}
	c := r.Get("capabilities")
	m := ui.Measured{
		Kernels: c.Get("kernels").String(), WhyKernels: c.Get("reasons").Get("kernels").String(),
		Threads: c.Get("threads").Int(), WhyThreads: c.Get("reasons").Get("threads").String(),
		Bytes: int64(r.Get("weight_bytes").Float()), DType: r.Get("dtype").String(),
		Browser: r.Get("user_agent").String(), Date: r.Get("date").String(),
	}
	each(r.Get("kernels"), func(k js.Value) {
		shape := k.Get("shape")
		m.Rates = append(m.Rates, ui.Rate{DType: k.Get("dtype").String(), Rows: shape.Index(0).Int(), In: shape.Index(1).Int(), Out: shape.Index(2).Int(),
			MultiplyAddsPer: k.Get("gmacs").Float() * 1e9})
	})
	each(r.Get("model_rates"), func(k js.Value) {
		m.Calls = append(m.Calls, ui.Call{Texts: k.Get("texts").Int(), Tokens: k.Get("tokens").Int(),
			Median: k.Get("median").Float(), Shortest: k.Get("shortest").Float(), Count: k.Get("calls").Int()})
	})
	return m, nil
}

// Copy puts text on the clipboard.
func (measurer) Copy(text string) error { return copyText(text) }

func each(list js.Value, f func(js.Value)) {
	for i := range list.Length() {
		f(list.Index(i))
	}
}
