// Package depth runs deep stacks of seeded weights, to see how LayerNorm's place decides what depth does.
//
// Begin with [Measure]: it builds a stack of up to 1,000 layers as one of four schemes initialises it, runs it, moves every matrix by a
// small step, runs it again, and returns by depth how large the states are and how far they moved. The stacks are configurations of
// package transformer, so what runs is the code that runs every other model.
//
// The schemes are Post-LN, Pre-LN, DeepNorm (DeepNet, Wang et al. 2022, arXiv 2203.00555) and Sub-LN (Magneto, Wang et al. 2022,
// arXiv 2210.06423). [Scheme.Bound] is DeepNet's theorem 4.2 for the same step, [Scheme.Expected] the size of the states that the
// papers' estimates give.
package depth
