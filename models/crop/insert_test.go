package crop

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// characters is a segmenter of text without spaces: the mark of the start, then a piece
// for each character, but runs of digits are one piece.
func characters(text string) ([]string, error) {
	pieces := []string{wordStart}
	digits := false
	for _, r := range text {
		isDigit := '0' <= r && r <= '9'
		if isDigit && digits {
			pieces[len(pieces)-1] += string(r)
		} else {
			pieces = append(pieces, string(r))
		}
		digits = isDigit
	}
	return pieces, nil
}

// single is like characters, but each digit is a piece.
func single(text string) ([]string, error) {
	return append([]string{wordStart}, strings.Split(text, "")...), nil
}

func TestInsertByWord(t *testing.T) {
	for _, c := range []struct{ name, in, want, types string }{
		{"entities are numbered left to right", "Rom/B-LOC und Max/B-PER", "__SLOT0__ ▁Rom __SLOT0__ ▁und __SLOT1__ ▁Max __SLOT1__", "LOC PER"},
		{"never inside a word", "in Heidelberg/B-LOC .", "▁in __SLOT0__ ▁Hei del ber g __SLOT0__ ▁.", "LOC"},
		{"neighbours get a slot each", "A/B-PER B/B-PER I/I-PER", "__SLOT0__ ▁A __SLOT0__ __SLOT1__ ▁B ▁I __SLOT1__", "PER PER"},
		{"labels are repaired first", "A/I-PER B/I-LOC", "__SLOT0__ ▁A __SLOT0__ __SLOT1__ ▁B __SLOT1__", "PER LOC"},
		{"no entity", "gar nichts", "▁gar ▁nic hts", ""},
		{"no word", "", "", ""},
	} {
		m, err := Insert(sentence(c.in), "en", threes)
		if got := strings.Join(m.Pieces, " "); err != nil || got != c.want || strings.Join(m.Types, " ") != c.types {
			t.Errorf("%s: %q of %q, %v, want %q of %q", c.name, got, m.Types, err, c.want, c.types)
		}
	}
}

// SentencePiece's normalisation makes a space of some characters ("¨" is " ̈" in NFKC)
// and drops others, which shifts words against pieces when a sentence is cut as a whole.
func TestInsertKeepsBordersWhereAWordIsSeveralOrNone(t *testing.T) {
	segment := func(text string) ([]string, error) {
		return threes(strings.NewReplacer("¨", " ̈", "\u200b", "").Replace(text))
	}
	m, err := Insert(Sentence{[]string{"\u200b", "¨x", "Rom", "ja"}, fields("O O B-LOC O")}, "en", segment)
	want := "▁̈x __SLOT0__ ▁Rom __SLOT0__ ▁ja"
	if got := strings.Join(m.Pieces, " "); err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

// The rule: characters wrapped with U+2582 and the index, segmented, then "▂ j" rewritten.
func TestInsertByCharacter(t *testing.T) {
	for _, c := range []struct {
		name, in string
		segment  Segmenter
		want     string
	}{
		{"in the middle", "去 北/B-LOC 京/I-LOC 了", characters, "▁ 去 __SLOT0__ 北 京 __SLOT0__ 了"},
		{"neighbours", "北/B-LOC 南/B-LOC", characters, "▁ __SLOT0__ 北 __SLOT0__ __SLOT1__ 南 __SLOT1__"},
		{"digits of the text behind a mark", "在/B-LOC 2 0 年", characters, "▁ __SLOT0__ 在 __SLOT0__ 20 年"},
		{"an entity of digits", "1/B-MISC 2/I-MISC", characters, "▁ __SLOT0__ 12 __SLOT0__"},
		{"each digit a piece", "北/B-LOC 1 年", single, "▁ __SLOT0__ 北 __SLOT0__ 1 年"},
		{"no entity", "你 好", characters, "▁ 你 好"},
	} {
		for _, lang := range []string{"zh", "ja", "th"} {
			m, err := Insert(sentence(c.in), lang, c.segment)
			if got := strings.Join(m.Pieces, " "); err != nil || got != c.want {
				t.Errorf("%s: %s: %q, %v, want %q", c.name, lang, got, err, c.want)
			}
		}
	}
}

// The official code rewrites "▂ 1" in "▂ 10"; the order of the marks tells them apart.
func TestInsertByCharacterHasFourteenSlots(t *testing.T) {
	for name, segment := range map[string]Segmenter{"runs of digits": characters, "single digits": single} {
		in, want := "", "▁"
		for i := range MaxSlots {
			in += " 京/B-LOC 0"
			want += fmt.Sprintf(" %s 京 %[1]s 0", Slot(i))
		}
		m, err := Insert(sentence(in), "zh", segment)
		if got := strings.Join(m.Pieces, " "); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestInsertTellsTheWholeSentence(t *testing.T) {
	for in, want := range map[string]bool{
		"New/B-LOC York/I-LOC": true, "Rom/B-LOC": true,
		"New/B-LOC York/B-LOC": false, "New/B-LOC York/I-LOC !": false, "ja": false, "": false,
	} {
		m, err := Insert(sentence(in), "en", threes)
		if err != nil || m.Whole != want {
			t.Errorf("%q: Whole is %v, %v, want %v", in, m.Whole, err, want)
		}
	}
}

func TestInsertRefuses(t *testing.T) {
	many := sentence(strings.Repeat("x/B-PER ", MaxSlots+1))
	broken := errors.New("broken")
	for _, c := range []struct {
		name    string
		s       Sentence
		lang    string
		segment Segmenter
		want    error
		says    string
	}{
		{"fewer labels than words", Sentence{fields("a b"), fields("O")}, "en", threes, ErrInput, "2 words and 1 labels"},
		{"a malformed label", sentence("a/E-PER"), "en", threes, ErrLabel, `"E-PER"`},
		{"fifteen entities", many, "en", threes, ErrTooManyEntities, "found 15"},
		{"fifteen entities by character", many, "zh", characters, ErrTooManyEntities, "found 15"},
		{"no segmenter", sentence("a"), "en", nil, ErrInput, "segmenter is nil"},
		{"the segmenter's error", sentence("a"), "en", func(string) ([]string, error) { return nil, broken }, broken, `"a"`},
		{"the segmenter's error by character", sentence("a"), "ja", func(string) ([]string, error) { return nil, broken }, broken, `"a"`},
		{"a text that becomes a slot", sentence("__SLOT0__ a/B-PER"), "en", func(s string) ([]string, error) { return []string{"▁" + s}, nil }, ErrReserved, `"▁__SLOT0__"`},
		{"U+2582 in a text without spaces", sentence("a▂0 b/B-PER"), "zh", characters, ErrReserved, "U+2582"},
		{"a vocabulary without U+2582", sentence("京/B-LOC"), "zh", func(s string) ([]string, error) { return characters(strings.ReplaceAll(s, "▂", "?")) }, ErrModel, "left 0 of 2"},
		{"a segmenter that turns digits", sentence("京/B-LOC"), "zh", func(s string) ([]string, error) { return characters(strings.ReplaceAll(s, "0", "9")) }, ErrModel, `"`},
	} {
		m, err := Insert(c.s, c.lang, c.segment)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || m.Pieces != nil {
			t.Errorf("%s: %q, %v, want %v that says %s", c.name, m.Pieces, err, c.want, c.says)
		}
	}
}

// A text may spell a slot. Its pieces are not the slot, so it comes back as text.
func TestTextThatSpellsASlotStaysText(t *testing.T) {
	in := sentence("__SLOT0__ Rom/B-LOC __SLOT1__")
	m, err := Insert(in, "en", threes)
	if err != nil {
		t.Fatal(err)
	}
	if got := Decode(m.Pieces, m.Types, "de"); !slices.Equal(got.Words, in.Words) || !slices.Equal(got.Labels, in.Labels) {
		t.Errorf("%q came back as %q", in, got)
	}
}
