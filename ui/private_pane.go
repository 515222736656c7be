package ui

import (
	"github.com/lodestone-wasm/lodestone/ui/fill"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/papers"
	"github.com/lodestone-wasm/lodestone/ui/private"
)

// PrivatePane is the view "Private".
type PrivatePane struct {
	Private *private.Private
	View    private.View
	Model   host.ModelView
	Command string
}

// Compute takes the state of this render.
func (c *PrivatePane) Compute() {
	c.View, c.Model, c.Command = c.Private.View(), c.Private.Model.View(), c.Private.Command()
}

// Fills are the boxes.
func (c *PrivatePane) Fills() []fill.Fill {
	return []fill.Fill{{ID: private.Box, Text: c.View.Text}, {ID: private.AddressBox, Text: c.View.Address}}
}

// Boxes take what is typed.
func (c *PrivatePane) Boxes() map[string]func(string) {
	return map[string]func(string){private.Box: c.Private.SetText, private.AddressBox: c.Private.SetAddress}
}

// Verb is what the button does.
func (c *PrivatePane) Verb() string {
	switch {
	case c.View.Stage != "":
		return "Stop"
	case !c.View.Loaded:
		return "Load and classify"
	}
	return "Encrypt and classify"
}

// Class is the button's.
func (c *PrivatePane) Class() string {
	if c.View.Stage != "" {
		return "button quiet"
	}
	return "button"
}

// Examples are sentences to try.
func (c *PrivatePane) Examples() []string { return private.Examples }

// Paper is what the view shows.
func (c *PrivatePane) Paper() papers.Paper { return papers.Find("thex") }
