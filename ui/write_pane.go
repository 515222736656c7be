package ui

import (
	"github.com/lodestone-wasm/lodestone/ui/fill"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/write"
)

// WritePane is the view "Write".
type WritePane struct {
	Writing *write.Writing
	View    write.View
	Model   host.ModelView
}

// Compute takes the state of this render.
func (c *WritePane) Compute() { c.View, c.Model = c.Writing.View(), c.Writing.Model.View() }

// Fills are the boxes for the text and for the settings.
func (c *WritePane) Fills() []fill.Fill {
	all := []fill.Fill{{ID: write.Box, Text: c.View.Text}}
	for _, name := range write.Settings {
		all = append(all, fill.Fill{ID: "write-" + name, Kind: fill.Number, Text: c.View.Settings[name]})
	}
	return all
}

// Boxes take what is typed.
func (c *WritePane) Boxes() map[string]func(string) {
	boxes := map[string]func(string){write.Box: c.Writing.SetText}
	for _, name := range write.Settings {
		boxes["write-"+name] = func(value string) { c.Writing.Set(name, value) }
	}
	return boxes
}

// Verb is what the button does.
func (c *WritePane) Verb() string {
	switch {
	case c.View.Running:
		return "Stop"
	case !c.View.Loaded:
		return "Load and write"
	case c.View.Failure != nil:
		return "Try again"
	case c.View.Written:
		return "Continue"
	}
	return "Write"
}

// Class is the button's.
func (c *WritePane) Class() string {
	if c.View.Running {
		return "button quiet"
	}
	return "button"
}

// Setting is a box for one of write.Settings.
type Setting struct{ Name, Label, Empty, About string }

// Settings are the boxes. They are a list because Vugu would otherwise create them anew on each render, and lose what is typed.
func (c *WritePane) Settings() []Setting {
	return []Setting{
		{"temperature", "Temperature", "", "0 takes the likeliest token each time. Higher values, up to 2, take more risks."},
		{"top-k", "Likeliest tokens", "", "How many of the likeliest tokens to draw from (top-k), up to 1000. 0 means all."},
		{"length", "Length", "", "The most tokens in one go, up to 1000. A token is a short word or a part of a word."},
		{"seed", "Seed", "any", "The same seed writes the same after the same text."},
	}
}

// Examples are openings.
func (c *WritePane) Examples() []Example {
	return []Example{
		{"en", "Once upon a time there was a fox who"},
		{"en", "It was a dark night, and the captain"},
		{"en", "“Who is there?” asked the girl."},
		{"en", "In the garden behind the house"},
	}
}
