package ui

import (
	"github.com/lodestone-wasm/lodestone/ui/bench"
	"github.com/lodestone-wasm/lodestone/ui/crop"
	"github.com/lodestone-wasm/lodestone/ui/entities"
	"github.com/lodestone-wasm/lodestone/ui/explore"
	"github.com/lodestone-wasm/lodestone/ui/fill"
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
	Explorer    *explore.Explorer
	Bench       *bench.Bench
}

// Panes are the views, in the order of the navigation.
func Panes(v Views) []Pane {
	return []Pane{
		{
			Name: "search", Body: &SearchPane{Search: v.Search}, Open: v.Search.Open,
			Typed: map[string]func(string){"query": v.Search.SetText, "own-text": v.Search.SetDraft},
			Fills: func() []fill.Fill {
				s := v.Search.View()
				return []fill.Fill{{ID: "query", Text: s.Text}, {ID: "own-text", Text: s.Draft}}
			},
		},
		{
			Name: "translate", Body: &TranslatePane{Translation: v.Translation}, Open: v.Translation.Open,
			Typed: map[string]func(string){translate.Box: v.Translation.SetText},
			Fills: func() []fill.Fill {
				t := v.Translation.View()
				return []fill.Fill{{ID: translate.Box, Text: t.Source}, {ID: "translation", Kind: fill.Text, Text: t.Output}}
			},
		},
		{
			Name: "entities", Body: &EntitiesPane{Entities: v.Entities, Crop: v.Crop}, Open: v.Entities.Open,
			Typed: map[string]func(string){entities.Box: v.Entities.SetText},
			Fills: func() []fill.Fill {
				e := v.Entities.View()
				return []fill.Fill{{ID: entities.Box, Text: e.Text}, {ID: "entities-marks", Kind: fill.Marks, Runs: e.Marked}}
			},
		},
		{
			Name: "write", Body: &WritePane{Writing: v.Writing}, Open: v.Writing.Open,
			Typed: writeBoxes(v.Writing),
			Fills: func() []fill.Fill {
				w := v.Writing.View()
				all := []fill.Fill{{ID: write.Box, Text: w.Text}}
				for _, name := range write.Settings {
					all = append(all, fill.Fill{ID: "write-" + name, Kind: fill.Number, Text: w.Settings[name]})
				}
				return all
			},
		},
		{
			Name: "model", Body: &ModelPane{Explorer: v.Explorer}, Open: v.Explorer.Open,
			Typed: map[string]func(string){"folder": v.Explorer.SetFolder, "inspect-text": v.Explorer.SetText},
			Fills: func() []fill.Fill { return modelFills(v.Explorer.View()) },
		},
		{Name: "bench", Body: &BenchPane{Bench: v.Bench}},
	}
}

func writeBoxes(w *write.Writing) map[string]func(string) {
	boxes := map[string]func(string){write.Box: w.SetText}
	for _, name := range write.Settings {
		boxes["write-"+name] = func(value string) { w.Set(name, value) }
	}
	return boxes
}

// modelFills are the boxes and the drawings of the view "Model".
func modelFills(v explore.View) []fill.Fill {
	all := []fill.Fill{{ID: "folder", Text: v.Typed}, {ID: "inspect-text", Text: v.Draft}, {ID: "model-picture", Kind: fill.SVG, Text: v.Picture}}
	if v.Heat != nil {
		frame := fill.Fill{ID: "attention-map", Kind: fill.Frame}
		if v.Cell != nil {
			frame.X, frame.Y, frame.Show = v.Cell.X, v.Cell.Y, true
		}
		all = append(all, fill.Fill{ID: "attention-map", Kind: fill.SVG, Text: v.Heat.SVG}, frame)
	}
	for _, r := range v.Routing {
		all = append(all, fill.Fill{ID: r.ID, Kind: fill.SVG, Text: r.SVG})
	}
	return all
}
