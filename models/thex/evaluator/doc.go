// Package evaluator is the side of the encrypted run (package thex) that computes on
// ciphertexts. It holds weights and evaluation keys, which are public, and no secret: a
// test proves that no type of this package can hold a secret key, and that its source
// names none.
//
// Begin at [NewModel]. [Model.ReadKeys] reads a client's evaluation keys, [Model.Begin]
// begins a sentence, and [Run.Answer] answers the messages of the client in their order.
package evaluator
