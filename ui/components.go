package ui

import "strconv"

// SearchPane is the search by meaning; it takes one View per render and hands it to the components below it.
type SearchPane struct {
	App  *App
	Page Page
	View View
}

// Page is what components ask of the browser.
type Page interface {
	Search(q string)    // puts q into the search box and runs it
	AddOwnText()        // adds what stands in the text box, and empties it if that worked
	PickFile()          // opens the file dialogue
	FocusAfterRemoval() // a pressed button is about to vanish: keep the keyboard's place
}

// Compute takes the state of this render.
func (c *SearchPane) Compute() { c.View = c.App.View() }

// Examples is the row of queries to try.
type Examples struct{ Page Page }

// Example is a query or a text to try; Lang is for the pronunciation of screen readers.
type Example struct{ Lang, Text string }

// List returns the examples: one language each, none a sentence of the collection.
func (c *Examples) List() []Example {
	return []Example{
		{"en", "my tooth hurts"},
		{"de", "Ich will Geld sparen"},
		{"fr", "mon ordinateur ne marche plus"},
		{"en", "the meeting is cancelled"},
		{"de", "Wo hält der Bus?"},
		{"fr", "je suis fatigué"},
	}
}

// Alert shows a failure with its remedy and a button to try again.
type Alert struct {
	App  *App
	View *View
}

// Loading shows how much of the model has arrived, and how far the embedding is.
type Loading struct {
	App  *App
	View *View
}

// Results is the ranked list.
type Results struct {
	Page Page
	View *View
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
		return "Nothing close"
	}
	return "Closest in meaning"
}

// Hint says what can be done, or what the list means.
func (c *Results) Hint() string {
	v := c.View
	switch {
	case v.Query == "" && v.Sentences == 0 && v.Ready:
		return "Add text below, or bring the sample sentences back."
	case v.Query == "":
		return "Type a few words in any of the three languages, or take an example. The words need not match, only the meaning."
	case len(v.Results) == 0 && v.Failure != nil:
		return ""
	case len(v.Results) == 0 && v.Sentences == 0 && !v.Loading:
		return "Add text below, or bring the sample sentences back."
	case len(v.Results) == 0:
		return "The query runs as soon as the model is here and the first sentences are embedded."
	case !v.Close:
		return "No sentence means this. The nearest of " + Count(v.Embedded, "sentence", "sentences") + ":"
	case v.Languages > 1:
		return Count(len(v.Results), "result", "results") + " of " + Count(v.Embedded, "sentence", "sentences") + ", across " + Count(v.Languages, "language", "languages")
	}
	return Count(len(v.Results), "result", "results") + " of " + Count(v.Embedded, "sentence", "sentences")
}

// ListClass dims results that belong to an earlier query.
func (c *Results) ListClass() string {
	if c.View.Waiting {
		return "hits stale"
	}
	return "hits"
}

// MapPanel frames the map; the canvas inside is drawn by wasm/app.
type MapPanel struct{ View *View }

// OwnText takes the reader's text and lists what is searched.
type OwnText struct {
	App  *App
	Page Page
	View *View
}

// SizeOf words the size of a source.
func (c *OwnText) SizeOf(s Source) string { return Count(s.Count, "sentence", "sentences") }

// Facts is the line of measured numbers.
type Facts struct{ View *View }

// EmbedText says how many sentences have their vectors.
func (c *Loading) EmbedText() string {
	return strconv.Itoa(c.View.Embedded) + " of " + strconv.Itoa(c.View.Sentences)
}

// Caption explains the map in a sentence.
func (c *MapPanel) Caption() string {
	return "Each dot is a sentence; thin lines join translations. Near means similar, up to what a plane can show of 256 dimensions."
}

// Described names the element that says what was wrong with the text, while there is one.
func (c *OwnText) Described() string {
	if c.View.Notice != nil {
		return "notice"
	}
	return "own-title"
}

// Remove takes a source away; its button vanishes, so the keyboard's place moves to the list.
func (c *OwnText) Remove(id int) {
	c.App.Do("remove", func() {
		c.App.RemoveSource(id)
		c.Page.FocusAfterRemoval()
	})
}
