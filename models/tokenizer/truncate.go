package tokenizer

// truncatePair gives the lengths to which two sequences of na and nb tokens are
// cut so that together they have at most most tokens: the longer one is cut first.
// It is the strategy "longest_first" of Hugging Face tokenizers, which hands an odd
// token to the longer one.
func truncatePair(na, nb, most int) (int, int) {
	if na+nb <= most {
		return na, nb
	}
	short, long := min(na, nb), max(na, nb)
	if short > most {
		long = short
	} else {
		long = max(short, most-short)
	}
	if short+long > most {
		short = most / 2
		long = short + most%2
	}
	if na > nb {
		return min(na, long), min(nb, short)
	}
	return min(na, short), min(nb, long)
}

func (s *sequence) cut(n int) {
	s.ids, s.offsets = s.ids[:n], s.offsets[:n]
}
