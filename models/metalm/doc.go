// Package metalm docks encoders into a causal decoder (MetaLM, Hao et al. 2022, arXiv
// 2206.06336; Kosmos): spans of the decoder's input are vectors that an encoder read in
// both directions, brought to the decoder's width by a connector.
//
// Begin with [Input], which is built from pieces, and [Model.Forward]. A [Connector] is
// one of three forms: see its kinds.
package metalm
