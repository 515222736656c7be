package wire

import (
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

// Count are the options of a call that counts the tokens of a prompt. They make the tokenizer do what text-generation does: add the
// tokens of its template, and read the name of a special token as ordinary text.
func Count() map[string]any {
	return map[string]any{"add_special_tokens": true, "split_special_tokens": true}
}
