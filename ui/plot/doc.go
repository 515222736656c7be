// Package plot draws the map of the sentences as data: what a canvas has to fill and stroke, where, and in which colour.
//
// Begin with [Picture], the sentences and the query as dots in a square, and [Map], which animates a Picture on a canvas of some
// size, finds the dot under the pointer and moves the focus by keyboard. The canvas itself is in wasm/app, which repeats what
// [Map.Draw] returns.
package plot
