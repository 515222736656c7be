package transformer

// How many tokens are run at once: enough for the weights to be used often while they are
// in the cache, few enough for little memory and short steps. A batch that has BatchTokens
// is full; up to half as many more are taken rather than left for a small batch of their
// own, so that 32 short sentences are one matrix.
const (
	BatchTokens     = 512
	mostBatchTokens = BatchTokens + BatchTokens/2
)

// BatchTakes tells whether a batch that has so many tokens takes a sequence of n more.
// Lengths need not be alike, since nothing is padded; an empty batch takes any.
func BatchTakes(have, n int) bool {
	return have == 0 || have < BatchTokens && have+n <= mostBatchTokens
}

// LargestBatch are lengths of sequences, none longer than longest, that need as much
// memory as any batch that BatchTakes makes of such sequences.
func LargestBatch(longest int) []int {
	if longest >= mostBatchTokens {
		return []int{longest}
	}
	lengths := []int{longest}
	for left := mostBatchTokens - longest; left > 0; left -= longest {
		lengths = append(lengths, min(left, longest))
	}
	return lengths
}
