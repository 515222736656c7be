package fill

import (
	"testing"

	"github.com/lodestone-wasm/lodestone/ui/entities"
)

// A text that grows is appended to, so that a selection in it and its scroll position stay.
func TestATextThatGrowsIsAppendedTo(t *testing.T) {
	for _, c := range []struct {
		old, text string
		change    Change
		rest      string
	}{
		{"", "", Keep, ""},
		{"a", "a", Keep, ""},
		{"a", "ab", Append, "b"},
		{"Once", "Once upon a time", Append, " upon a time"},
		{"", "a", Replace, ""},
		{"a", "", Replace, ""},
		{"ab", "a", Replace, ""},
		{"ä", "äh", Append, "h"},
	} {
		if change, rest := Between(c.old, c.text); change != c.change || rest != c.rest {
			t.Errorf("%q to %q: %d, %q; expected %d, %q", c.old, c.text, change, rest, c.change, c.rest)
		}
	}
}

func TestFillsAreEqualIfTheirContentIs(t *testing.T) {
	f := Fill{ID: "a", Kind: Marks, Runs: []entities.Run{{Text: "Ada", Label: "PER"}}}
	same := Fill{ID: "a", Kind: Marks, Runs: []entities.Run{{Text: "Ada", Label: "PER"}}}
	if !f.Equal(same) {
		t.Error("equal content differs")
	}
	for name, g := range map[string]Fill{
		"id":    {ID: "b", Kind: Marks, Runs: f.Runs},
		"kind":  {ID: "a", Kind: Text, Runs: f.Runs},
		"runs":  {ID: "a", Kind: Marks},
		"text":  {ID: "a", Kind: Marks, Runs: f.Runs, Text: "x"},
		"place": {ID: "a", Kind: Marks, Runs: f.Runs, X: 1},
		"shown": {ID: "a", Kind: Marks, Runs: f.Runs, Show: true},
	} {
		if f.Equal(g) {
			t.Errorf("another %s is equal", name)
		}
	}
}
