package wire

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/ui/write"
)

// Translate are the options of a translation.
func Translate(from, to string) map[string]any {
	return map[string]any{"src_lang": from, "tgt_lang": to}
}

// Write are the options of a generation.
func Write(d write.Draw) map[string]any {
	o := map[string]any{"max_new_tokens": d.Tokens, "min_new_tokens": d.Least, "do_sample": d.Temperature > 0}
	if d.Temperature > 0 {
		o["temperature"], o["top_k"], o["seed"] = d.Temperature, d.TopK, float64(d.Seed)
	}
	return o
}

// Tokenize are the options of a call that counts the tokens of a prompt. As in text-generation, the tokenizer adds the tokens of its
// template and reads the name of a special token as ordinary text.
func Tokenize() map[string]any {
	return map[string]any{"add_special_tokens": true, "split_special_tokens": true, "return_offsets_mapping": true}
}

// TokenKeys are the properties of the tokenizer's result that Tokens reads.
var TokenKeys = []string{"offset_mapping"}

// Tokens is how many tokens a model reads of a prompt, given the tokenizer's result. text-generation leaves out the special tokens that
// a template puts at the end, because they would end the text. Special tokens have the offsets [0, 0].
func Tokens(text string) (int, error) {
	var r struct {
		Offsets [][][2]int `json:"offset_mapping"`
	}
	if err := decode("tokenizer", text, &r); err != nil {
		return 0, err
	}
	if len(r.Offsets) != 1 || len(r.Offsets[0]) == 0 {
		return 0, fmt.Errorf("%w of tokenizer: got the offsets of %d texts, expected those of one", ErrResult, len(r.Offsets))
	}
	offsets := r.Offsets[0]
	n := len(offsets)
	for n > 1 && offsets[n-1] == [2]int{} {
		n--
	}
	return n, nil
}
