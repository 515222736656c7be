package ui

import "strconv"

// EntitiesPane is the view that marks names in a text; the text's box and the marks behind it are filled by wasm/app.
type EntitiesPane struct {
	Entities *Entities
	Crop     *Crop
	View     EntitiesView
}

// Compute takes the state of this render.
func (c *EntitiesPane) Compute() { c.View = c.Entities.View() }

// Busy is for aria-busy, and for marks that may change yet.
func (c *EntitiesPane) Busy() string { return strconv.FormatBool(c.View.Working) }

// Blank is for a button that has nothing to do; it keeps the keyboard's place.
func (c *EntitiesPane) Blank() string { return strconv.FormatBool(c.View.Text == "") }

// Tally words a count.
func (c *EntitiesPane) Tally(t Tally) string { return t.Name + " " + strconv.Itoa(t.N) }

// Examples are sentences to try; narrow windows show the first three.
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
