package depth

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/lodestone-wasm/lodestone/ui/chart"
	"github.com/lodestone-wasm/lodestone/ui/format"
)

// Curves are what weights/train/depth.py kept of a training.
type Curves struct {
	Minutes float64 `json:"minutes"`
	Layers  int     `json:"layers"`
	Width   int     `json:"width"`
	Rate    float64 `json:"lr"`
	Warmup  int     `json:"warmup"`
	Alone   float64 `json:"bytes_alone"` // the entropy of a byte by itself
	Runs    []Run   `json:"runs"`
}

// Run is one of the stacks.
type Run struct {
	Norm       string   `json:"norm"`
	Parameters int      `json:"parameters"`
	Steps      int      `json:"steps"`
	Diverged   bool     `json:"diverged"`
	HeldOut    *float64 `json:"held_out"`
	Points     []struct {
		Minutes  float64  `json:"minutes"`
		Step     int      `json:"step"`
		Loss     *float64 `json:"loss"`
		Gradient *float64 `json:"gradient"`
	} `json:"points"`
}

//go:embed curves.json
var curvesJSON []byte

// Trained are the curves that ship with the page.
var Trained = sync.OnceValues(func() (*Curves, error) {
	c := &Curves{}
	if err := json.Unmarshal(curvesJSON, c); err != nil {
		return nil, fmt.Errorf("curves.json: %w", err)
	}
	return c, nil
})

// Of returns the run of a scheme, nil if there is none.
func (c *Curves) Of(norm string) *Run {
	for i := range c.Runs {
		if c.Runs[i].Norm == norm {
			return &c.Runs[i]
		}
	}
	return nil
}

// Chart draws the losses.
func (c *Curves) Chart() string {
	g := chart.Chart{XTitle: "minutes of processor time", YTitle: "training loss, nats a byte"}
	end := 0.0
	for _, s := range Schemes {
		r := c.Of(s.Key)
		if r == nil {
			continue
		}
		l := chart.Line{Name: s.Name, Class: s.Class}
		for _, p := range r.Points {
			if p.Loss != nil {
				l.X, l.Y = append(l.X, p.Minutes), append(l.Y, *p.Loss)
				end = max(end, p.Minutes)
			}
		}
		g.Lines = append(g.Lines, l)
	}
	g.Lines = append(g.Lines, chart.Line{Name: "bytes alone", Class: "s4", Dashed: true, X: []float64{0, end}, Y: []float64{c.Alone, c.Alone}})
	return g.SVG()
}

// TrainedRow is a run in the table.
type TrainedRow struct{ Name, Steps, Loss, HeldOut, Gradient string }

// Rows are the runs at their ends.
func (c *Curves) Rows() (rows []TrainedRow) {
	for _, s := range Schemes {
		r := c.Of(s.Key)
		if r == nil || len(r.Points) == 0 {
			continue
		}
		p := r.Points[len(r.Points)-1]
		row := TrainedRow{Name: s.Name, Steps: format.Number(int64(r.Steps)), Loss: "no number", HeldOut: "no number", Gradient: "no number"}
		if p.Loss != nil {
			row.Loss = fmt.Sprintf("%.2f", *p.Loss)
		}
		if r.HeldOut != nil {
			row.HeldOut = fmt.Sprintf("%.2f", *r.HeldOut)
		}
		if p.Gradient != nil {
			row.Gradient = three(*p.Gradient)
		}
		rows = append(rows, row)
	}
	return rows
}

// About says what was trained.
func (c *Curves) About() string {
	return fmt.Sprintf("Two stacks of %d layers of width %d read English stories byte by byte for %.1f minutes of one processor each, with the same seed, batches and rate (%g after %d steps). They differ in the two constants of DeepNorm only.",
		c.Layers, c.Width, c.Minutes, c.Rate, c.Warmup)
}
