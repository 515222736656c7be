// Command evaluator is the server of encrypted runs (THE-X, package models/thex/server) in a
// worker of a page, without a network. The demo's view "Private" uses it where no server can
// be reached, as on a static site. The page says so: it shows the same messages and the same
// computation, but the text does not leave the machine in the first place.
//
// It sets globalThis.program:
//
//	open(config, weights)         the files of a model folder, as Uint8Array
//	handle(method, path, body)    a request of package server. {status, body}, body a Uint8Array
//
// One that fails returns {error}, a sentence.
package main
