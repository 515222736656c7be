// Package ui is the page of the demo: a search by meaning over sentences in English, German and French, made of Vugu components.
//
// Begin with [App]: it holds everything the page knows (sources, vectors, query, results, failures) and is plain Go, so it is tested
// natively with a fake [Engine]. A component renders one part of the immutable [View] that App.View returns and calls methods of
// App. The files *.vugu are the components; *_gen.go is made from them by
//
//	go generate ./ui
//
// and committed. The browser side (the engine in its worker, the canvas of the map, listeners) is in wasm/app; text and numbers are in
// the packages sentence and similar below this one.
//
// Vugu positions elements by their place in the tree, writes every attribute and text again on each render, and makes elements of which
// nothing can change anew. Hence: boxes have an attribute that is computed, the search box and the live region are static HTML outside of
// Vugu, the canvas is a child of an element that Vugu leaves empty, and lists stay short.
package ui

//go:generate go tool vugugen -skip-go-mod -skip-main .
//go:generate gofmt -w .
//go:generate sh -c "cd .. && go run ./ui/renderscript"
