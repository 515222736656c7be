package golden

import (
	"fmt"
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/routing"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// outputs collects what a runner computes.
type outputs struct {
	dev    *kernels.Device
	got    map[string][]float32
	routes []Route
	// undetermined marks numbers of an output that rounding alone decides: they are not
	// compared, and Output.Undetermined counts them.
	undetermined map[string][]bool
}

func collect(dev *kernels.Device) *outputs { return &outputs{dev: dev, got: map[string][]float32{}} }

// add keeps a tensor under a name, behind what is there.
func (o *outputs) add(name string, x kernels.Tensor) {
	y := make([]float32, x.Rows*x.Cols)
	o.dev.Get(y, x)
	o.got[name] = append(o.got[name], y...)
}

// watch makes a batch report its embedding and its layers as torchscale's vectors name
// them, and its mixtures of experts.
func (o *outputs) watch(b *transformer.Batch) {
	b.Layer = func(i int, x kernels.Tensor) {
		if i < 0 {
			o.add("embed", x)
		} else {
			o.add(fmt.Sprintf("layer%d", i), x)
		}
	}
	b.Routing = func(_ int, d *routing.Decision) {
		o.got["l_aux"] = append(o.got["l_aux"], float32(d.AuxLoss()))
		o.route(d)
	}
}

// route keeps where the tokens of a mixture went.
func (o *outputs) route(d *routing.Decision) {
	r := Route{Experts: d.Experts, K: d.K, Expert: d.Expert, Kept: d.Kept}
	for t := range d.Tokens {
		r.Lead = append(r.Lead, lead(d.Scores[t*d.Experts:(t+1)*d.Experts], d.Expert[t*d.K:(t+1)*d.K]))
	}
	o.routes = append(o.routes, r)
}

// lead is that of the last chosen expert over the best of the others; 0 if there are none.
func lead(scores []float32, chosen []int32) float32 {
	rest, found := float32(0), false
	for e, s := range scores {
		if !slices.Contains(chosen, int32(e)) && (!found || s > rest) {
			rest, found = s, true
		}
	}
	if !found {
		return 0
	}
	return scores[chosen[len(chosen)-1]] - rest
}
