package ui

import "github.com/lodestone-wasm/lodestone/ui/papers"

// PapersPane is the view "Papers": the overview of what each view shows.
type PapersPane struct{}

// All are the papers.
func (c *PapersPane) All() []papers.Paper { return papers.All }

// PaperNote is a paper below the view that shows it.
type PaperNote struct{ Paper papers.Paper }
