package transformer

// How many tokens are run at once: enough for the weights to be used often while they are
// in the cache, few enough for little memory and short steps. A batch that has BatchTokens
// is full; but up to BatchLimit are taken rather than left for a small batch of their own,
// so that 32 short sentences are one matrix.
const (
	BatchTokens = 512
	BatchLimit  = BatchTokens + BatchTokens/2
)

// BatchSize is the number of sequences, from the first on, that are run as one batch. lengths
// are those of all that are to come, or of so many that they have more than BatchLimit tokens.
// They need not be alike, since nothing is padded; one that is longer is a batch by itself.
func BatchSize(lengths []int) int {
	full, have := 0, 0
	for n, length := range lengths {
		if have > 0 && have+length > BatchLimit { // this one begins another batch, which may take more
			if full > 0 {
				return full
			}
			return n
		}
		if have += length; full == 0 && have >= BatchTokens {
			full = n + 1
		}
	}
	return len(lengths)
}

// LargestBatch are lengths of sequences, none longer than longest, that need as much
// memory as any batch that BatchSize makes of such sequences.
func LargestBatch(longest int) []int {
	if longest >= BatchLimit {
		return []int{longest}
	}
	lengths := []int{longest}
	for left := BatchLimit - longest; left > 0; left -= longest {
		lengths = append(lengths, min(left, longest))
	}
	return lengths
}
