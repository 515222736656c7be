package ui

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// mark is an entity in a text of this package's own: text[start:end], in bytes.
type mark struct {
	label      string
	start, end int
	score      float64
}

// marksOf places entities in a text. One that is not in order, lies outside of the text or cuts a character in half is left out, and so is
// what of a mark is punctuation at the ends: to the tagger a word reaches from space to space.
func marksOf(text string, found []Entity) []mark {
	var out []mark
	at, units := 0, 0
	to := func(unit int) bool { // goes forward to the character that begins at unit
		for units < unit && at < len(text) {
			r, n := utf8.DecodeRuneInString(text[at:])
			at += n
			units += utf16.RuneLen(r)
		}
		return units == unit
	}
	for _, e := range found {
		if e.Start < units || e.End <= e.Start || !to(e.Start) {
			continue
		}
		start := at
		if !to(e.End) {
			continue
		}
		if m := (mark{e.Label, start, at, e.Score}).trim(text); m.start < m.end {
			out = append(out, m)
		}
	}
	return out
}

// trim leaves what is no letter or number and a possessive at the ends of a mark out; nothing may be left. The last point of "U.S." stays,
// and accents stay with their letters.
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

// keep returns the marks of old that are still there in text, where they are now: those before and those behind what changed.
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

// MarkedRun is a part of a text that is marked, or one that is not.
type MarkedRun struct {
	Text  string
	Label string // "" where it is not marked
}

// runs cuts a text at its marks; together the runs are the text.
func runs(text string, marks []mark) []MarkedRun {
	var out []MarkedRun
	at := 0
	for _, m := range marks {
		if m.start > at {
			out = append(out, MarkedRun{Text: text[at:m.start]})
		}
		out = append(out, MarkedRun{text[m.start:m.end], m.label})
		at = m.end
	}
	if at < len(text) {
		out = append(out, MarkedRun{Text: text[at:]})
	}
	return out
}

// kind is what a label means.
type kind struct{ label, one, many string }

var kinds = []kind{{"PER", "person", "persons"}, {"LOC", "place", "places"}, {"ORG", "organisation", "organisations"}}

// kindOf words a label; one that is unknown is its own word.
func kindOf(label string) kind {
	for _, k := range kinds {
		if k.label == label {
			return k
		}
	}
	return kind{label, label, label}
}

// Tally is how often a label was found.
type Tally struct {
	Label     string
	One, Name string // "person", "persons"
	N         int
}

// tallies counts marks by label: first those that every tagger knows, then others as they come.
func tallies(marks []mark) []Tally {
	var out []Tally
	for _, k := range kinds {
		out = append(out, Tally{k.label, k.one, k.many, 0})
	}
next:
	for _, m := range marks {
		for i := range out {
			if out[i].Label == m.label {
				out[i].N++
				continue next
			}
		}
		k := kindOf(m.label)
		out = append(out, Tally{k.label, k.one, k.many, 1})
	}
	return out
}

// FoundRow is an entity in the table.
type FoundRow struct {
	Text, Label string
	Kind        string // "person"
	Sure        string // "almost sure, 97 %"
}

// sure words a score. No score is 100 %.
func sure(score float64) string {
	percent := max(0, min(99, int(score*100)))
	word := "a guess"
	switch {
	case percent >= 95:
		word = "almost sure"
	case percent >= 80:
		word = "fairly sure"
	case percent >= 60:
		word = "not sure"
	}
	return word + ", " + strconv.Itoa(percent) + "\u00A0%"
}
