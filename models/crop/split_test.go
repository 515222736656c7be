package crop

import (
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct{ rule, text, lang, want string }{
		{"spaces", " Max  sah\tRom\n", "de", "Max|sah|Rom"},
		{"punctuation at the ends", "„Max“, (rief) er!?", "de", "„|Max|“|,|(|rief|)|er|!|?"},
		{"not inside", "Jean-Luc's 3,5", "fr", "Jean-Luc's|3,5"},
		{"a full stop", "Er kam.", "de", "Er|kam|."},
		{"a full stop behind a full stop", "z.B. so (z.B.)", "de", "z.B.|so|(|z.B.|)"},
		{"only punctuation", "... -", "de", ".|.|.|-"},
		{"characters", "去 北京。", "zh", "去|北|京|。"},
		{"bytes that are no UTF-8", "a\xff \xfe", "ja", "a|\xff|\xfe"},
		{"nothing", " ", "de", ""},
	} {
		var got []string
		for _, w := range Split(c.text, c.lang) {
			got = append(got, w.Text)
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%s: %q: %q, want %q", c.rule, c.text, s, c.want)
		}
	}
}

// Offsets are of the text, ascending, and leave out space only.
func FuzzSplit(f *testing.F) {
	f.Add("„Max“ sah z.B. Rom.", "de")
	f.Add("去北\xff京。 a.b..", "zh")
	f.Fuzz(func(t *testing.T, text, lang string) {
		at := 0
		for _, w := range Split(text, lang) {
			if w.Start < at || w.End <= w.Start || w.End > len(text) || text[w.Start:w.End] != w.Text || strings.TrimSpace(text[at:w.Start]) != "" {
				t.Fatalf("%q: word %+v after %d", text, w, at)
			}
			at = w.End
		}
		if strings.TrimSpace(text[at:]) != "" {
			t.Fatalf("%q: nothing after %d", text, at)
		}
	})
}
