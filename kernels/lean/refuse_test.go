package lean

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestARefusalSaysItsSentenceAndIsOfItsKind(t *testing.T) {
	kind := errors.New("a kind")
	err := Refuse(kind, "file %q has %d bytes", "a", 3)
	if err.Error() != `file "a" has 3 bytes` || !errors.Is(err, kind) {
		t.Errorf("%v", err)
	}
}

func TestClipKeepsWholeCharacters(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{strings.Repeat("a", 80), strings.Repeat("a", 80)},
		{strings.Repeat("a", 81), strings.Repeat("a", 80) + "…"},
		{strings.Repeat("a", 79) + "é" + "b", strings.Repeat("a", 79) + "…"},
		{strings.Repeat("🙂", 30), strings.Repeat("🙂", 20) + "…"},
	} {
		if got := Clip(c.text); got != c.want || !utf8.ValidString(got) {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
	if got := Clip(strings.Repeat("\x80", 200)); len(got) > 84 {
		t.Errorf("%d bytes of no characters", len(got))
	}
}
