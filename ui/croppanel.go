package ui

import "strconv"

// CropPanel shows how a German sentence is tagged by way of English; it stands at the end of the view "Entities".
type CropPanel struct {
	Crop      *Crop
	Entities  *Entities
	View      CropView
	Sentences []string // German ones of the text
}

// Compute takes the state of this render.
func (c *CropPanel) Compute() {
	c.View = c.Crop.View()
	c.Sentences = germanSentences(c.Entities.View().Text)
}

// Busy is for aria-busy.
func (c *CropPanel) Busy() string { return strconv.FormatBool(c.View.Working) }

// Pressed tells whether a sentence is the one that is shown.
func (c *CropPanel) Pressed(text string) string { return strconv.FormatBool(text == c.View.Text) }

// Press shows a sentence, or hides it if it is shown.
func (c *CropPanel) Press(text string) {
	if text == c.View.Text {
		c.Crop.Hide()
	} else {
		c.Crop.Show(text)
	}
}

// Count numbers the steps; the sentence itself is none.
func (c *CropPanel) Count(row int) string { return strconv.Itoa(row) }

// Class is that of a token.
func (c *CropPanel) Class(t CropToken) string {
	switch {
	case t.Slot:
		return "tag slot-mark"
	case t.First:
		return "tag word first"
	case t.Label != "":
		return "tag word"
	}
	return "word"
}

// Kind is what a screen reader hears of a token besides its text.
func (c *CropPanel) Kind(t CropToken) string {
	switch {
	case t.Slot:
		return " marker "
	case t.Label != "":
		return " " + kindOf(t.Label).one + " "
	}
	return " "
}

// Hint says what the buttons are for.
func (c *CropPanel) Hint() string {
	if len(c.Sentences) == 0 {
		return "Type or take a German sentence above: it can be shown here."
	}
	return "Nobody labelled German for this tagger: it learnt from sentences labelled in this way, by an English tagger in its place. Translate, tag the English, carry the names back. Take a sentence:"
}
