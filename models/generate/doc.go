// Package generate continues sequences with a decoder, one token after the other:
// greedily, by sampling, or by beam search.
//
// Begin with [Generate] and [Options], whose names and meanings are those of Hugging
// Face's GenerationConfig. What is done to the logits before a token is chosen is a list
// of [Processor]; users may add their own.
//
// Keys and values are cached in device memory, for all sequences of a call at once. A
// sequence that has ended costs nothing more.
package generate
