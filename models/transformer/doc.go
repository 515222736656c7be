// Package transformer is the one transformer that every model of this module is a
// configuration of.
//
// Begin with [Config], which says what a model is, and [Model.Forward], which walks
// its layers over a [Batch]. [Load] brings weights from a stream into device memory.
//
// # What it covers
//
// The structure follows torchscale (Ma et al. 2022, arXiv 2211.13184): Pre-LN,
// Post-LN, Sub-LN (Magneto, arXiv 2210.06423) and DeepNorm (DeepNet, arXiv
// 2203.00555) are values of [Norm]. A decoder is an encoder whose tokens do not see
// what follows; an encoder–decoder is a decoder with an Encoder, see [Config]. A
// [Cache] lets a decoder compute each token once. [Experts] are mixtures (X-MoE, MoEC),
// [VisionConfig] makes layers pairs for images and text (BEiT-3), knowledge widens
// feed-forwards (Kformer), and [ApproxConfig] replaces what homomorphic encryption
// cannot compute (THE-X). RMSNorm, gated feed-forwards, heads that share keys and values,
// and positions that turn queries and keys ([RopeConfig]) make a Llama.
//
// Sequences of a batch are packed, one after the other, without padding. Padding
// exists only at the edge, in [Model.ForwardPadded].
//
// # Where things are
//
// Running: batch.go (the input), forward.go (embedding, layers), attention.go
// (self- and cross-attention), cache.go, moe.go, knowledge.go, approx.go, vision.go,
// positions.go. Loading: config.go, check.go and families*.go (from config.json),
// keymap*.go (the names in a checkpoint, one table for each family), stack.go (which
// tensors a configuration has), plan.go, sink.go and load.go (where their bytes go),
// fold.go. A new family is a table of names and a function that reads its config.json:
// FAMILIES.md shows how, and says in which order to read this package.
package transformer
