package tokenizer

import (
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// bertNormalizer is BertNormalizer: the cleaning of text that BERT was trained with; of
// Lowercase it is the last step, character by character, whatever the context.
type bertNormalizer struct{ clean, chinese, accents, lowercase bool }

func (b *bertNormalizer) normalize(a, tmp *aligned) {
	if b.clean {
		t := charData()
		mapRunes(a, tmp, func(r rune) rune {
			switch bits := t.of(r); {
			case bits&isCleaned != 0:
				return dropped
			case bits&isSpace != 0:
				return ' '
			}
			return r
		})
	}
	if b.chinese {
		mapRunes(a, tmp, func(r rune) rune {
			if isChinese(r) {
				return spaced
			}
			return r
		})
	}
	if b.accents {
		new(unicodeForm).normalize(a, tmp)
		dropClass(isAccent).normalize(a, tmp)
	}
	if b.lowercase {
		mapRunes(a, tmp, lower)
	}
}

// What mapRunes makes of a character beside another character.
const (
	dropped rune = -1 - iota // nothing
	spaced                   // itself between spaces
	dotted                   // i and U+0307, the only lower case of two characters
)

// mapRunes puts f(r) for each character r.
func mapRunes(a, tmp *aligned, f func(rune) rune) {
	e := edit(a, tmp)
	for i := 0; i < len(a.text); {
		r, n := decodeRune(a.text[i:])
		to := f(r)
		if to != r {
			e.keep(i - e.pos)
			first, second, third := to, rune(0), rune(0)
			switch to {
			case spaced:
				first, second, third = ' ', r, ' '
			case dotted:
				first, second = 'i', 0x307
			}
			if to == dropped {
				e.drop(n)
			} else {
				e.put(first, 0)
			}
			for _, c := range [...]rune{second, third} {
				if c != 0 {
					e.put(c, 1)
				}
			}
		}
		i += n
	}
	e.keep(len(a.text) - e.pos)
	*a, *tmp = *tmp, *a
}

// decodeRune is utf8.DecodeRune of text that is not empty.
func decodeRune(text []byte) (rune, int) {
	if text[0] < utf8.RuneSelf {
		return rune(text[0]), 1
	}
	return utf8.DecodeRune(text)
}

// isChinese is the range of characters that BERT writes spaces around.
func isChinese(r rune) bool {
	return r >= 0x3400 && (r <= 0x4DBF || r >= 0x4E00 && r <= 0x9FFF || r >= 0xF900 && r <= 0xFAFF ||
		r >= 0x20000 && r <= 0x2A6DF || r >= 0x2A700 && r <= 0x2B81F || r >= 0x2B920 && r <= 0x2CEAF || r >= 0x2F800 && r <= 0x2FA1F)
}

func parseBertNormalizer(c *component) (*bertNormalizer, error) {
	b := &bertNormalizer{clean: true, chinese: true, lowercase: true}
	accents := false
	err := c.fields(field{"clean_text", &b.clean}, field{"handle_chinese_chars", &b.chinese}, field{"lowercase", &b.lowercase}, field{"strip_accents", func(d *strictjson.Decoder) error {
		if d.Peek() == strictjson.Null {
			return d.Null()
		}
		accents = true
		return readInto(d, &b.accents)
	}})
	if !accents {
		b.accents = b.lowercase
	}
	return b, err
}

// bertPreTokenizer is BertPreTokenizer: words end at white space, and each punctuation
// mark is a word.
type bertPreTokenizer struct{}

func (bertPreTokenizer) preTokenize(in *aligned, _ *workspace, emit func(*aligned) bool) bool {
	t := charData()
	return cutWords(in, emit, func(r rune) cut {
		switch bits := t.of(r); {
		case bits&isSpace != 0:
			return cutOut
		case bits&isPunctuation != 0:
			return cutAlone
		}
		return 0
	})
}

// digits is Digits: numbers, or each digit of them, are words of their own.
type digits struct{ individual bool }

func (x *digits) preTokenize(in *aligned, _ *workspace, emit func(*aligned) bool) bool {
	t := charData()
	return cutWords(in, emit, func(r rune) cut {
		switch {
		case t.of(r)&isDigit == 0:
			return 0
		case x.individual:
			return cutAlone
		}
		return 1
	})
}

// cut is the kind of a character: runs of one kind are a word, apart from these.
type cut byte

const (
	cutAlone cut = 2 + iota // a word of its own
	cutOut                  // of no word
)

// cutWords emits the words of in by the kinds of its characters.
func cutWords(in *aligned, emit func(*aligned) bool, kind func(rune) cut) bool {
	var word aligned // one for all calls of emit: it escapes
	start, last := 0, cutOut
	for i := 0; ; {
		k, n := cutOut, 0
		if i < len(in.text) {
			var r rune
			r, n = decodeRune(in.text[i:])
			k = kind(r)
		}
		if i > start && (k != last || k == cutAlone) {
			word = in.slice(start, i)
			start = i
			if last != cutOut && !emit(&word) {
				return false
			}
		}
		if n == 0 {
			return true
		}
		if k == cutOut {
			start = i + n
		}
		last = k
		i += n
	}
}
