package ui

import (
	"strconv"

	"github.com/lodestone-wasm/lodestone/ui/host"
)

// Alert shows a failure, and a button to try again if there is something to try.
type Alert struct {
	ID      string // of its heading
	Failure *host.Failure
	Again   func() // what the button does, nil without a button
}

// Button is the id of the button.
func (c *Alert) Button() string { return c.ID + "-again" }

// Examples is a row of texts to try.
type Examples struct {
	Label string
	List  []Example
	Pick  func(text string)
}

// Example is a text to try. Lang tells screen readers how to pronounce it.
type Example struct{ Lang, Text string }

// ModelLoad shows a model that is loaded on demand. It has one button that loads, cancels or tries again, so that the keyboard focus
// stays where it is.
type ModelLoad struct {
	Model *host.Model
	View  host.ModelView
}

// Compute takes the state of this render.
func (c *ModelLoad) Compute() { c.View = c.Model.View() }

// ID is the id of one of the elements. A view may show several models.
func (c *ModelLoad) ID(part string) string { return c.Model.ID(part) }

// Class is the button's. Only a button that loads is prominent.
func (c *ModelLoad) Class() string {
	if c.View.Loading {
		return "button quiet"
	}
	return "button"
}

// boolean is an attribute such as aria-busy.
func boolean(b bool) string { return strconv.FormatBool(b) }
