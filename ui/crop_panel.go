package ui

import (
	"strconv"

	"github.com/lodestone-wasm/lodestone/ui/crop"
	"github.com/lodestone-wasm/lodestone/ui/entities"
	"github.com/lodestone-wasm/lodestone/ui/format"
)

// CropPanel shows how CROP tags German via English, at the end of the view "Entities".
type CropPanel struct {
	Crop      *crop.Crop
	Text      string // of the view
	View      crop.View
	Sentences []string // the German ones of the text
}

// Compute takes the state of this render.
func (c *CropPanel) Compute() { c.View, c.Sentences = c.Crop.View(), crop.Sentences(c.Text) }

// Busy is for aria-busy.
func (c *CropPanel) Busy() string { return boolean(c.View.Working) }

// Pressed says whether a sentence is the one that is shown.
func (c *CropPanel) Pressed(text string) string { return boolean(text == c.View.Text) }

// Short is the text of a sentence's button.
func (c *CropPanel) Short(text string) string { return format.Clip(text, 90) }

// Number is the number of a step. The sentence itself has 0.
func (c *CropPanel) Number(row int) string { return strconv.Itoa(row) }

// Class is that of a token.
func (c *CropPanel) Class(t crop.Token) string {
	switch {
	case t.Marker:
		return "tag slot-mark"
	case t.First:
		return "tag word first"
	case t.Label != "":
		return "tag word"
	}
	return "word"
}

// Kind is what screen readers add to a token.
func (c *CropPanel) Kind(t crop.Token) string {
	switch {
	case t.Marker:
		return " marker "
	case t.Label != "":
		return " " + entities.KindOf(t.Label).One + " "
	}
	return " "
}

// Hint says what the buttons are for.
func (c *CropPanel) Hint() string {
	if len(c.Sentences) == 0 {
		return "Type or choose a German sentence above to see how CROP tags it."
	}
	return "The tagger’s German training sentences were not labelled by hand. CROP labelled them with an English tagger: it translates a sentence to English, tags the English, and projects the names back. Choose a sentence:"
}
