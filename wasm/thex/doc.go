// Command thex is the client of encrypted runs (THE-X, package models/thex) in a page: it
// makes keys, encrypts, decrypts, rectifies and encrypts again. A worker of the demo's view
// "Private" loads it (web/demo/private-worker.js) when the reader asks for it. It is no part of
// the engine.
//
// It sets globalThis.program, an object of functions that compute before they return. One
// that fails returns {error}, a sentence.
//
//	open(config, weights, tokenizer, description)
//	          the files of a model folder (Uint8Array), and what the server answers to
//	          GET v1/model (string); makes the keys. {fingerprint, labels, exchanges, keyBytes}
//	keys()    the message with the evaluation keys, a Uint8Array
//	begin(text)      begins a run. {message, tokens, truncated}
//	next(answer)     takes an answer. {message}, or {logits, label} after the last
//
// The secret key stays in the memory of this program.
package main
