// Package wire is what crosses between the demo's program and the lodestone module: the options of each call, and its results.
//
// There is a file for each task. Options go out as plain maps. Small results come in as JSON, which the functions here check and turn
// into the types of the views. Large arrays of numbers do not come this way: wasm/app copies each in one piece.
//
// The package is plain Go, so everything in it is tested natively.
package wire
