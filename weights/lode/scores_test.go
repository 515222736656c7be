package main

import (
	"math"
	"reflect"
	"testing"
)

// The figures of sacrebleu's own README for these sentences.
func TestScoresOfTranslationsAreSacrebleus(t *testing.T) {
	got := []string{"The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."}
	want := [][]string{
		{"The dog bit the man.", "The dog had bit the man."},
		{"It was not unexpected.", "No one was surprised."},
		{"The man bit him first.", "The man had bitten the dog."},
	}
	if s := bleu(got, want); math.Abs(s-48.53) > 0.005 {
		t.Errorf("BLEU %.4f, expected 48.53", s)
	}
	if s := chrf(got, want); math.Abs(s-59.73) > 0.005 {
		t.Errorf("chrF2 %.4f, expected 59.73", s)
	}
	one := func(s string) [][]string { return [][]string{{s}} }
	for _, c := range []struct {
		name, got, want string
		bleu, chrf      float64
	}{
		{"the same", "Tom is here.", "Tom is here.", 100, 100},
		{"nothing", "", "Tom is here.", 0, 0},
		{"nothing alike", "aaaa bbbb cccc dddd", "eeee ffff gggg hhhh", 0, 0},
	} {
		if b, f := bleu([]string{c.got}, one(c.want)), chrf([]string{c.got}, one(c.want)); math.Abs(b-c.bleu) > 1e-9 || math.Abs(f-c.chrf) > 1e-9 {
			t.Errorf("%s: BLEU %g, chrF %g, expected %g, %g", c.name, b, f, c.bleu, c.chrf)
		}
	}
}

func TestTokensOfBLEUAreThoseOfMteval(t *testing.T) {
	for text, want := range map[string][]string{
		"Don't, please!":    {"Don't", ",", "please", "!"},
		"It costs $3,500.5": {"It", "costs", "$", "3,500.5"},
		"1999-2000 (sic)":   {"1999", "-", "2000", "(", "sic", ")"},
		"A&amp;B well-read": {"A", "&", "B", "well-read"},
	} {
		if got := tokens13a(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, expected %q", text, got, want)
		}
	}
}
