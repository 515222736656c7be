// Package kformer lets a model read notes: sentences of knowledge become extra rows of
// its feed-forward layers (Kformer, Yao et al. 2022, arXiv 2201.05742).
//
// Begin with [Reader]: give it knowledge with [Reader.Learn], which may be changed at
// any time, and run sequences with [Reader.Forward]. Which items a sequence gets is
// told by the model's own embeddings: the mean over an item's tokens times the mean over
// the sequence's.
package kformer
