package ui

import (
	"strconv"

	"github.com/lodestone-wasm/lodestone/ui/fill"
	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/search"
)

// SearchPane is the view "Search". It takes one View a render and hands it to the components below it.
type SearchPane struct {
	Search *search.Search
	View   search.View
}

// Compute takes the state of this render.
func (c *SearchPane) Compute() { c.View = c.Search.View() }

// Fills are the boxes for the query and for the reader's own text.
func (c *SearchPane) Fills() []fill.Fill {
	return []fill.Fill{{ID: "query", Text: c.View.Text}, {ID: "own-text", Text: c.View.Draft}}
}

// Boxes take what is typed.
func (c *SearchPane) Boxes() map[string]func(string) {
	return map[string]func(string){"query": c.Search.SetText, "own-text": c.Search.SetDraft}
}

// Again is what "Try again" does.
func (c *SearchPane) Again() func() {
	if c.View.Retry {
		return c.Search.TryAgain
	}
	return nil
}

// Examples are queries, two in each language. None is a sample sentence.
func (c *SearchPane) Examples() []Example {
	return []Example{
		{"en", "my tooth hurts"},
		{"de", "Ich will Geld sparen"},
		{"fr", "mon ordinateur ne marche plus"},
		{"en", "the meeting is cancelled"},
		{"de", "Wo hält der Bus?"},
		{"fr", "je suis fatigué"},
	}
}

// Loading shows how much of the model has arrived, and how many sentences are embedded.
type Loading struct {
	Search *search.Search
	View   *search.View
}

// EmbedText says how many sentences are embedded.
func (c *Loading) EmbedText() string {
	return strconv.Itoa(c.View.Embedded) + " of " + strconv.Itoa(c.View.Sentences)
}

// Results is the ranked list.
type Results struct {
	Search *search.Search
	View   *search.View
}

// Heading says what the list shows.
func (c *Results) Heading() string {
	v := c.View
	switch {
	case v.Samples:
		return "Some of the sentences"
	case v.Query == "":
		return "Results"
	case len(v.Results) == 0 && v.Failure != nil:
		return "No results"
	case len(v.Results) == 0 && v.Sentences == 0 && !v.Loading:
		return "There is nothing to search"
	case len(v.Results) == 0:
		return "One moment"
	case !v.Close:
		return "Nearest in meaning"
	}
	return "Closest in meaning"
}

// Hint says what to do, or what the list means.
func (c *Results) Hint() string {
	const add = "Add text below, or bring the sample sentences back."
	v := c.View
	switch {
	case v.Query == "" && v.Sentences == 0 && v.Ready:
		return add
	case v.Query == "":
		return "Type a few words in English, German or French, or choose an example. The meaning must match, not the words."
	case len(v.Results) == 0 && v.Failure != nil:
		return ""
	case len(v.Results) == 0 && v.Sentences == 0 && !v.Loading:
		return add
	case len(v.Results) == 0:
		return "The query runs as soon as the model is ready and the first sentences are embedded."
	case !v.Close:
		return "None is close enough to be sure that it means the same. The nearest of " + format.Count(v.Embedded, "sentence", "sentences") + ":"
	}
	text := format.Count(len(v.Results), "result", "results") + " of " + format.Count(v.Embedded, "sentence", "sentences")
	if v.Languages > 1 {
		text += ", across " + format.Count(v.Languages, "language", "languages")
	}
	return text
}

// ListClass dims results of an earlier query.
func (c *Results) ListClass() string {
	if c.View.Waiting {
		return "hits stale"
	}
	return "hits"
}

// MapPanel frames the map. wasm/app draws the canvas inside.
type MapPanel struct{ View *search.View }

// Caption explains the map.
func (c *MapPanel) Caption() string {
	return "Each dot is a sentence. Thin lines join translations. Dots that are close have a similar meaning, as far as a plane can show 256 dimensions."
}

// OwnText takes the reader's own text and lists what is searched.
type OwnText struct {
	Search *search.Search
	View   *search.View
}

// SizeOf words the size of a source.
func (c *OwnText) SizeOf(s search.Source) string {
	return format.Count(s.Count, "sentence", "sentences")
}

// Pressed is the state of the button that keeps own texts.
func (c *OwnText) Pressed() string {
	if c.View.Keep {
		return "true"
	}
	return "false"
}

// KeepVerb is what that button says.
func (c *OwnText) KeepVerb() string { return "Keep my text on this device" }

// Described names the element that says what is wrong with the text, if something is.
func (c *OwnText) Described() string {
	if c.View.Notice != nil {
		return "notice"
	}
	return "own-title"
}

// Facts is the line of measured numbers.
type Facts struct{ View *search.View }
