// Package promise waits for JavaScript's promises in the programs that run as WebAssembly.
//
// Begin with [Await].
package promise
