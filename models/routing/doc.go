// Package routing sends tokens to experts: from scores to the experts of each token,
// the weights of their results, and who was dropped because an expert was full.
//
// Begin with [Rule] and [Route]. A [Decision] tells afterwards how evenly the experts
// were used; [Decision.Diagnose] computes the terms that GShard (arXiv 2006.16668),
// X-MoE (arXiv 2204.09179) and MoEC (arXiv 2207.09094) add to their training loss.
//
// Everything here is float32 on the host: a router is small, and a margin between two
// experts of 1e-3 is common, so nothing of it is quantised.
package routing
