package tokenizer

import (
	"unicode"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// bertNormalizer is BertNormalizer: the cleaning of text that BERT was trained with.
type bertNormalizer struct{ clean, chinese, accents, lowercase bool }

func (b bertNormalizer) normalize(a, tmp *aligned) {
	if b.clean {
		filter(a, tmp, cleanedClass())
		mapRunes(a, tmp, func(r rune) rune {
			if unicode.IsSpace(r) {
				return ' '
			}
			return r
		})
	}
	if b.chinese {
		e := edit(a, tmp)
		for e.pos < len(a.text) {
			r, n := utf8.DecodeRune(a.text[e.pos:])
			if isChinese(r) {
				e.put(' ', 0)
				e.put(r, 1)
				e.put(' ', 1)
			} else {
				e.keep(n)
			}
		}
		*a, *tmp = *tmp, *a
	}
	if b.accents {
		unicodeForm{}.normalize(a, tmp)
		filter(a, tmp, accentClass())
	}
	if b.lowercase {
		lowercase{}.normalize(a, tmp)
	}
}

// lowercase is Lowercase: character by character, whatever the context.
type lowercase struct{}

func (lowercase) normalize(a, tmp *aligned) { mapRunes(a, tmp, lower) }

// filter drops the characters of a class.
func filter(a, tmp *aligned, drop *class) {
	e := edit(a, tmp)
	for i := 0; i < len(a.text); {
		r, n := rune(a.text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(a.text[i:])
		}
		if drop.has(r) {
			e.keep(i - e.pos)
			e.drop(n)
		}
		i += n
	}
	e.keep(len(a.text) - e.pos)
	*a, *tmp = *tmp, *a
}

// mapRunes puts f(r) for each character r.
func mapRunes(a, tmp *aligned, f func(rune) rune) {
	e := edit(a, tmp)
	for i := 0; i < len(a.text); {
		r, n := rune(a.text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(a.text[i:])
		}
		if to := f(r); to != r {
			e.keep(i - e.pos)
			e.put(to, 0)
			if r == 'İ' && to == 'i' { // the only lower case of two characters
				e.put('\u0307', 1)
			}
		}
		i += n
	}
	e.keep(len(a.text) - e.pos)
	*a, *tmp = *tmp, *a
}

// isChinese is the range of characters that BERT writes spaces around.
func isChinese(r rune) bool {
	return r >= 0x3400 && (r <= 0x4DBF || r >= 0x4E00 && r <= 0x9FFF || r >= 0xF900 && r <= 0xFAFF ||
		r >= 0x20000 && r <= 0x2A6DF || r >= 0x2A700 && r <= 0x2B81F || r >= 0x2B920 && r <= 0x2CEAF || r >= 0x2F800 && r <= 0x2FA1F)
}

func parseBertNormalizer(c *component) (normalizer, error) {
	b := bertNormalizer{clean: true, chinese: true, lowercase: true}
	accents := false
	said := false
	err := c.fields(func(d *strictjson.Decoder, key string) (known bool, err error) {
		switch key {
		case "clean_text":
			b.clean, err = d.Bool()
		case "handle_chinese_chars":
			b.chinese, err = d.Bool()
		case "strip_accents":
			if d.Peek() == strictjson.Null {
				return true, d.Null()
			}
			said = true
			accents, err = d.Bool()
		case "lowercase":
			b.lowercase, err = d.Bool()
		default:
			return false, nil
		}
		return true, err
	})
	b.accents = b.lowercase
	if said {
		b.accents = accents
	}
	return b, err
}

// bertPreTokenizer is BertPreTokenizer: words end at white space, and each punctuation
// mark is a word.
type bertPreTokenizer struct{}

func (bertPreTokenizer) preTokenize(in *aligned, _ *workspace, emit func(*aligned) bool) bool {
	punctuation := punctuationClass()
	var word aligned // one for all calls of emit: it escapes
	start := 0
	cut := func(end int) bool {
		if start == end {
			return true
		}
		word = in.slice(start, end)
		start = end
		return emit(&word)
	}
	for i := 0; i < len(in.text); {
		r, n := rune(in.text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(in.text[i:])
		}
		switch {
		case unicode.IsSpace(r):
			if !cut(i) {
				return false
			}
			start = i + n
		case punctuation.has(r):
			if !cut(i) || !cut(i+n) {
				return false
			}
		}
		i += n
	}
	return cut(len(in.text))
}

// digits is Digits: numbers, or each digit of them, are words of their own.
type digits struct{ individual bool }

func (x digits) preTokenize(in *aligned, _ *workspace, emit func(*aligned) bool) bool {
	set := digitClass()
	var word aligned
	start, number := 0, false
	for i := 0; i < len(in.text); {
		r, n := rune(in.text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(in.text[i:])
		}
		is := set.has(r)
		if i > start && (is != number || is && x.individual) {
			word = in.slice(start, i)
			start = i
			if !emit(&word) {
				return false
			}
		}
		number = is
		i += n
	}
	if start == len(in.text) {
		return true
	}
	word = in.slice(start, len(in.text))
	return emit(&word)
}
