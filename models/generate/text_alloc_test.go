//go:build !race

package generate_test

import (
	"testing"

	"github.com/lodestone-wasm/lodestone/models/generate"
)

// The race detector makes sync.Pool forget at random, so this runs without it.

// Whatever the tokenizer and its tokens are, bytes that make no character among them: text
// as it comes, and looking for stop strings, allocate nothing.
func TestTextOfATokenAllocatesNothing(t *testing.T) {
	for name, tok := range tokenizers(t) {
		s := generate.NewTextStream(tok, []int32{1, 2})
		stop, err := generate.StopStrings(tok, []string{"stop", "€"})
		if err != nil {
			t.Fatal(err)
		}
		ids, n, text := []int32{1, 2, 3, 4, 5, 6, 7, 8, 9}, 0, 0
		token := func() {
			n++
			text += len(s.Add(ids[n*5%len(ids)]))
			stop(ids[:1+n%len(ids)])
		}
		for range 200 {
			token()
		}
		if got := testing.AllocsPerRun(100, token); got > 0 {
			t.Errorf("%s: %v allocations a token", name, got)
		}
		if text == 0 {
			t.Errorf("%s: no text", name)
		}
	}
}
