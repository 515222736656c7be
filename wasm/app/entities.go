//go:build js && wasm

package main

import (
	"context"
	"slices"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/ui"
)

// tagger is ui.Tagger by the model of that name.
type tagger struct{ *model }

// Find marks whole words, each as its first token: the further ones were hardly trained.
func (t tagger) Find(ctx context.Context, texts []string) ([][]ui.Entity, error) {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	answers, err := t.call(ctx, list, map[string]any{"aggregation_strategy": "first"})
	if err != nil {
		return nil, err
	}
	var all [][]ui.Entity
	each(answers, func(answer js.Value) {
		var found []ui.Entity
		each(answer, func(e js.Value) {
			found = append(found, ui.Entity{Label: e.Get("entity_group").String(), Start: e.Get("start").Int(), End: e.Get("end").Int(), Score: e.Get("score").Float()})
		})
		all = append(all, found)
	})
	return all, nil
}

// Card fetches the model's card.
func (t tagger) Card(context.Context) (string, error) {
	return fetchText(t.folder + "MODEL_CARD.md")
}

// marked is the text with its marks that lies behind the box that is typed into. Both have the same style, so that their lines break at
// the same places, and this one is as high as its text, which makes the box as high.
type marked struct {
	boxes    *boxes
	entities *ui.Entities
	host     js.Value
	shown    []ui.MarkedRun
}

func newMarked(b *boxes, e *ui.Entities) *marked {
	m := &marked{boxes: b, entities: e}
	b.typed["entities-text"] = func(text string) {
		e.SetText(text)
		m.update() // at once: the box must not be lower than its text
	}
	b.page.on(b.page.byID("app").Get("parentNode"), "click", func(ev js.Value) {
		if ev.Get("target").Get("id").String() == "entities-clear" {
			b.page.byID("entities-text").Call("focus")
		}
	})
	return m
}

// update puts what the view "Entities" holds into its boxes; the loop calls it after every render.
func (m *marked) update() {
	p := m.boxes.page
	if p.root.Current != "entities" {
		return
	}
	host := p.byID("entities-marks")
	if !host.Truthy() {
		return
	}
	v := m.entities.View()
	m.boxes.put("entities-text", v.Text)
	if host.Equal(m.host) && slices.Equal(v.Marked, m.shown) {
		return
	}
	m.host, m.shown = host, v.Marked
	nodes := p.document.Call("createDocumentFragment")
	for _, run := range v.Marked {
		if run.Label == "" {
			nodes.Call("append", run.Text)
			continue
		}
		el := p.document.Call("createElement", "mark")
		el.Get("dataset").Set("label", run.Label)
		el.Set("textContent", run.Text)
		nodes.Call("append", el)
	}
	nodes.Call("append", "\n") // or a last line that is empty would have no height
	host.Call("replaceChildren", nodes)
}
