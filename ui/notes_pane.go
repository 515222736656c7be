package ui

import (
	"github.com/lodestone-wasm/lodestone/ui/fill"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/notes"
	"github.com/lodestone-wasm/lodestone/ui/papers"
)

// NotesPane is the view "Notes".
type NotesPane struct {
	Notes *notes.Notes
	View  notes.View
	Model host.ModelView
}

// Compute takes the state of this render.
func (c *NotesPane) Compute() { c.View, c.Model = c.Notes.View(), c.Notes.Model.View() }

// Fills are the boxes.
func (c *NotesPane) Fills() []fill.Fill {
	return []fill.Fill{{ID: notes.Box, Text: c.View.Text}, {ID: notes.QuestionBox, Text: c.View.Question}, {ID: notes.AnswersBox, Text: c.View.Answers}}
}

// Boxes take what is typed.
func (c *NotesPane) Boxes() map[string]func(string) {
	return map[string]func(string){notes.Box: c.Notes.SetText, notes.QuestionBox: c.Notes.SetQuestion, notes.AnswersBox: c.Notes.SetAnswers}
}

// Press is the button.
func (c *NotesPane) Press() {
	if c.View.Running {
		c.Notes.Stop()
	} else {
		c.Notes.Ask()
	}
}

// Verb is what the button does.
func (c *NotesPane) Verb() string {
	switch {
	case c.View.Running:
		return "Stop"
	case !c.View.Loaded:
		return "Load and ask"
	}
	return "Ask"
}

// Class is the button's.
func (c *NotesPane) Class() string {
	if c.View.Running {
		return "button quiet"
	}
	return "button"
}

// Best is the class of a probability.
func (c *NotesPane) Best(best bool) string {
	if best {
		return "best"
	}
	return "other"
}

// Sets are notes to try.
func (c *NotesPane) Sets() []notes.Set { return notes.Sets() }

// Paper is what the view shows.
func (c *NotesPane) Paper() papers.Paper { return papers.Find("kformer") }
