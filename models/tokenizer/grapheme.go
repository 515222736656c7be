package tokenizer

import "unicode/utf8"

// graphemes finds grapheme clusters (UAX #29, Unicode 16), of which regional indicators
// are left out: whether they join makes no difference to Precompiled.
type graphemes struct {
	chars *chars
	last  rune // the latest character of the cluster
	state graphemeState
}

type graphemeState byte

const (
	afterPictograph graphemeState = 1 + iota // and any Extend
	afterJoiner                              // ZWJ behind that
	afterConsonant                           // of an Indic script, and any Extend
	afterLinker                              // a virama among those
)

const zeroWidthJoiner = 0x200D

// next is the length of the cluster at the start of text, which is not empty.
func (g *graphemes) next(text []byte) int {
	r, n := decodeRune(text)
	if n == len(text) || r < utf8.RuneSelf && text[n] < utf8.RuneSelf && r != '\r' {
		return n
	}
	for g.start(r); n < len(text); {
		r, size := decodeRune(text[n:])
		if !g.joins(r) {
			break
		}
		n += size
	}
	return n
}

//go:noinline
func (g *graphemes) start(r rune) {
	g.last, g.state = r, 0
	switch {
	case g.chars.of(r)&isPictograph != 0:
		g.state = afterPictograph
	case inRanges(r, consonants):
		g.state = afterConsonant
	}
}

// joins reports whether r belongs to the cluster, and if so makes it the latest character.
func (g *graphemes) joins(r rune) bool {
	bits := g.chars.of(r)
	last, state := g.last, g.state
	switch {
	case last == '\r' && r == '\n':
	case inRanges(last, controls), inRanges(r, controls):
		return false
	case bits&isExtend != 0:
		g.last = r
		switch {
		case state == afterPictograph && r == zeroWidthJoiner:
			g.state = afterJoiner
		case state == afterConsonant && inRanges(r, linkers):
			g.state = afterLinker
		case state == afterJoiner, bits&isMn == 0 && !inRanges(r, extenders):
			g.state = 0
		}
		return true
	case inRanges(last, prepended),
		state == afterJoiner && bits&isPictograph != 0,
		state == afterLinker && inRanges(r, consonants):
	default:
		if !hangulJoins(last, r) {
			return false
		}
	}
	g.start(r)
	return true
}

// hangulJoins reports whether r goes on the syllable that last is of.
func hangulJoins(last, r rune) bool {
	before := hangulKind(last)
	switch hangulKind(r) {
	case 'L', 'G', 'H':
		return before == 'L'
	case 'V':
		return before == 'L' || before == 'V' || before == 'G'
	case 'T':
		return before != 0 && before != 'L'
	}
	return false
}

// hangulKind is L, V or T of a jamo, G of a syllable without and H of one with a final
// consonant, 0 of other characters.
func hangulKind(r rune) byte {
	switch {
	case r < hangulL:
		return 0
	case r < 0x1160 || r >= 0xA960 && r <= 0xA97C:
		return 'L'
	case r < 0x11A8 || r >= 0xD7B0 && r <= 0xD7C6:
		return 'V'
	case r < 0x1200 || r >= 0xD7CB && r <= 0xD7FB:
		return 'T'
	case r < hangulS || r >= hangulS+hangulSCount:
		return 0
	case (r-hangulS)%hangulTCount == 0:
		return 'G'
	}
	return 'H'
}

// The characters that rules of UAX #29 name, as pairs of first and last. Of controls those
// of four bytes are left out: their clusters are long or single.
const (
	controls  = "\x00\x1f\x7f\u009f\u00ad\u00ad\u061c\u061c\u180e\u180e\u200b\u200b\u200e\u200f\u2028\u202e\u2060\u206f\ufeff\ufeff\ufff0\ufffb"
	prepended = "\u0600\u0605\u06dd\u06dd\u070f\u070f\u0890\u0891\u08e2\u08e2\u0d4e\u0d4e\U000110bd\U000110bd\U000110cd\U000110cd\U000111c2\U000111c3\U000113d1\U000113d1\U0001193f\U0001193f\U00011941\U00011941\U00011a3a\U00011a3a\U00011a84\U00011a89\U00011d46\U00011d46\U00011f02\U00011f02"
	// Indic_Conjunct_Break: Consonant and Linker; and the spacing marks that are Extend.
	consonants = "\u0915\u0939\u0958\u095f\u0978\u097f\u0995\u09a8\u09aa\u09b0\u09b2\u09b2\u09b6\u09b9\u09dc\u09dd\u09df\u09df\u09f0\u09f1\u0a95\u0aa8\u0aaa\u0ab0\u0ab2\u0ab3\u0ab5\u0ab9\u0af9\u0af9\u0b15\u0b28\u0b2a\u0b30\u0b32\u0b33\u0b35\u0b39\u0b5c\u0b5d\u0b5f\u0b5f\u0b71\u0b71\u0c15\u0c28\u0c2a\u0c39\u0c58\u0c5a\u0d15\u0d3a"
	linkers    = "\u094d\u094d\u09cd\u09cd\u0acd\u0acd\u0b4d\u0b4d\u0c4d\u0c4d\u0d4d\u0d4d"
	extenders  = "\u09be\u09be\u09d7\u09d7\u0b3e\u0b3e\u0b57\u0b57\u0d3e\u0d3e\u0d57\u0d57\u200d\u200d"
)

// inRanges reports whether r is in one of the ranges.
func inRanges(r rune, ranges runeReader) bool {
	for ranges.more() {
		first := ranges.next()
		if r < first {
			return false
		}
		if r <= ranges.next() {
			return true
		}
	}
	return false
}
