// Package fill describes content that Vugu must not write, because it writes a text again on each render: boxes that the reader types
// into, text that grows, and drawings. A view lists its content as [Fill] values; wasm/app writes what has changed.
package fill

import (
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/ui/entities"
)

// Kind says how content is written.
type Kind int

const (
	Value  Kind = iota // the value of a box; a caret stays where it is
	Number             // the value of a box that holds a number, which may be incomplete until the reader leaves the box
	Text               // the text of an element
	Marks              // the text of an element, with marks
	SVG                // a drawing in an element
	Frame              // the place of the element .mark inside a drawing
)

// Fill is content of the element with the id ID.
type Fill struct {
	ID   string
	Kind Kind
	Text string         // of Value, Number, Text and SVG
	Runs []entities.Run // of Marks
	X, Y int            // of Frame
	Show bool           // of Frame
}

// Equal reports whether two fills have the same content.
func (f Fill) Equal(g Fill) bool {
	return f.ID == g.ID && f.Kind == g.Kind && f.Text == g.Text && slices.Equal(f.Runs, g.Runs) && f.X == g.X && f.Y == g.Y && f.Show == g.Show
}

// Change is how a text becomes another.
type Change int

const (
	Keep    Change = iota // it is the same
	Append                // the other continues it
	Replace               // anything else
)

// Between says how old becomes text, and what to append.
func Between(old, text string) (c Change, rest string) {
	rest, ok := strings.CutPrefix(text, old)
	switch {
	case ok && rest == "":
		return Keep, ""
	case ok && old != "":
		return Append, rest
	}
	return Replace, ""
}
