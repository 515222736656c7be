// Package promptbert makes sentence embeddings the way of PromptBERT (Jiang et al.
// 2022, arXiv 2201.04337): a sentence is put into a template, and its embedding is
// the hidden state at the template's mask.
//
// Begin with [New] and [Encoder.Embed].
//
// The template is assembled from ids, never from text. So a sentence may hold
// quotes, or the mask token itself: the read-out is the template's own mask. And a
// sentence that is too long is cut, never the template.
package promptbert
