package crop

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// wellFormedBIO tells whether labels stay what they are under RepairBIO.
func wellFormedBIO(labels []string) bool {
	fixed, err := RepairBIO(labels)
	return err == nil && slices.Equal(fixed, labels)
}

func FuzzDecode(f *testing.F) {
	f.Add("__SLOT0__ ▁Ang ela ▁Mer kel __SLOT1__ ▁in __SLOT99999999999999999999__ ▁Par is", "PER LOC", "de")
	f.Add("__SLOT0__ 東京 __SLOT0__ に行く ▁\xff", "LOC", "ja")
	f.Add("\xe2 \x96\x81 \xe2 __SLOT0__ \x96\x81", "X", "de") // U+2581 in two pieces
	f.Add("__SLOT-1__ __SLOT__ ▁__SLOT0__ ▁▁ __SLOT0____SLOT1__", "B-X", "th")
	f.Fuzz(func(t *testing.T, line, types, lang string) {
		pieces := strings.Split(line, " ")
		for _, s := range []Sentence{Decode(pieces, strings.Fields(types), lang), DecodeWhole(pieces, "PER", lang)} {
			if len(s.Words) != len(s.Labels) || !wellFormedBIO(s.Labels) {
				t.Fatalf("%q: %d words, labels %q", line, len(s.Words), s.Labels)
			}
			// Nothing of the text is lost, nothing comes in: the words are the pieces
			// that are no slots, without space.
			var text strings.Builder
			for _, p := range pieces {
				if _, is := parseSlot(p); is {
					p = wordStart
				}
				text.WriteString(p)
			}
			spaced := strings.ReplaceAll(text.String(), wordStart, " ")
			if got, want := strings.Join(s.Words, ""), strings.Join(strings.Fields(spaced), ""); got != want {
				t.Fatalf("%q: the words hold %q, the pieces %q", line, got, want)
			}
		}
	})
}

func FuzzProject(f *testing.F) {
	f.Add("Angela Merkel besucht Paris", "Angela/B-PER Merkel/I-PER besuchte gestern Paris/B-LOC")
	f.Add("A x B", "x/B-LOC A/B-ORG B/I-ORG")
	f.Add("a a", "a/I-X b/X /O c/")
	f.Fuzz(func(t *testing.T, target, translated string) {
		words, s := fields(target), sentence(translated)
		labels, err := Project(words, s)
		some, lost, failed := ProjectSome(words, s)
		if failed == nil && (len(some) != len(words) || !wellFormedBIO(some)) || (failed != nil || lost != nil) != (err != nil) || err == nil && !slices.Equal(some, labels) {
			t.Fatalf("some: %q, lost %v, %v; all: %q, %v", some, lost, failed, labels, err)
		}
		if err != nil {
			if labels != nil || !errors.Is(err, ErrProjection) && !errors.Is(err, ErrLabel) {
				t.Fatalf("%q with %v", labels, err)
			}
			return
		}
		if len(labels) != len(words) || !wellFormedBIO(labels) {
			t.Fatalf("%d words, labels %q", len(words), labels)
		}
		placed, _ := Entities(labels)
		asked, _ := Entities(s.Labels)
		if len(placed) > len(asked) || len(asked) > 0 && len(placed) == 0 {
			t.Fatalf("%d entities became %d", len(asked), len(placed))
		}
	})
}

// What is marked comes back: a translation that changes nothing keeps words and labels.
func FuzzInsertThenDecode(f *testing.F) {
	f.Add("Angela/B-PER Merkel/I-PER sah Rom/B-LOC Bonn/B-LOC", false)
	f.Add("去 北/B-LOC 京/I-LOC 2 0 年/B-MISC", true)
	f.Add("__SLOT0__/B-PER ▁ __SLOT1__", false)
	f.Fuzz(func(t *testing.T, text string, byChar bool) {
		lang, segment := "de", Segmenter(threes)
		if byChar {
			lang, segment = "zh", characters
		}
		s := sentence(text)
		for _, word := range s.Words {
			// An empty word cannot come back, U+2581 is a space in pieces, and by
			// character words are single runes.
			if word == "" || strings.Contains(word, wordStart) || byChar && len([]rune(word)) != 1 || strings.ToValidUTF8(word, "") != word {
				return
			}
		}
		m, err := Insert(s, lang, segment)
		if err != nil {
			if m.Pieces != nil || !errors.Is(err, ErrLabel) && !errors.Is(err, ErrTooManyEntities) && !errors.Is(err, ErrReserved) {
				t.Fatal(err)
			}
			return
		}
		fixed, _ := RepairBIO(s.Labels)
		if got := Decode(m.Pieces, m.Types, lang); !slices.Equal(got.Words, s.Words) || !slices.Equal(got.Labels, fixed) {
			t.Fatalf("%q %q came back as %q %q through %q", s.Words, fixed, got.Words, got.Labels, m.Pieces)
		}
	})
}

func FuzzEnglishWords(f *testing.F) {
	f.Add(`"Don't," she said. 'Twas the U.S. (a.m.)...`)
	f.Add("\xff'' ``` «a.»” ")
	f.Fuzz(func(t *testing.T, text string) {
		for _, word := range EnglishWords(text) {
			if word == "" || len(strings.Fields(word)) != 1 {
				t.Fatalf("%q has the word %q", text, word)
			}
		}
	})
}
