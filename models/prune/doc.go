// Package prune turns a mixture of experts into a dense model for one task: it watches
// which experts the task's texts use, drops the others window by window, and keeps the
// one that is left in each layer (task-specific expert pruning, Chen et al. 2022, arXiv
// 2206.00277).
//
// Begin with [Calibrate], which makes a [Report], and [Convert], which makes the dense
// folder of it. A [Layer] is the rule alone. [Merge] makes one expert of each cluster of
// experts (MoEC).
//
// The paper prunes while it fine-tunes, and neither its threshold nor its schedule is
// published in code; the rule here is a reconstruction, used after training: experts
// whose share of the gates falls below β/alive are dropped, and in the end the best one
// stays.
package prune
