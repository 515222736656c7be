package crop

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Word is text[Start:End], in bytes.
type Word struct {
	Text       string
	Start, End int
}

// Split makes words of a sentence as it was typed, for Pipeline.Run. In Chinese, Japanese
// and Thai each character is one. Elsewhere they lie between spaces, and punctuation at
// either end of a word is a word a rune; but a word that has a full stop inside keeps the
// one at its end (z.B.). The official data came in words, so this rule is ours.
func Split(text, lang string) []Word {
	var words []Word
	add := func(start, end int) { words = append(words, Word{text[start:end], start, end}) }
	runes := func(start, end int) {
		for start < end {
			_, n := utf8.DecodeRuneInString(text[start:end])
			add(start, start+n)
			start += n
		}
	}
	for start := 0; start < len(text); {
		r, n := utf8.DecodeRuneInString(text[start:])
		if unicode.IsSpace(r) {
			start += n
			continue
		}
		end := len(text)
		if i := strings.IndexFunc(text[start:], unicode.IsSpace); i >= 0 {
			end = start + i
		}
		if byCharacter(lang) {
			runes(start, end)
		} else {
			field := text[start:end]
			first := end - len(strings.TrimLeftFunc(field, unicode.IsPunct))
			last := max(first, start+len(strings.TrimRightFunc(field, unicode.IsPunct)))
			if last < end && text[last] == '.' && strings.Contains(text[first:last], ".") {
				last++
			}
			runes(start, first)
			if first < last {
				add(first, last)
			}
			runes(last, end)
		}
		start = end
	}
	return words
}
