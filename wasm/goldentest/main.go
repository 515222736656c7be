//go:build js && wasm

// Command goldentest holds models against golden vectors (package models/golden) on the
// kernel module in a browser.
//
// The page makes the kernels' instance, or opens a GPU's bridge, as for command kerneltest. When the program has
// started, and called the page's function globalThis.__goldentestReady, there is
//
//	globalThis.__goldentest(config, io, weights, dtype) // Uint8Arrays, "f32", "q8" or "q4"
//
// which resolves with the JSON of
//
//	{ "kind": "encoder", "backend": "simd128", "outputs": [{ "name": "logits", "worst": 1e-6, "cosine": 1, "pass": true }],
//	  "same": 12, "choices": 12, "error": "" }
//
// where worst is null for an error that is not finite; same of choices is how many
// tokens of mixtures of experts go where float32 sends them. A test must fail if error is
// not empty or outputs is.
package main

import (
	"context"
	"encoding/json"
	"math"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/kernels/webgpu"
	"github.com/lodestone-wasm/lodestone/models/golden"
)

// output is a golden.Output as JSON, which has no NaN.
type output struct {
	Name         string   `json:"name"`
	Worst        *float64 `json:"worst"`
	Cosine       *float64 `json:"cosine"`
	Undetermined int      `json:"undetermined"`
	Pass         bool     `json:"pass"`
}

type answer struct {
	Kind    string   `json:"kind"`
	Backend string   `json:"backend"`
	Outputs []output `json:"outputs"`
	Same    int      `json:"same"`
	Choices int      `json:"choices"`
	Error   string   `json:"error"`
}

func main() {
	b, err := backend()
	if err != nil {
		js.Global().Set("__goldentestFailed", err.Error())
		return
	}
	dev := kernels.NewDevice(b)
	promise := js.Global().Get("Promise")
	js.Global().Set("__goldentest", js.FuncOf(func(_ js.Value, args []js.Value) any {
		config, io, weights, dtype := take(args[0]), take(args[1]), take(args[2]), args[3].String()
		return promise.New(js.FuncOf(func(_ js.Value, settle []js.Value) any {
			go func() { settle[0].Invoke(verify(dev, config, io, weights, dtype)) }() // a GPU answers through the event loop
			return nil
		}))
	}))
	js.Global().Call("__goldentestReady")
	select {}
}

// backend is the GPU of the bridge that the page has opened as globalThis.__bridge, or else
// the kernel module.
func backend() (kernels.Backend, error) {
	if v := js.Global().Get("__bridge"); v.Type() == js.TypeObject {
		return webgpu.New(v)
	}
	return simd.New(context.Background())
}

func verify(dev *kernels.Device, config, io, weights []byte, dtype string) string {
	a := answer{Backend: dev.Backend().Name()}
	if err := a.run(dev, config, io, weights, dtype); err != nil {
		a.Error = err.Error()
	}
	text, err := json.Marshal(a)
	if err != nil {
		return `{"error": "no JSON"}`
	}
	return string(text)
}

// take copies a Uint8Array.
func take(v js.Value) []byte {
	b := make([]byte, v.Length())
	js.CopyBytesToGo(b, v)
	return b
}

func (a *answer) run(dev *kernels.Device, config, io, weights []byte, dtype string) error {
	r, err := golden.Run(dev, config, io, golden.Bytes(dev, weights), dtype)
	if err != nil {
		return err
	}
	a.Kind = r.Kind
	for _, o := range r.Outputs {
		a.Outputs = append(a.Outputs, output{o.Name, finite(o.Worst), finite(o.Cosine), o.Undetermined, o.Passes(dtype)})
	}
	exact := r
	if dtype != "f32" && len(r.Routes) > 0 {
		if exact, err = golden.Run(dev, config, io, golden.Bytes(dev, weights), "f32"); err != nil {
			return err
		}
	}
	a.Same, a.Choices = golden.Agreement(exact, r)
	return nil
}

func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
