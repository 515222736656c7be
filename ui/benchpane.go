package ui

import "fmt"

// BenchPane is the view that measures the reader's own browser.
type BenchPane struct {
	Bench *Bench
	View  BenchView
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

// CopyVerb is what the other button does, or has done.
func (c *BenchPane) CopyVerb() string {
	if c.View.Copied {
		return "Copied"
	}
	return "Copy as text"
}

// Held says how the model's weights are held.
func (c *BenchPane) Held() string {
	return fmt.Sprintf("prompt-magneto-en-de-fr, weights held as %s", c.View.Result.DType)
}

// Shape words a layer's sizes.
func (c *BenchPane) Shape(r Rate) string { return fmt.Sprintf("%d × %d × %d", r.Rows, r.In, r.Out) }
