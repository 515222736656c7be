package ui

import (
	"strconv"

	"github.com/lodestone-wasm/lodestone/ui/explore"
	"github.com/lodestone-wasm/lodestone/ui/fill"
	"github.com/lodestone-wasm/lodestone/ui/format"
)

// ModelPane is the view "Model". It takes one View a render and hands it to the components below it.
type ModelPane struct {
	Explorer *explore.Explorer
	View     explore.View
}

// Compute takes the state of this render.
func (c *ModelPane) Compute() { c.View = c.Explorer.View() }

// Fills are the boxes and the drawings.
func (c *ModelPane) Fills() []fill.Fill {
	v := &c.View
	all := []fill.Fill{{ID: "folder", Text: v.Typed}, {ID: "inspect-text", Text: v.Draft}, {ID: "model-picture", Kind: fill.SVG, Text: v.Picture}}
	if v.Heat != nil {
		frame := fill.Fill{ID: "attention-map", Kind: fill.Frame}
		if v.Cell != nil {
			frame.X, frame.Y, frame.Show = v.Cell.X, v.Cell.Y, true
		}
		all = append(all, fill.Fill{ID: "attention-map", Kind: fill.SVG, Text: v.Heat.SVG}, frame)
	}
	for _, r := range v.Routing {
		all = append(all, fill.Fill{ID: r.ID, Kind: fill.SVG, Text: r.SVG})
	}
	return all
}

// Boxes take what is typed.
func (c *ModelPane) Boxes() map[string]func(string) {
	return map[string]func(string){"folder": c.Explorer.SetFolder, "inspect-text": c.Explorer.SetText}
}

// ModelSource says which folder is shown and how large it is, and loads it.
type ModelSource struct {
	Explorer *explore.Explorer
	View     *explore.View
}

// Again is what "Try again" does.
func (c *ModelSource) Again() func() {
	if c.View.Retry {
		return c.Explorer.Load
	}
	return nil
}

// ModelPicture frames the picture of the architecture.
type ModelPicture struct{ View *explore.View }

// AttentionPanel takes a text and shows one map of attention.
type AttentionPanel struct {
	Explorer *explore.Explorer
	View     *explore.View
}

// RoutingPanel shows the mixtures of experts.
type RoutingPanel struct{ View *explore.View }

// Option is a line of a chooser.
type Option struct {
	Value, Label string
	Selected     bool
}

// LayerOptions are the layers to choose from.
func (c *AttentionPanel) LayerOptions() []Option {
	var all []Option
	for i := range c.View.Layers {
		all = append(all, Option{strconv.Itoa(i), "layer " + strconv.Itoa(i), i == c.View.Layer})
	}
	return all
}

// HeadOptions are the heads to choose from, and their mean.
func (c *AttentionPanel) HeadOptions() []Option {
	all := []Option{{"-1", "mean of all heads", c.View.Head < 0}}
	for i := range c.View.Heads {
		all = append(all, Option{strconv.Itoa(i), "head " + strconv.Itoa(i), i == c.View.Head})
	}
	return all
}

// PickLayer takes the value of the chooser for layers.
func (c *AttentionPanel) PickLayer(value string) {
	if n, err := strconv.Atoi(value); err == nil {
		c.Explorer.Look(n, c.View.Head)
	}
}

// PickHead takes the value of the chooser for heads.
func (c *AttentionPanel) PickHead(value string) {
	if n, err := strconv.Atoi(value); err == nil {
		c.Explorer.Look(c.View.Layer, n)
	}
}

// Prompt names the box.
func (c *AttentionPanel) Prompt() string {
	if c.View.TakesText {
		return "A sentence"
	}
	return "Token ids (this folder has no tokenizer)"
}

// Hint says how to read the map.
func (c *AttentionPanel) Hint() string {
	if c.View.Heat == nil {
		return "Type a sentence to see, for each layer and head, which tokens each token attends to."
	}
	return "Each row is a token, and each column a token that it attends to. The stronger the colour, the larger the share, up to " + format.Percent(c.View.Heat.Most) + "."
}
