package sentence

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Place is the place of a sentence in a text: text[Start:End], in bytes.
type Place struct{ Start, End int }

// Places returns the places of the sentences that [Paragraphs] returns, with the white space inside them. Between two places there are
// only white space and the markers of lists and headings. Pieces without a letter are dropped.
func Places(text string) []Place {
	var out []Place
	at := 0
	for _, p := range Paragraphs(text) {
		for _, s := range p.Sentences {
			start, end := find(text, at, strings.FieldsFunc(s, isSpace))
			if start < 0 {
				start, end = at, len(text) // a place that is too long is better than a sentence that is lost
			}
			if strings.IndexFunc(text[start:end], unicode.IsLetter) >= 0 {
				out = append(out, Place{start, end})
			}
			at = end
		}
	}
	return out
}

// find returns the first place in text, from at on, where words follow each other with only white space between them; −1 if there is none.
func find(text string, at int, words []string) (start, end int) {
	for len(words) > 0 {
		i := strings.Index(text[at:], words[0])
		if i < 0 {
			break
		}
		if end := follow(text, at+i, words); end >= 0 {
			return at + i, end
		}
		_, n := utf8.DecodeRuneInString(text[at+i:])
		at += i + n
	}
	return -1, -1
}

// follow returns the end of the last of words if they are at this place in text, −1 if they are not.
func follow(text string, at int, words []string) int {
	for i, w := range words {
		rest := text[at:]
		if i > 0 {
			rest = strings.TrimLeftFunc(rest, isSpace)
		}
		if !strings.HasPrefix(rest, w) {
			return -1
		}
		at = len(text) - len(rest) + len(w)
	}
	return at
}
