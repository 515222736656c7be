// Package search is the view "Search": sentences and their vectors, a query, its results and their map.
//
// Begin with [Search], the state. [Search.View] is an immutable copy of it for the components in package ui, and [Search.Picture]
// is the map. A vector comes normalised from the engine ([Embedder]) and goes as it is into a similar.Set.
package search
