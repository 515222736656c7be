//go:build !js

package promptbert_test

import (
	"testing"

	"github.com/lodestone-wasm/lodestone/models/promptbert"
)

// The shipped model with linear layers of 4 bits, made of its 8 while loading.
func TestGoldenSentencesWithFourBits(t *testing.T) {
	e := openAs(t, defaultModel, "q4")
	worst := 1.0
	for _, g := range goldens(t) {
		worst = min(worst, cosine(embed(t, e, promptbert.Options{}, g.Text), g.Embedding))
	}
	t.Logf("the worst cosine to float32 is %.4f", worst)
	if worst < 0.99 {
		t.Errorf("the worst cosine is %g, expected at least 0.99", worst)
	}
}
