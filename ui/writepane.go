package ui

// WritePane is the view that goes on with a text; its boxes are filled by wasm/app.
type WritePane struct {
	Writing *Writing
	View    WritingView
}

// Compute takes the state of this render.
func (c *WritePane) Compute() { c.View = c.Writing.View() }

// Verb is what the button does.
func (c *WritePane) Verb() string {
	switch {
	case c.View.Running:
		return "Stop"
	case !c.View.Here:
		return "Load and write"
	case c.View.Failure != nil:
		return "Try again"
	case c.View.Written:
		return "Continue"
	}
	return "Write"
}

// Class is the button's.
func (c *WritePane) Class() string {
	if c.View.Running {
		return "button quiet"
	}
	return "button"
}

// CopyVerb is what the other button does, or has done.
func (c *WritePane) CopyVerb() string {
	if c.View.Copied {
		return "Copied"
	}
	return "Copy"
}

// Setting is a box of a number that Writing.Set takes.
type Setting struct{ Name, Label, Empty, About string }

// Settings are the boxes. (Vugu makes elements of which nothing changes anew on each render, and with them what is typed.)
func (c *WritePane) Settings() []Setting {
	return []Setting{
		{"temperature", "Temperature", "", "0 takes the likeliest token each time; the higher, up to 2, the more daring."},
		{"top-k", "Likeliest tokens", "", "Each token is drawn from that many (top-k), up to 1000; 0 is all."},
		{"length", "Length", "", "The most tokens at one go, up to 1000; a token is a short word or a part of one."},
		{"seed", "Seed", "any", "The same seed writes the same after the same text."},
	}
}

// Openings are beginnings to go on with.
func (c *WritePane) Openings() []string {
	return []string{
		"Once upon a time there was a fox who",
		"It was a dark night, and the captain",
		"“Who is there?” asked the girl.",
		"In the garden behind the house",
	}
}
