package entities

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// mark is an entity in a text: text[start:end], in bytes.
type mark struct {
	label      string
	start, end int
	score      float64
}

// marksOf places entities in a text. It skips an entity that is out of order, lies outside of the text or splits a character. It also
// trims punctuation at the ends of an entity, because the tagger's words reach from space to space.
func marksOf(text string, found []Entity) []mark {
	var out []mark
	at, units := 0, 0
	advance := func(unit int) bool { // moves forward to the character that begins at unit
		for units < unit && at < len(text) {
			r, n := utf8.DecodeRuneInString(text[at:])
			at += n
			units += utf16.RuneLen(r)
		}
		return units == unit
	}
	for _, e := range found {
		if e.Start < units || e.End <= e.Start || !advance(e.Start) {
			continue
		}
		start := at
		if !advance(e.End) {
			continue
		}
		if m := (mark{e.Label, start, at, e.Score}).trim(text); m.start < m.end {
			out = append(out, m)
		}
	}
	return out
}

// trim removes what is no letter or number, and a possessive, from the ends of a mark. The result may be empty. The last point of
// "U.S." stays, and accents stay with their letters.
func (m mark) trim(text string) mark {
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }
	outside := func(r rune) bool { return !word(r) && !unicode.IsMark(r) }
	s := text[m.start:m.end]
	s = s[max(0, strings.IndexFunc(s, word)):]
	if strings.IndexFunc(s, word) < 0 {
		s = ""
	}
	m.start = m.end - len(s)
	s = strings.TrimRightFunc(s, func(r rune) bool { return outside(r) && r != '.' })
	last := s[strings.LastIndexByte(s, ' ')+1:]
	if strings.HasSuffix(s, "..") || strings.Count(last, ".") < 2 {
		s = strings.TrimRightFunc(s, outside)
	}
	for _, possessive := range []string{"'s", "’s"} {
		s = strings.TrimSuffix(s, possessive)
	}
	m.end = m.start + len(s)
	return m
}

// keep returns the marks of old that lie before or behind what changed, at their places in text.
func keep(marks []mark, old, text string) []mark {
	head, most := 0, min(len(old), len(text))
	for head < most && old[head] == text[head] {
		head++
	}
	tail := 0
	for tail < most-head && old[len(old)-1-tail] == text[len(text)-1-tail] {
		tail++
	}
	var out []mark
	for _, m := range marks {
		switch {
		case m.end <= head:
			out = append(out, m)
		case m.start >= len(old)-tail:
			m.start += len(text) - len(old)
			m.end += len(text) - len(old)
			out = append(out, m)
		}
	}
	return out
}

// Run is a part of a text, marked or not.
type Run struct {
	Text  string
	Label string // "" if the part is not marked
}

// runs cuts a text at its marks. The runs together are the text.
func runs(text string, marks []mark) []Run {
	var out []Run
	at := 0
	for _, m := range marks {
		if m.start > at {
			out = append(out, Run{Text: text[at:m.start]})
		}
		out = append(out, Run{text[m.start:m.end], m.label})
		at = m.end
	}
	if at < len(text) {
		out = append(out, Run{Text: text[at:]})
	}
	return out
}

// Kind is the meaning of a label.
type Kind struct{ Label, One, Many string }

var kinds = []Kind{{"PER", "person", "persons"}, {"LOC", "place", "places"}, {"ORG", "organisation", "organisations"}}

// KindOf words a label. An unknown label is its own word.
func KindOf(label string) Kind {
	for _, k := range kinds {
		if k.Label == label {
			return k
		}
	}
	return Kind{label, label, label}
}

// Tally is how often a label was found.
type Tally struct {
	Label     string
	One, Name string // "person", "persons"
	N         int
}

// tallies counts marks by label: first the labels that every tagger has, then others in the order of their first mark.
func tallies(marks []mark) []Tally {
	var out []Tally
	for _, k := range kinds {
		out = append(out, Tally{k.Label, k.One, k.Many, 0})
	}
next:
	for _, m := range marks {
		for i := range out {
			if out[i].Label == m.label {
				out[i].N++
				continue next
			}
		}
		k := KindOf(m.label)
		out = append(out, Tally{k.Label, k.One, k.Many, 1})
	}
	return out
}
