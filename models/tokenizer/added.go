package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

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
				if !unicode.IsSpace(r) {
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
				if !unicode.IsSpace(r) {
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
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z'
	}
	if unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control) {
		return true
	}
	for _, later := range laterWords {
		if r >= later[0] && r <= later[1] {
			return true
		}
	}
	return false
}

// laterWords are the characters of words that came after Unicode 15.0, the version
// of Go 1.26, up to that of the Rust library.
var laterWords = [...][2]rune{
	{0x897, 0x897}, {0x1C89, 0x1C8A}, {0xA7CB, 0xA7CD}, {0xA7DA, 0xA7DC}, {0x105C0, 0x105F3},
	{0x10D40, 0x10D65}, {0x10D69, 0x10D6D}, {0x10D6F, 0x10D85}, {0x10EC2, 0x10EC4}, {0x10EFC, 0x10EFC},
	{0x11380, 0x11389}, {0x1138B, 0x1138B}, {0x1138E, 0x1138E}, {0x11390, 0x113B5}, {0x113B7, 0x113C0},
	{0x113C2, 0x113C2}, {0x113C5, 0x113C5}, {0x113C7, 0x113CA}, {0x113CC, 0x113D3}, {0x113E1, 0x113E2},
	{0x116D0, 0x116E3}, {0x11BC0, 0x11BE0}, {0x11BF0, 0x11BF9}, {0x11F5A, 0x11F5A}, {0x13460, 0x143FA},
	{0x16100, 0x16139}, {0x16D40, 0x16D6C}, {0x16D70, 0x16D79}, {0x18CFF, 0x18CFF}, {0x1CCF0, 0x1CCF9},
	{0x1E5D0, 0x1E5FA}, {0x2EBF0, 0x2EE5D},
}
