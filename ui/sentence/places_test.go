package sentence

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestPlacesAreThoseOfTheSentencesAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                      nil,
		"Eins zwei. Drei!":                      {"Eins zwei.", "Drei!"},
		"  Eins   zwei.\n\n\tDrei\u00A0vier.  ": {"Eins   zwei.", "Drei\u00A0vier."},
		"- Milch\n- Brot\n\n1. Eins\n2. Zwei":   {"Milch", "Brot", "Eins", "Zwei"},
		"Das ist\r\ngut. Und das?":              {"Das ist\r\ngut.", "Und das?"},
		"Ja. Ja. 12 %. Ja.":                     {"Ja.", "Ja.", "Ja."},
		"12 345\n\n***":                         nil,
	} {
		var got []string
		for _, p := range Places(text) {
			got = append(got, text[p.Start:p.End])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, expected %q", text, got, want)
		}
	}
}

// Every letter of a text lies in one place, but for the letters of a list's markers, and the places are in order.
func checkPlaces(t *testing.T, text string) {
	t.Helper()
	at := 0
	for _, p := range Places(text) {
		if p.Start < at || p.End <= p.Start || p.End > len(text) {
			t.Fatalf("%q: the place %v is behind %d or outside", text, p, at)
		}
		at = p.End
	}
	var said, placed strings.Builder
	for _, s := range Split(text) {
		said.WriteString(letters(s))
	}
	for _, p := range Places(text) {
		placed.WriteString(letters(text[p.Start:p.End]))
	}
	if said.String() != placed.String() {
		t.Errorf("%q: the places have %q, the sentences %q", text, placed.String(), said.String())
	}
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}

func FuzzPlaces(f *testing.F) {
	for _, s := range []string{"", "Ja. Nein.", "a) b\n- c", "\uFEFFso\r\rso", strings.Repeat("lang ", 300), "x\u202Fy.\n\n# H", "z. B. so."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { checkPlaces(t, strings.ToValidUTF8(text, "\uFFFD")) })
}
