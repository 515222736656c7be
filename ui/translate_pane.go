package ui

import (
	"github.com/lodestone-wasm/lodestone/ui/fill"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/sentence"
	"github.com/lodestone-wasm/lodestone/ui/translate"
)

// TranslatePane is the view "Translate".
type TranslatePane struct {
	Translation *translate.Translation
	View        translate.View
	Model       host.ModelView
}

// Compute takes the state of this render.
func (c *TranslatePane) Compute() { c.View, c.Model = c.Translation.View(), c.Translation.Model.View() }

// Fills are the box for the text, and the translation.
func (c *TranslatePane) Fills() []fill.Fill {
	return []fill.Fill{{ID: translate.Box, Text: c.View.Source}, {ID: "translation", Kind: fill.Text, Text: c.View.Output}}
}

// Boxes take what is typed.
func (c *TranslatePane) Boxes() map[string]func(string) {
	return map[string]func(string){translate.Box: c.Translation.SetText}
}

// Language is the name of a language.
func (c *TranslatePane) Language(code string) string { return sentence.Name(code) }

// Verb is what the button does.
func (c *TranslatePane) Verb() string {
	switch {
	case c.View.Working:
		return "Stop"
	case c.View.Failure != nil:
		return "Try again"
	}
	return "Continue"
}

// Busy keeps screen readers from reading the translation before it is complete.
func (c *TranslatePane) Busy() string { return boolean(c.View.Working) }

// Examples are sentences in the language to translate from.
func (c *TranslatePane) Examples() []Example {
	texts := []string{"Where is the station?", "I have no time.", "The weather is nice today.", "Can you help me?"}
	if c.View.From == "de" {
		texts = []string{"Wo ist der Bahnhof?", "Ich habe keine Zeit.", "Das Wetter ist heute schön.", "Kannst du mir helfen?"}
	}
	var all []Example
	for _, t := range texts {
		all = append(all, Example{c.View.From, t})
	}
	return all
}
