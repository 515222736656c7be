package siteindex

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxWord = 64 // code points; longer words are dropped
	maxTerm = 64 // bytes
)

// A Word is a word of a text as FORMAT.md defines it, lower case, before the stemmer.
type Word struct {
	Text    string
	Letters bool // letters only: it is stemmed, and its spelling is kept
	Start   int  // bytes of the word that it is or is a part of, in the normalised text
	End     int
}

// Words calls yield with the words of a text and their parts. The text has to be
// normalised by [Normalize].
func Words(text string, yield func(Word)) {
	start, points := -1, 0
	flush := func(end int) {
		if start >= 0 && points <= maxWord {
			whole(text[start:end], start, yield)
		}
		start, points = -1, 0
	}
	joined := false // the run is of a script without spaces
	for i, r := range text {
		if !isWord(r) {
			flush(i)
			continue
		}
		if s := isSpaceless(r); start < 0 || s != joined {
			flush(i)
			start, joined = i, s
		}
		points++
		if joined && points == maxWord { // long text without spaces is a sequence of words
			flush(i + utf8.RuneLen(r))
		}
	}
	flush(len(text))
}

// Normalize is the first step of words and of pieces: NFKC, without soft hyphens.
func Normalize(text string) string {
	return strings.ReplaceAll(norm.NFKC.String(text), "\u00ad", "")
}

func isWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r)
}

func isSpaceless(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// whole yields a run of word characters and its parts.
func whole(run string, at int, yield func(Word)) {
	first, _ := utf8.DecodeRuneInString(run)
	if isSpaceless(first) {
		pairs(run, at, yield)
		return
	}
	trimmed := strings.Trim(run, "_")
	if trimmed == "" {
		return
	}
	at += strings.Index(run, trimmed)
	end := at + len(trimmed)
	yield(Word{lower(trimmed), onlyLetters(trimmed), at, end})
	parts(trimmed, func(part string) {
		if utf8.RuneCountInString(part) >= 2 {
			yield(Word{lower(part), onlyLetters(part), at, end})
		}
	})
}

// pairs yields neighbouring code points.
func pairs(run string, at int, yield func(Word)) {
	before, n := 0, 0
	for i, r := range run {
		if n > 0 {
			end := i + utf8.RuneLen(r)
			yield(Word{lower(run[before:end]), false, at + before, at + end})
		}
		before = i
		n++
	}
	if n == 1 {
		yield(Word{lower(run), false, at, at + len(run)})
	}
}

// parts yields the parts of a word that has more than one.
func parts(word string, yield func(string)) {
	start, cut := 0, false
	var before rune
	for i, r := range word {
		if i > 0 && boundary(before, r) {
			yield(word[start:i])
			start, cut = i, true
		}
		if r == '_' {
			start, cut = i+1, true
		}
		before = r
	}
	if cut {
		yield(word[start:])
	}
}

func boundary(a, b rune) bool {
	return b == '_' && a != '_' ||
		unicode.IsLower(a) && unicode.IsUpper(b) ||
		unicode.IsLetter(a) && unicode.IsNumber(b) ||
		unicode.IsNumber(a) && unicode.IsLetter(b)
}

func lower(s string) string { return strings.ToLower(s) }

func onlyLetters(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			return false
		}
	}
	return true
}

// Terms calls yield with the terms of a text in a language: its words, stemmed.
func Terms(text, language string, yield func(term string)) {
	stem := stemmer(language)
	Words(Normalize(text), func(w Word) {
		if t := termOf(w, stem); t != "" {
			yield(t)
		}
	})
}

func termOf(w Word, stem func(string) string) string {
	t := w.Text
	if w.Letters {
		t = stem(t)
	}
	if len(t) > maxTerm {
		return ""
	}
	return t
}
