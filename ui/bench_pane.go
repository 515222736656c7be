package ui

import (
	"fmt"

	"github.com/vugu/vugu"

	"github.com/lodestone-wasm/lodestone/ui/bench"
	"github.com/lodestone-wasm/lodestone/ui/format"
)

// BenchPane is the view "Bench".
type BenchPane struct {
	Bench *bench.Bench
	View  bench.View
}

// Compute takes the state of this render.
func (c *BenchPane) Compute() { c.View = c.Bench.View() }

// Verb is what the button does.
func (c *BenchPane) Verb() string {
	if c.View.Result != nil {
		return "Measure again"
	}
	return "Measure this browser"
}

// Size is the size of the model.
func (c *BenchPane) Size() string { return format.Bytes(c.View.Result.Bytes) }

// Held says how the model's weights are held.
func (c *BenchPane) Held() string {
	return fmt.Sprintf("prompt-magneto-en-de-fr, weights held as %s", c.View.Result.DType)
}

// Chart draws bars.
func (c *BenchPane) Chart(bars []bench.Bar) vugu.HTMLer { return vugu.HTML(bench.Chart(bars)) }

// Digits writes a number.
func (c *BenchPane) Digits(x float64) string { return format.Digits(x) }
