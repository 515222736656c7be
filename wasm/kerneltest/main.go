//go:build js && wasm

// Command kerneltest runs the table of package kernels/kerneltest on the kernel
// module in a browser (or Node) and leaves the outcome for whoever loaded it.
//
// The page has to do, in this order (or with relaxed.wasm, after instance.exports.form(1),
// form(2), or that of form(3) and form(4) whose selftest() is 0: every variant has to pass; backend
// then says "relaxed", "fused" or "fused8"):
//
//	const { instance } = await WebAssembly.instantiateStreaming(fetch('simd128.wasm'));
//	const go = new Go();                                   // wasm_exec.js
//	Object.assign(go.importObject, { kernels: kernelImports(instance.exports, go) }); // kernels/simd/imports.mjs
//	const { instance: program } = await WebAssembly.instantiateStreaming(fetch('kerneltest.wasm'), go.importObject);
//	await go.run(program);
//	const results = JSON.parse(globalThis.__kerneltest.results);
//
// With VARIANT-shared.wasm the page makes the memory and the threads first, in a worker:
// see the documentation of package kernels/simd, and web/e2e/page/threads-worker.js.
//
// When run has resolved, globalThis.__kerneltest is
//
//	{ backend: "simd128", cases: 4096, failed: 0, results: "[…]", bounds: "[…]" }
//
// where results is the JSON of an array of
//
//	{ "op": "linear q8", "name": "m=1 k=7 …", "nmse": 1e-14, "abs": 2e-7, "err": "" }
//
// and bounds that of an array of what exp and the like are off by (kernels/simd/ACCURACY.md)
//
//	{ "name": "exp", "over": "x < −87.4", "worst": 1.1e-38, "limit": 1.2e-38, "err": "" }
//
// Where globalThis.__kerneltestRandom = { seed: 1, calls: 1000000 } is set before, so many
// random calls run instead of the table; then there are no bounds, cases counts the calls, results has those
// that failed, and grown is the number of bytes by which the module's memory grew after
// the first tenth.
//
// err is empty where a case passed. Where the program could not run at all,
// __kerneltest is { error: "why" }. A test must fail if it is missing, if it has an
// error, if cases is 0 or if failed is not.
package main

import (
	"context"
	"encoding/json"
	"math"
	"runtime"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/kerneltest"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/kernels/webgpu"
)

// result is a kerneltest.Result as JSON.
type result struct {
	Op   string  `json:"op"`
	Name string  `json:"name"`
	NMSE float64 `json:"nmse"`
	Abs  float64 `json:"abs"`
	Err  string  `json:"err"`
}

// bound is a kerneltest.Measured as JSON.
type bound struct {
	Name  string  `json:"name"`
	Over  string  `json:"over"`
	Worst float64 `json:"worst"`
	Limit float64 `json:"limit"`
	Err   string  `json:"err"`
}

func main() {
	b, err := backend()
	if err != nil {
		js.Global().Set("__kerneltest", map[string]any{"error": err.Error()})
		return
	}
	if r := js.Global().Get("__kerneltestRandom"); r.Type() == js.TypeObject {
		random(b, uint64(r.Get("seed").Int()), r.Get("calls").Int())
		return
	}
	var out []result
	failed := 0
	cases := kerneltest.Cases()
	if v := js.Global().Get("__kerneltestPart"); v.Type() == js.TypeObject {
		cases = part(cases, v.Get("of").Int(), v.Get("largest").Int())
	}
	for _, r := range kerneltest.Run(kernels.NewReference(0), b, cases) {
		if r.Err != "" {
			failed++
		}
		out = append(out, result{r.Op, r.Name, finite(r.NMSE), finite(r.Abs), r.Err})
	}
	measured := []bound{}
	if _, ok := b.(*simd.Backend); !ok {
		report(b, out, map[string]any{"cases": len(out), "failed": failed})
		return
	}
	for _, m := range kerneltest.Measure(b) {
		measured = append(measured, bound{m.Name, m.Over, finite(m.Worst), m.Limit, m.Err})
	}
	text, err := json.Marshal(measured)
	if err != nil {
		js.Global().Set("__kerneltest", map[string]any{"error": err.Error()})
		return
	}
	report(b, out, map[string]any{"cases": len(out), "failed": failed, "bounds": string(text)})
}

// backend is the GPU of the bridge that the page has opened as globalThis.__bridge, or else
// the kernel module.
func backend() (kernels.Backend, error) {
	if v := js.Global().Get("__bridge"); v.Type() == js.TypeObject {
		return webgpu.New(v)
	}
	return simd.New(context.Background())
}

// part is every case whose numbers are at most largest, or every of-th of them: a processor
// that plays the GPU is slow.
func part(cases []kerneltest.Case, of, largest int) (some []kerneltest.Case) {
	for _, c := range cases {
		if c.Largest() > largest {
			continue
		}
		some = append(some, c)
	}
	out := some[:0]
	for i, c := range some {
		if i%of == 0 {
			out = append(out, c)
		}
	}
	return out
}

// partCalls is the number of random calls after which garbage is collected: in a program
// that never waits, Go's collector does not get its turn, and memory runs out.
const partCalls = 1000

// random runs the calls, in whole parts.
func random(b kernels.Backend, seed uint64, calls int) {
	ref := kernels.NewReference(0)
	out := []result{} // not nil, which JSON calls null
	var size uint64
	parts := max(1, calls/partCalls)
	each := min(calls, partCalls)
	for part := range parts {
		for _, r := range kerneltest.Random(ref, b, seed+uint64(part)<<32, each) {
			out = append(out, result{r.Op, r.Name, finite(r.NMSE), finite(r.Abs), r.Err})
		}
		if part == parts/10 {
			size = b.Size()
		}
		runtime.GC()
	}
	report(b, out, map[string]any{"cases": parts * each, "failed": len(out), "grown": float64(b.Size() - size)})
}

// report leaves the results for the page.
func report(b kernels.Backend, out []result, summary map[string]any) {
	text, err := json.Marshal(out)
	if err != nil {
		js.Global().Set("__kerneltest", map[string]any{"error": err.Error()})
		return
	}
	summary["backend"], summary["results"] = b.Name(), string(text)
	js.Global().Set("__kerneltest", summary)
}

// finite makes a number that JSON has.
func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return math.MaxFloat64
	}
	return x
}
