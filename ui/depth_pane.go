package ui

import (
	"github.com/vugu/vugu"

	"github.com/lodestone-wasm/lodestone/ui/depth"
	"github.com/lodestone-wasm/lodestone/ui/fill"
	"github.com/lodestone-wasm/lodestone/ui/papers"
)

// DepthPane is the view "Depth".
type DepthPane struct {
	Depth *depth.Depth
	View  depth.View
}

// Compute takes the state of this render.
func (c *DepthPane) Compute() { c.View = c.Depth.View() }

// Fills are the slider and the boxes.
func (c *DepthPane) Fills() []fill.Fill {
	return []fill.Fill{{ID: depth.LayersBox, Kind: fill.Number, Text: c.View.Place}, {ID: depth.NumberBox, Kind: fill.Number, Text: c.View.Layers},
		{ID: depth.SeedBox, Kind: fill.Number, Text: c.View.Seed}}
}

// Boxes take what is typed.
func (c *DepthPane) Boxes() map[string]func(string) {
	return map[string]func(string){depth.LayersBox: c.Depth.SetPlace, depth.NumberBox: c.Depth.SetLayers, depth.SeedBox: c.Depth.SetSeed}
}

// Verb is what the button does.
func (c *DepthPane) Verb() string {
	switch {
	case c.View.Running != "":
		return "Stop"
	case len(c.View.Rows) > 0:
		return "Run again"
	}
	return "Run the four stacks"
}

// Class is the button's.
func (c *DepthPane) Class() string {
	if c.View.Running != "" {
		return "button quiet"
	}
	return "button"
}

// Status says what runs, or what has run.
func (c *DepthPane) Status() string {
	if c.View.Running != "" {
		return "Running " + c.View.Running + ", " + c.View.Text
	}
	return c.View.Facts
}

// HTML is a drawing.
func (c *DepthPane) HTML(svg string) vugu.HTMLer { return vugu.HTML(svg) }

// Curves are those of the training. A test reads them, so they can be read.
func (c *DepthPane) Curves() *depth.Curves {
	curves, err := depth.Trained()
	if err != nil {
		panic(err)
	}
	return curves
}

// Paper is one that the view shows.
func (c *DepthPane) Paper(key string) papers.Paper { return papers.Find(key) }
