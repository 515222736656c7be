package crop

import (
	"strings"
	"unicode/utf8"
)

// Decode reads the pieces of a translation with slots: words, and labels from the types
// of the marked sentence's entities (Marked.Types). For a line of text the pieces are
// strings.Fields(line).
//
// A translation may drop, double and move slots, so pairs are not trusted. A slot while
// none is open opens an entity of its index; any slot while one is open closes it,
// whatever its index; one that nothing closes goes on to the end.
//
// A slot without an entity never opens, and text inside it is outside (the authors' code
// ends with an IndexError there). A slot is a slot only as a piece of its own, so a text
// that spells one in several pieces stays text.
//
// Words are what lies between U+2581 and spaces; in Chinese, Japanese and Thai, single
// characters (code points). There is one label a word.
func Decode(pieces, types []string, lang string) Sentence {
	s := Sentence{Words: []string{}, Labels: []string{}}
	var text strings.Builder // of the current run between two slots
	open, inside := "", false
	flush := func() {
		begin := true
		for _, word := range wordsOf(text.String(), lang) {
			label := Outside
			if inside {
				label = bio(begin, open)
			}
			s.Words, s.Labels = append(s.Words, word), append(s.Labels, label)
			begin = false
		}
		text.Reset()
	}
	for _, piece := range pieces {
		j, is := parseSlot(piece)
		if !is {
			text.WriteString(strings.ReplaceAll(piece, " ", ""))
			continue
		}
		known := j < len(types) && j < MaxSlots && types[j] != ""
		flush()
		switch {
		case inside:
			inside = false
		case known:
			open, inside = types[j], true
		}
	}
	flush()
	return s
}

// DecodeWhole reads the translation of a sentence that is one entity as a whole, of the
// type typ: whatever the translation did to the slots, all of its words are the entity.
func DecodeWhole(pieces []string, typ, lang string) Sentence {
	s := Decode(pieces, nil, lang)
	for i := range s.Labels {
		s.Labels[i] = bio(i == 0, typ)
	}
	return s
}

func bio(begin bool, typ string) string {
	if begin {
		return "B-" + typ
	}
	return "I-" + typ
}

// wordsOf makes words of joined pieces.
func wordsOf(text, lang string) []string {
	words := strings.Fields(strings.ReplaceAll(text, wordStart, " "))
	if !byCharacter(lang) {
		return words
	}
	var characters []string
	for _, word := range words {
		for len(word) > 0 {
			_, n := utf8.DecodeRuneInString(word)
			characters = append(characters, word[:n])
			word = word[n:]
		}
	}
	return characters
}
