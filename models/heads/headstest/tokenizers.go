package headstest

import (
	"encoding/json"
	"fmt"
)

// words is the vocabulary of the WordPiece models.
var words = []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "capital", "of", "france", "is", "paris", "london", "ada",
	"love", "##lace", "##s", "was", "born", "in", "who", "where", "lives", ".", "?", ",", "and", "zur", "##ich", "a", "poet", "日", "本", "🙂"}

// wordPiece is BERT's tokenizer with a few words.
func wordPiece() (text string, vocab int) {
	ids := map[string]int{}
	for i, w := range words {
		ids[w] = i
	}
	return encode(map[string]any{
		"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": added(words[:5], 0, false),
		"normalizer":     map[string]any{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": nil, "lowercase": true},
		"pre_tokenizer":  map[string]any{"type": "BertPreTokenizer"},
		"post_processor": map[string]any{"type": "BertProcessing", "sep": []any{"[SEP]", 3}, "cls": []any{"[CLS]", 2}},
		"decoder":        map[string]any{"type": "WordPiece", "prefix": "##", "cleanup": true},
		"model":          map[string]any{"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": ids},
	}), len(words)
}

// byteLevel is RoBERTa's tokenizer with a few merges; Ġ is a space.
func byteLevel() (text string, vocab int) {
	tokens := []string{"<s>", "<pad>", "</s>", "<unk>"}
	other := rune(256) // bytes that are no visible character
	for b := range 256 {
		r := rune(b)
		if !(b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae) {
			r = other
			other++
		}
		tokens = append(tokens, string(r))
	}
	merges := [][2]string{{"t", "h"}, {"th", "e"}, {"Ġ", "the"}, {"i", "n"}, {"Ġ", "in"}, {"P", "a"}, {"r", "i"}, {"Pa", "ri"}, {"Pari", "s"}, {"Ġ", "Paris"}}
	for _, m := range merges {
		tokens = append(tokens, m[0]+m[1])
	}
	tokens = append(tokens, "<mask>")
	ids := map[string]int{}
	for i, t := range tokens {
		ids[t] = i
	}
	special := added(tokens[:4], 0, false)
	special = append(special, added(tokens[len(tokens)-1:], len(tokens)-1, true)...)
	return encode(map[string]any{
		"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": special, "normalizer": nil,
		"pre_tokenizer":  map[string]any{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
		"post_processor": map[string]any{"type": "RobertaProcessing", "sep": []any{"</s>", 2}, "cls": []any{"<s>", 0}, "trim_offsets": true, "add_prefix_space": false},
		"decoder":        map[string]any{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
		"model": map[string]any{"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": "", "end_of_word_suffix": "",
			"fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": ids, "merges": merges},
	}), len(tokens)
}

// added are special tokens with the ids from first.
func added(tokens []string, first int, lstrip bool) []any {
	var all []any
	for i, t := range tokens {
		all = append(all, map[string]any{"id": first + i, "content": t, "single_word": false, "lstrip": lstrip, "rstrip": false, "normalized": false, "special": true})
	}
	return all
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("headstest: %v", err)) // a fault of this package
	}
	return string(text)
}
