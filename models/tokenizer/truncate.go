package tokenizer

import "github.com/lodestone-wasm/lodestone/kernels/lean"

// TruncationStrategy says which text of a pair is cut.
type TruncationStrategy byte

// The strategies of Hugging Face tokenizers. The last two fail where the text to be cut
// would have no token left.
const (
	LongestFirst TruncationStrategy = iota
	OnlyFirst
	OnlySecond
)

// truncated gives the lengths to which sequences of na and nb tokens are cut to
// have at most room tokens; room < 0 is no limit.
func truncated(na, nb, room int, s TruncationStrategy, pair bool) (int, int, error) {
	if room < 0 || na+nb <= room {
		return na, nb, nil
	}
	over := na + nb - room
	switch {
	case room == 0:
		return 0, 0, nil
	case s == LongestFirst && pair:
		na, nb = truncatePair(na, nb, room)
		return na, nb, nil
	case s == LongestFirst:
		return room, 0, nil
	case s == OnlyFirst && na > over:
		return na - over, nb, nil
	case s == OnlySecond && pair && nb > over:
		return na, nb - over, nil
	}
	return 0, 0, lean.Errorf("%w: tokenizer: the texts have %d and %d tokens, and Strategy allows to cut one of them, which does not make room for %d", ErrOptions, na, nb, room)
}

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

//go:noinline
func (s *sequence) reset() {
	s.ids, s.offsets, s.words, s.firsts = s.ids[:0], s.offsets[:0], s.words[:0], s.firsts[:0]
}

// keep leaves the tokens lo to hi.
//
//go:noinline
func (s *sequence) keep(lo, hi int) {
	s.ids, s.offsets, s.words = s.ids[lo:hi], s.offsets[lo:hi], s.words[lo:hi]
	if len(s.firsts) > 0 {
		if s.firsts = s.firsts[lo:hi]; lo > 0 && hi > lo {
			s.offsets = append([]Offset(nil), s.offsets...) // others may have a part of it
			s.offsets[0] = s.firsts[0]
		}
	}
}
