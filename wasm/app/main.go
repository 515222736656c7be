//go:build js && wasm

// Command app is the program of the demo page: package ui in a browser.
//
// web/demo/boot.js starts it and, beside it, the engine's worker. Begin here; engine.go calls the lodestone module, page.go holds the
// listeners, canvas.go draws the map.
package main

import (
	"syscall/js"
	"time"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/domrender"

	"github.com/lodestone-wasm/lodestone/ui"
)

func main() {
	renderer, err := domrender.New("#app")
	if err != nil {
		panic(err)
	}
	build, err := vugu.NewBuildEnv(renderer.EventEnv())
	if err != nil {
		panic(err)
	}
	p := newPage()
	p.app = ui.NewApp(&engine{}, ui.Options{
		Changed:    p.changed,
		Announce:   p.announce,
		Pause:      p.pause,
		Collection: fetchCollection,
	})
	p.canvas = newCanvas(p.app, p)
	explorer := ui.NewExplorer(&inspector{}, ui.Options{Changed: p.changed, Announce: p.announce})
	p.drawings = newDrawings(p, explorer)
	need := newNeeded(p)
	translation := ui.NewTranslation(need.translator.OnDemand, translator{need.translator}, ui.Options{Changed: p.changed, Announce: p.announce})
	p.focusWhenReady(need.translator, "translate-text")
	writing := ui.NewWriting(need.writer.OnDemand, writer{need.writer}, ui.Options{Changed: p.changed, Announce: p.announce})
	p.focusWhenReady(need.writer, "story")
	entities := ui.NewEntities(need.tagger.OnDemand, tagger{need.tagger}, ui.Options{Changed: p.changed, Announce: p.announce})
	p.focusWhenReady(need.tagger, "entities-text")
	crop := ui.NewCrop(need.translator.OnDemand, need.tagger.OnDemand, cropper{need}, ui.Options{Changed: p.changed, Announce: p.announce})
	text := newBoxes(p, map[string]func(string){"translate-text": translation.SetText, "story": writing.SetText})
	for _, name := range []string{"temperature", "top-k", "length", "seed"} {
		text.typed["write-"+name] = func(value string) { writing.Set(name, value) }
	}
	marks := newMarked(text, entities)
	p.root = &ui.Root{Panes: []ui.Pane{
		{Name: "search", Body: &ui.SearchPane{App: p.app, Page: p}, Open: p.openSearch, Close: p.closeSearch},
		{Name: "translate", Body: &ui.TranslatePane{Translation: translation}, Open: translation.Open},
		{Name: "entities", Body: &ui.EntitiesPane{Entities: entities, Crop: crop}, Open: entities.Open},
		{Name: "write", Body: &ui.WritePane{Writing: writing}, Open: writing.Open},
		{Name: "model", Body: &ui.ModelPane{Explorer: explorer, Page: p.drawings}, Open: explorer.Open},
		{Name: "bench", Body: &ui.BenchPane{Bench: ui.NewBench(measurer{}, ui.Options{Changed: p.changed, Announce: p.say})}},
	}}
	js.Global().Get("lodestoneBoot").Call("shown")
	p.listen()
	go p.renderOnChange(renderer.EventEnv())
	for ok := true; ok; ok = renderer.EventWait() {
		opened := p.opened()
		if err := renderer.Render(build.RunBuild(p.root)); err != nil {
			panic(err)
		}
		for _, details := range opened {
			details.Set("open", true)
		}
		p.app.Do("map", p.canvas.update)
		p.app.Do("draft", p.putDraft)
		explorer.Do("drawings", p.drawings.update)
		p.app.Do("translation", func() { text.translation(translation) })
		p.app.Do("entities", marks.update)
		p.app.Do("writing", func() { text.writing(writing) })
	}
}

// renderInterval is the shortest time between two renders that the state asks for; events of the reader render at once.
const renderInterval = 40 * time.Millisecond

// renderOnChange asks Vugu for a render after changes; many changes in a short time give one.
func (p *page) renderOnChange(env vugu.EventEnv) {
	for range p.dirty {
		env.Lock()
		env.UnlockRender()
		time.Sleep(renderInterval)
	}
}

// changed never blocks: a render that is already asked for shows the newest state.
func (p *page) changed() {
	select {
	case p.dirty <- struct{}{}:
	default:
	}
}

// slice is how long a computation may hold the main thread before the browser gets it back.
const slice = 8 * time.Millisecond

// pause lets the browser draw and take input once slice has passed since it last did.
func (p *page) pause() {
	if time.Since(p.breath) > slice {
		time.Sleep(time.Millisecond) // through the event loop; Gosched would not leave Go
		p.breath = time.Now()
	}
}
