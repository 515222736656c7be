// Package transformer is the one transformer that every model of this module is a
// configuration of.
//
// Begin with [Config], which says what a model is, and [Model.Forward], which walks
// its layers. [Load] brings weights from a stream into device memory; the names
// they have in a checkpoint are in one table for each family (keymap.go).
//
// The structure follows torchscale (Ma et al. 2022, arXiv 2211.13184): Pre-LN,
// Post-LN, Sub-LN (Magneto, arXiv 2210.06423) and DeepNorm (DeepNet, arXiv
// 2203.00555) are values of [Norm].
//
// Sequences of a batch are packed, one after the other, without padding. Padding
// exists only at the edge, in [Model.ForwardPadded].
package transformer
