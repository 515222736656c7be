//go:build !race

package tokenizer

import (
	"strings"
	"testing"
)

// The race detector makes sync.Pool forget at random, so this runs without it.

// Encoding allocates its result and a few closures, not something for each token.
func TestEncodeMakesNoGarbagePerToken(t *testing.T) {
	for name, tok := range map[string]*Tokenizer{"default": loadDefault(t), "bert": loadDefinition(t, "bert"), "gpt2": loadDefinition(t, "gpt2")} {
		allocations := func(text string) float64 {
			return testing.AllocsPerRun(20, func() {
				if _, err := tok.Encode(text, Options{}); err != nil {
					t.Fatal(err)
				}
			})
		}
		short, long := allocations("a few words"), allocations(strings.Repeat("Die Katze saß auf der Matte. ", 300))
		if long > short+4 {
			t.Errorf("%s: %v allocations for 2,400 words, %v for 3", name, long, short)
		}
	}
}
