// Package depth is the view "Depth": stacks of up to 1,000 layers under four places of LayerNorm (DeepNet, arXiv 2203.00555; Magneto, arXiv
// 2210.06423), and the training of two of them.
//
// Begin with [Depth], the state; [Depth.View] is an immutable copy of it for the component in package ui.
package depth
