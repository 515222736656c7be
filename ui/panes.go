package ui

import (
	"github.com/lodestone-wasm/lodestone/ui/bench"
	"github.com/lodestone-wasm/lodestone/ui/crop"
	"github.com/lodestone-wasm/lodestone/ui/depth"
	"github.com/lodestone-wasm/lodestone/ui/entities"
	"github.com/lodestone-wasm/lodestone/ui/explore"
	"github.com/lodestone-wasm/lodestone/ui/notes"
	"github.com/lodestone-wasm/lodestone/ui/private"
	"github.com/lodestone-wasm/lodestone/ui/search"
	"github.com/lodestone-wasm/lodestone/ui/translate"
	"github.com/lodestone-wasm/lodestone/ui/write"
)

// Views are the states of the views.
type Views struct {
	Search      *search.Search
	Translation *translate.Translation
	Entities    *entities.Entities
	Crop        *crop.Crop
	Writing     *write.Writing
	Notes       *notes.Notes
	Private     *private.Private
	Depth       *depth.Depth
	Explorer    *explore.Explorer
	Bench       *bench.Bench
}

// Panes are the views, in the order of the navigation.
func Panes(v Views) []Pane {
	return []Pane{
		{Name: "search", Body: &SearchPane{Search: v.Search}, Open: v.Search.Open},
		{Name: "translate", Body: &TranslatePane{Translation: v.Translation}, Open: v.Translation.Open},
		{Name: "entities", Body: &EntitiesPane{Entities: v.Entities, Crop: v.Crop}, Open: v.Entities.Open},
		{Name: "write", Body: &WritePane{Writing: v.Writing}, Open: v.Writing.Open},
		{Name: "model", Body: &ModelPane{Explorer: v.Explorer}, Open: v.Explorer.Open},
		{Name: "bench", Body: &BenchPane{Bench: v.Bench}},
		{Name: "papers", Body: &PapersPane{}},
		{Name: "notes", Body: &NotesPane{Notes: v.Notes}, Open: v.Notes.Open},
		{Name: "depth", Body: &DepthPane{Depth: v.Depth}},
		{Name: "private", Body: &PrivatePane{Private: v.Private}, Open: v.Private.Open},
	}
}
