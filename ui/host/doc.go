// Package host is what the views of the demo have in common: the page that they run in, the models that they load, and the
// wording of faults.
//
// Begin with [Host], the one interface between the views and the page. In a browser wasm/app implements it; package hosttest has
// one for tests. [Model] is a model that a view loads, with its progress, cancellation and failure. [Latest], [Debounce] and
// [Copier] are small parts of state that several views need.
//
// The package is plain Go: it imports neither Vugu nor syscall/js.
package host
