package ui

import (
	"strconv"

	"github.com/lodestone-wasm/lodestone/ui/crop"
	"github.com/lodestone-wasm/lodestone/ui/entities"
	"github.com/lodestone-wasm/lodestone/ui/fill"
	"github.com/lodestone-wasm/lodestone/ui/host"
)

// EntitiesPane is the view "Entities".
type EntitiesPane struct {
	Entities *entities.Entities
	Crop     *crop.Crop
	View     entities.View
	Model    host.ModelView
}

// Compute takes the state of this render.
func (c *EntitiesPane) Compute() { c.View, c.Model = c.Entities.View(), c.Entities.Model.View() }

// Fills are the box for the text, and the marks behind it.
func (c *EntitiesPane) Fills() []fill.Fill {
	return []fill.Fill{{ID: entities.Box, Text: c.View.Text}, {ID: "entities-marks", Kind: fill.Marks, Runs: c.View.Marked}}
}

// Boxes take what is typed.
func (c *EntitiesPane) Boxes() map[string]func(string) {
	return map[string]func(string){entities.Box: c.Entities.SetText}
}

// Busy says that the marks may still change.
func (c *EntitiesPane) Busy() string { return boolean(c.View.Working) }

// Blank disables the button "Clear" without taking the keyboard focus away.
func (c *EntitiesPane) Blank() string { return boolean(c.View.Text == "") }

// Tally words a count.
func (c *EntitiesPane) Tally(t entities.Tally) string { return t.Name + " " + strconv.Itoa(t.N) }

// Examples are sentences. Narrow windows show the first three.
func (c *EntitiesPane) Examples() []Example {
	return []Example{
		{"en", "George Lucas sold his company to Disney."},
		{"de", "Albert Einstein reiste nach Japan."},
		{"fr", "Jacques Chirac a été maire de Paris."},
		{"en", "John Glenn worked for NASA in Florida."},
		{"de", "Robert Schumann lebte in Düsseldorf."},
		{"fr", "Barack Obama a visité Paris et Berlin."},
	}
}
