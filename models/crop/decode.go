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
	s, _ := decode(pieces, types, lang)
	return s
}

// decode is Decode, which says besides of which entities words came back.
func decode(pieces, types []string, lang string) (s Sentence, back []bool) {
	s, back = Sentence{Words: []string{}, Labels: []string{}}, make([]bool, len(types))
	var text strings.Builder // of the current run between two slots
	open, inside := 0, false
	flush := func() {
		begin := true
		for _, word := range wordsOf(text.String(), lang) {
			label := Outside
			if inside {
				label = bio(begin, types[open])
				back[open] = true
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
			open, inside = j, true
		}
	}
	flush()
	return s, back
}

// Decode reads a translation of m as the function Decode does, or as DecodeWhole does if
// m is one entity. The line's note says between which markers no word came back.
func (m Marked) Decode(pieces []string, lang string) Line {
	if m.Whole && len(m.Types) > 0 {
		return Line{Sentence: DecodeWhole(pieces, m.Types[0], lang)}
	}
	s, back := decode(pieces, m.Types, lang)
	y := Line{Sentence: s}
	between := "nothing came back between markers: "
	for j, typ := range m.Types {
		if !back[j] {
			y.Note += between + Slot(j) + " (" + typ + ")"
			between = ", "
		}
	}
	return y
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
