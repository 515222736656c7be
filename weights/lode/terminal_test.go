package main

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEscaperShowsControlCharactersAndKeepsTheRest(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Guten Morgen\n\tn", "Guten Morgen\n\tn"},
		{"\x1b[31m", `\u001b[31m`},
		{"a\x7fb\x00", `a\u007fb\u0000`},
		{"\u009b2J", `\u009b2J`},
		{"\u202eabc\u2066", `\u202eabc\u2066`},
		{"日本語 🙂 e\u0301", "日本語 🙂 e\u0301"},
		{"a\x9bb\xff", "a\ufffdb\ufffd"},
	} {
		for size := 1; size <= len(c.in); size++ { // whatever the writes are
			var out strings.Builder
			w := &escaper{w: &out}
			for text := c.in; len(text) > 0; {
				n := min(size, len(text))
				if m, err := w.Write([]byte(text[:n])); m != n || err != nil {
					t.Fatal(m, err)
				}
				text = text[n:]
			}
			if out.String() != c.want {
				t.Errorf("%q in pieces of %d: %q, expected %q", c.in, size, out.String(), c.want)
			}
		}
	}
}

// FuzzEscaper: what is written is valid UTF-8 without control characters, in whatever pieces.
func FuzzEscaper(f *testing.F) {
	f.Add("a\x1b[2J\u202e", 2)
	f.Add("\xe2\x82", 1)
	f.Fuzz(func(t *testing.T, text string, at int) {
		at = min(max(at, 0), len(text))
		var out strings.Builder
		w := &escaper{w: &out}
		w.Write([]byte(text[:at]))
		w.Write([]byte(text[at:]))
		if s := out.String(); !utf8.ValidString(s) || strings.IndexFunc(s, controls) >= 0 {
			t.Errorf("%q became %q", text, s)
		}
	})
}
