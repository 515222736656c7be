package tokenizer

import "unicode/utf8"

// addedToken is an entry of added_tokens: text that is one token wherever it occurs.
type addedToken struct {
	content    string
	id         int32
	singleWord bool // only between characters that are not of words
	lstrip     bool // swallows white space before it
	rstrip     bool // swallows white space after it
	normalized bool // looked for in normalised text
	special    bool // left out by Decode on request
}

// splitter finds added tokens in text, at each place the longest.
type splitter struct {
	trie   *trie
	tokens []addedToken // by number in the trie
}

// newSplitter looks for tokens, written as patterns; of equal patterns the first counts.
//
//go:noinline
func newSplitter(tokens []addedToken, patterns []string) *splitter {
	t, _ := buildTrie(patterns)
	return &splitter{t, tokens}
}

// split calls emit for the sections of text, none of them empty, until emit returns
// false, and reports whether it never did. id is the added token or -1. Special
// tokens are ordinary text unless special is set.
//
// White space that one token swallowed on its right may belong to the next match
// as well; then both have it, as in Hugging Face tokenizers.
func (s *splitter) split(text []byte, special bool, emit func(lo, hi int, id int32) bool) bool {
	done := 0     // text before this has been emitted
	spaceEnd := 0 // end of the white space that was measured last
	for i := 0; i < len(text); {
		if s.trie.root[text[i]] == 0 {
			i++
			continue
		}
		number, n := s.trie.longest(text[i:])
		if number < 0 {
			i++
			continue
		}
		start, stop := i, i+n
		i = stop
		t := &s.tokens[number]
		if t.special && !special || t.singleWord && (wordBefore(text[:start]) || wordAfter(text[stop:])) {
			continue
		}
		if t.lstrip {
			start = max(done, start)
			for start > done {
				r, n := utf8.DecodeLastRune(text[done:start])
				if !isSpaceRune(r) {
					break
				}
				start -= n
			}
		}
		if t.rstrip {
			if stop < spaceEnd {
				stop = spaceEnd
			}
			for stop < len(text) {
				r, n := utf8.DecodeRune(text[stop:])
				if !isSpaceRune(r) {
					break
				}
				stop += n
			}
			spaceEnd = stop
		}
		if done < start && !emit(done, start, -1) {
			return false
		}
		if start < stop && !emit(start, stop, t.id) {
			return false
		}
		done = stop
	}
	return done >= len(text) || emit(done, len(text), -1)
}

func wordBefore(text []byte) bool {
	r, n := utf8.DecodeLastRune(text)
	return n > 0 && isWord(r)
}

func wordAfter(text []byte) bool {
	r, n := utf8.DecodeRune(text)
	return n > 0 && isWord(r)
}

// isWord is \w of UTS #18 as the regex crate of the Rust library has it.
func isWord(r rune) bool { return charData().of(r)&isWordChar != 0 }
