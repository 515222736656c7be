package ui

import (
	"strconv"

	"github.com/lodestone-wasm/lodestone/ui/crop"
	"github.com/lodestone-wasm/lodestone/ui/entities"
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
