// Package server answers encrypted runs over HTTP: [New] makes an http.Handler of an
// evaluator.Model. It holds no secret and never sees one.
//
//	GET  v1/model                what a client must know: JSON, see [Description]
//	GET  v1/keys/FINGERPRINT     204 if the server has the keys with this fingerprint (hex), else 404
//	PUT  v1/keys                 a message with evaluation keys (package wire), streamed; 204
//	POST v1/messages             a message of the client; the answer is the server's message
//
// An error has a status and a sentence (text/plain):
//
//	400  the message is damaged: format, size, level, truncated
//	404  no such run: it ended, took too long, or the server was restarted; begin again
//	409  the message is not the next one of its run, or the run is busy
//	412  the server does not have the keys that the message names; send them
//	422  another version, other parameters or another model
//	503  too many runs
//
// Keys are kept by fingerprint, the least recently used dropped first; runs until their
// end or until no message came for a while. Nothing is written to disk. A message is
// answered once: a client that loses an answer begins again.
package server
