package sentence

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Place is where a sentence stands: text[Start:End], in bytes.
type Place struct{ Start, End int }

// Places returns where the sentences of text stand, as they are written there: what [Paragraphs] gives, with its white space. Only white
// space and the markers of lists and headings lie between them; pieces without a letter are left out.
func Places(text string) []Place {
	var out []Place
	at := 0
	for _, p := range Paragraphs(text) {
		for _, s := range p.Sentences {
			start, end := find(text, at, strings.FieldsFunc(s, isSpace))
			if start < 0 {
				start, end = at, len(text) // rather too long than unread
			}
			if strings.IndexFunc(text[start:end], unicode.IsLetter) >= 0 {
				out = append(out, Place{start, end})
			}
			at = end
		}
	}
	return out
}

// find returns where words stand one after another in text, from at on, with nothing but white space between them; −1 if nowhere.
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

// follow returns where the last of words ends if they stand at, −1 if they do not.
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
