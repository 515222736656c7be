package generate

import (
	"math"
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// callerOptions are the options that a caller may give, those of numbers with the least
// that they may be. A folder's files may have other members, which say nothing of
// generation; a caller's are mistakes.
var callerOptions = [...]struct {
	key   string
	least float64
}{
	{"max_new_tokens", 1}, {"min_new_tokens", 0}, {"max_length", 1}, {"min_length", 0},
	{"temperature", math.SmallestNonzeroFloat32}, {"top_k", 0}, {"top_p", math.SmallestNonzeroFloat32}, {"seed", 0},
	{"repetition_penalty", math.SmallestNonzeroFloat32}, {"no_repeat_ngram_size", 0},
	{"num_beams", 1}, {"length_penalty", -math.MaxFloat64}, {"num_return_sequences", 1},
	{"bos_token_id", 0}, {"pad_token_id", 0}, {"decoder_start_token_id", 0}, {"forced_bos_token_id", 0}, {"forced_eos_token_id", 0}, {"eos_token_id", 0},
	{"do_sample", 0}, {"early_stopping", 0}, {"suppress_tokens", 0}, {"bad_words_ids", 0}, {"stop_strings", 0},
}

// checkCaller is an error unless key is an option, and its value, if it is a number, is at
// least what it may be. v stays where it is.
func checkCaller(v *strictjson.Decoder, key string) error {
	for _, o := range callerOptions {
		if o.key != key {
			continue
		}
		look := *v
		if key == "bad_words_ids" {
			return checkWords(&look, key)
		}
		if v.Peek() != strictjson.Number {
			return nil
		}
		x, err := look.Float()
		if err == nil && x < o.least {
			err = lean.Errorf("%q is %v, expected %s", key, x, atLeast(o.least))
		}
		return err
	}
	if slices.ContainsFunc(neutral[:], func(n neutralOption) bool { return n.key == key }) {
		return nil // the number that leaves results alone is taken, others are refused
	}
	return lean.Errorf("there is no option %q; did you mean %q?", key, nearest(key))
}

// checkWords is an error if one of several lists of tokens is empty.
func checkWords(v *strictjson.Decoder, key string) error {
	return v.Array(func(int) error {
		ids, err := tokens(v, key)
		if err == nil && len(ids) == 0 {
			err = lean.Errorf("%q has a list without a token", key)
		}
		return err
	})
}

func atLeast(x float64) string {
	if x > 0 && x < 1 {
		return "a number above 0"
	}
	return lean.Sprintf("at least %v", x)
}

// nearest is the option whose name takes the fewest changed, added or dropped letters to
// become key.
func nearest(key string) string {
	best, least := "", math.MaxInt
	for _, o := range callerOptions {
		if n := lean.Edits(o.key, key); n < least {
			best, least = o.key, n
		}
	}
	return best
}
