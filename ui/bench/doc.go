// Package bench is the view "Bench", which measures the reader's own browser.
//
// Begin with [Bench], the state; [Bench.View] is an immutable copy of it for the component in package ui. [Measured] is a result, and
// [Chart] draws bars of it.
package bench
