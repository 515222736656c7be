package ui

import (
	"strconv"

	"github.com/lodestone-wasm/lodestone/ui/sentence"
)

// TranslatePane is the view that translates; the text's box and the translation are filled by wasm/app.
type TranslatePane struct {
	Translation *Translation
	View        TranslationView
}

// Compute takes the state of this render.
func (c *TranslatePane) Compute() { c.View = c.Translation.View() }

// Language names the language of a code.
func (c *TranslatePane) Language(code string) string { return sentence.Name(code) }

// Verb is what the button does.
func (c *TranslatePane) Verb() string {
	switch {
	case c.View.Working:
		return "Stop"
	case c.View.Failure != nil:
		return "Try again"
	}
	return "Go on"
}

// CopyVerb is what the other button does, or has done.
func (c *TranslatePane) CopyVerb() string {
	if c.View.Copied {
		return "Copied"
	}
	return "Copy"
}

// Busy is for aria-busy: what is being written is not to be read out piece by piece.
func (c *TranslatePane) Busy() string { return strconv.FormatBool(c.View.Working) }

// Examples are sentences to try, in the language that is translated from.
func (c *TranslatePane) Examples() []string {
	if c.View.From == "de" {
		return []string{"Wo ist der Bahnhof?", "Ich habe keine Zeit.", "Das Wetter ist heute schön.", "Kannst du mir helfen?"}
	}
	return []string{"Where is the station?", "I have no time.", "The weather is nice today.", "Can you help me?"}
}
