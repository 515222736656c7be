package depth

import (
	"fmt"
	"strconv"

	"github.com/lodestone-wasm/lodestone/ui/chart"
	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
)

// View is a copy of the state at one moment, for the component.
type View struct {
	Layers, Place, Seed string
	Text                string // the number of layers in words
	Running             string // the scheme that runs, "" if none
	Failure             *host.Failure
	States, Moved       string // drawings
	Rows                []Row
	Facts               string
}

// Row is a scheme in the table: its constants, and its numbers after the last layer.
type Row struct{ Name, Alpha, Gain, States, Expected, Moved, Bound string }

// View returns what to show now.
func (d *Depth) View() View {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := View{Layers: strconv.Itoa(d.layers), Place: strconv.Itoa(d.place), Seed: strconv.FormatInt(d.seed, 10),
		Text: format.Count(d.layers, "layer", "layers"), Running: d.running, Failure: d.failure}
	states := chart.Chart{XTitle: "layer", YTitle: "size of the states (root mean square)", LogX: true, LogY: true}
	moved := chart.Chart{XTitle: "layer", YTitle: "how far the states move", LogX: true, LogY: true}
	for _, s := range Schemes {
		g := d.found[s.Key]
		if g == nil {
			continue
		}
		x := make([]float64, len(g.States))
		for i := range x {
			x[i] = float64(i)
		}
		states.Lines = append(states.Lines, chart.Line{Name: s.Name, Class: s.Class, X: x, Y: wide(g.States)},
			chart.Line{Class: s.Class, Dashed: true, X: x, Y: wide(g.Expected)})
		moved.Lines = append(moved.Lines, chart.Line{Name: s.Name, Class: s.Class, X: x, Y: wide(g.Moved), Dots: len(x) <= 2})
		r := Row{Name: s.Name, Alpha: three(g.Alpha), Gain: three(g.Gain), States: three(float64(last(g.States))), Expected: three(float64(last(g.Expected))),
			Moved: three(float64(last(g.Moved))), Bound: "none stated"}
		if len(g.Bound) > 0 {
			moved.Lines = append(moved.Lines, chart.Line{Name: "bound", Class: s.Class, Dashed: true, X: x, Y: wide(g.Bound)})
			r.Bound = three(float64(last(g.Bound)))
		}
		v.Rows = append(v.Rows, r)
		v.Facts = fmt.Sprintf("%s of width 32, %s weights each, seed %d; %s for %s.", format.Count(d.ran.layers, "layer", "layers"),
			format.Number(int64(g.Parameters)), d.ran.seed, format.Duration(g.Took), s.Name)
	}
	v.States, v.Moved = states.SVG(), moved.SVG()
	return v
}

func wide(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}
