package lean

import (
	"strings"
	"testing"
)

// The first three distances are those of the literature's usual examples.
func TestEditsCountChangedAddedAndDroppedLetters(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"kitten", "sitting", 3},
		{"saturday", "sunday", 3},
		{"flaw", "lawn", 2},
		{"", "abc", 3},
		{"abc", "", 3},
		{"same", "same", 0},
		{strings.Repeat("a", 64) + "x", strings.Repeat("a", 64) + "yz", 0},
	} {
		if got := Edits(c.a, c.b); got != c.want {
			t.Errorf("Edits(%q, %q) = %d, expected %d", c.a, c.b, got, c.want)
		}
	}
}
