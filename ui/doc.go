// Package ui is the page of the demo, made of Vugu components. The state behind them is plain Go in the packages below this one.
//
// Begin with [Panes]: the views that the navigation leads to. Each has a component here, such as [SearchPane], and its state in a
// package of its own, such as search.Search. A component shows the View of its state, an immutable copy, and calls methods of the
// state. The packages are
//
//	host               what the views need of the page, and the models that they load
//	search, translate, entities, crop, write, notes, depth, private, explore, bench
//	                   the state of the views; crop is a part of the view "Entities", explore is the view "Model"
//	papers             what each view shows of which paper, with figures
//	chart              lines as SVG
//	plot, fill         the map and other content that Vugu does not write, as data
//	sentence, similar  sentences and languages; vectors
//	route, format      the page's address; numbers and texts in words
//
// None of these imports Vugu or syscall/js, so all of them are tested natively. The browser side is in wasm/app: it implements
// host.Host and calls the lodestone module.
//
// The files *.vugu are the components; *_gen.go is generated from them by
//
//	go generate ./ui
//
// and committed. Vugu identifies an element by its place in the tree. On each render it writes every attribute and text again, and it
// creates an element anew in which nothing can change. For this reason boxes have a computed attribute, the search box and the live
// region are static HTML outside of Vugu, package fill has the content of boxes, the canvas is inside an element that Vugu leaves
// empty, and lists are short.
package ui

//go:generate go tool vugugen -skip-go-mod -skip-main .
//go:generate gofmt -w .
//go:generate sh -c "cd .. && go run ./ui/renderscript"
