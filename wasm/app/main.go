//go:build js && wasm

// Command app is the program of the demo page: package ui in a browser.
//
// web/demo/boot.js starts it, and the engine's worker beside it. Begin here. page.go is the host.Host of the views, listen.go has the
// event listeners, fill.go and canvas.go write what Vugu does not. The calls of the lodestone module are in model.go, tasks.go and
// inspect.go; values.go and package wire turn their values into Go's.
package main

import (
	"syscall/js"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/domrender"

	"github.com/lodestone-wasm/lodestone/ui"
	"github.com/lodestone-wasm/lodestone/ui/bench"
	"github.com/lodestone-wasm/lodestone/ui/crop"
	"github.com/lodestone-wasm/lodestone/ui/depth"
	"github.com/lodestone-wasm/lodestone/ui/entities"
	"github.com/lodestone-wasm/lodestone/ui/explore"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/notes"
	"github.com/lodestone-wasm/lodestone/ui/private"
	"github.com/lodestone-wasm/lodestone/ui/search"
	"github.com/lodestone-wasm/lodestone/ui/translate"
	"github.com/lodestone-wasm/lodestone/ui/write"
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
	v := views(p)
	p.root.Panes = ui.Panes(v)
	canvas := newCanvas(p, v.Search)
	boot.Call("shown")
	p.listen(v, canvas)
	go p.renderOnRequest(renderer.EventEnv())
	for ok := true; ok; ok = renderer.EventWait() {
		opened := p.opened()
		results := build.RunBuild(p.root)
		ui.GuardHandlers(results, p.Guard)
		if err := renderer.Render(results); err != nil {
			panic(err)
		}
		for _, details := range opened {
			details.Set("open", true)
		}
		p.Guard("boxes", p.fill)
		p.Guard("map", canvas.update)
	}
}

// views makes the states of the views, with their models.
func views(p *page) ui.Views {
	embedder := &sharedModel{}
	model := host.NewModel(p, embedder, "search", "prompt-magneto-en-de-fr", "the model")
	model.Silent = true // nobody requested it: the page begins with it
	translator, translatorModel := onDemand(p, "translation", "translator", "translator-magneto-en-de")
	tagger, taggerModel := onDemand(p, "token-classification", "tagger", "tagger-magneto-en-de")
	writer, writerModel := onDemand(p, "text-generation", "writer", "writer-magneto-en")
	reader := &chooser{pipeline{folder: "./models/kformer-notes-en/"}}
	classifier := &encrypted{pipeline: pipeline{task: "text-classification", folder: "./models/thex-kinds-en/"}}
	return ui.Views{
		Search:      search.New(p, model, embedder),
		Translation: translate.New(p, translatorModel, translator),
		Entities:    entities.New(p, taggerModel, tagger),
		Crop:        crop.New(p, translatorModel, taggerModel, cropper{translator, tagger}),
		Writing:     write.New(p, writerModel, writer),
		Notes:       notes.New(p, host.NewModel(p, reader, "kformer", "kformer-notes-en", "the Kformer"), reader),
		Private:     private.New(p, host.NewModel(p, classifier, "thex", "thex-kinds-en", "the encrypted classifier"), classifier, evaluators{}),
		Depth:       depth.New(p, &stacks{}),
		Explorer:    explore.New(p, opener{}),
		Bench:       bench.New(p, measurer{}),
	}
}

// onDemand is a folder of models/ that is loaded for a task when the reader says so.
func onDemand(p *page, task, key, name string) (*pipeline, *host.Model) {
	l := &pipeline{task: task, folder: "./models/" + name + "/"}
	return l, host.NewModel(p, l, key, name, "the "+key)
}

// boot is what web/demo/boot.js offers.
var boot = js.Global().Get("lodestoneBoot")
