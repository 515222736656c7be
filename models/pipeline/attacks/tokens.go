package attacks

import (
	"fmt"
	"strings"
)

type object = map[string]any

func model(t object) object   { return t["model"].(object) }
func vocab(t object) object   { return model(t)["vocab"].(object) }
func addedOf(t object) []any  { return t["added_tokens"].([]any) }
func first(t object) object   { return addedOf(t)[0].(object) }
func list(items ...any) []any { return items }
func normal(kind string, more ...any) object {
	o := object{"type": kind}
	for i := 0; i < len(more); i += 2 {
		o[more[i].(string)] = more[i+1]
	}
	return o
}

// tables are vocabularies and steps of a tokenizer that do not fit the model, or grow.
func tables(s *set) {
	for _, id := range []any{33, 1 << 20, 2147483647, 4294967296, 1e18, -1, 0.5, "3", nil} {
		s.tokenizer(fmt.Sprintf("the id of a piece is %v", id), func(t object) { vocab(t)["paris"] = id })
	}
	for _, id := range []any{33, 1 << 30, -1, 1.5, "0", nil, 7} {
		s.tokenizer(fmt.Sprintf("the id of an added token is %v", id), func(t object) { first(t)["id"] = id })
	}
	s.tokenizer("one id for two pieces", func(t object) { vocab(t)["paris"] = vocab(t)["london"] })
	s.tokenizer("no vocabulary", func(t object) { model(t)["vocab"] = object{} })
	s.tokenizer("a vocabulary that is a list", func(t object) { model(t)["vocab"] = list("a", "b") })
	s.tokenizer("no unknown piece", func(t object) { delete(vocab(t), "[UNK]") })
	s.tokenizer("a piece of a megabyte", func(t object) { vocab(t)[strings.Repeat("a", 1<<20)] = 33 })
	s.tokenizer("an empty piece", func(t object) { vocab(t)[""] = 33 })
	s.tokenizer("words without an end", func(t object) { model(t)["max_input_chars_per_word"] = 1 << 40 })
	s.tokenizer("an unknown model", func(t object) { model(t)["type"] = "Neural" })
	s.tokenizer("nine replacements that grow eightfold", func(t object) {
		var all []any
		for range 9 {
			all = append(all, normal("Replace", "pattern", object{"String": "a"}, "content", "aaaaaaaa"))
		}
		t["normalizer"] = normal("Sequence", "normalizers", all)
	})
	s.tokenizer("a replacement that finds nothing everywhere", func(t object) {
		t["normalizer"] = normal("Replace", "pattern", object{"String": ""}, "content", "aaaaaaaa")
	})
	s.tokenizer("a regular expression that takes for ever", func(t object) {
		t["normalizer"] = normal("Replace", "pattern", object{"Regex": "(a+)+$"}, "content", "")
	})
	s.tokenizer("a hundred prefixes", func(t object) {
		var all []any
		for range 100 {
			all = append(all, normal("Prepend", "prepend", strings.Repeat("a", 1000)))
		}
		t["normalizer"] = normal("Sequence", "normalizers", all)
	})
	s.tokenizer("a sequence of sequences", func(t object) {
		n := normal("Lowercase")
		for range 5000 {
			n = normal("Sequence", "normalizers", list(n))
		}
		t["normalizer"] = n
	})
	s.tokenizer("byte level after byte level", func(t object) {
		var all []any
		for range 50 {
			all = append(all, normal("ByteLevel", "add_prefix_space", true, "trim_offsets", false, "use_regex", false))
		}
		t["pre_tokenizer"] = normal("Sequence", "pretokenizers", all)
	})
	s.tokenizer("a charsmap of another kind", func(t object) { t["normalizer"] = normal("Precompiled", "precompiled_charsmap", "AAAA/////w==") })
	s.tokenizer("a template that names no token", func(t object) {
		t["post_processor"] = normal("TemplateProcessing", "single", list(object{"SpecialToken": object{"id": "[NONE]", "type_id": 0}}), "pair", list(), "special_tokens", object{})
	})
	s.tokenizer("a template of type 4294967296", func(t object) {
		t["post_processor"] = normal("TemplateProcessing", "single", list(object{"Sequence": object{"id": "A", "type_id": 1 << 32}}), "pair", list(), "special_tokens", object{})
	})
	s.tokenizer("a template with the text a thousand times", func(t object) {
		var all []any
		for range 1000 {
			all = append(all, object{"Sequence": object{"id": "A", "type_id": 0}})
		}
		t["post_processor"] = normal("TemplateProcessing", "single", all, "pair", list(), "special_tokens", object{})
	})
	s.tokenizer("truncation to −1", func(t object) {
		t["truncation"] = object{"direction": "Right", "max_length": -1, "strategy": "LongestFirst", "stride": 0}
	})
	s.tokenizer("padding to 2⁴⁰", func(t object) {
		t["padding"] = object{"strategy": object{"Fixed": 1 << 40}, "direction": "Right", "pad_to_multiple_of": nil, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}
	})
}

// special are tokens that a text must not be able to write, and names of special tokens that
// mean something else.
func special(s *set) {
	for _, content := range []string{"", " ", "a", ".", "[SEP]", "\x00", "‮", "🙂", "\n", strings.Repeat("x", 100_000)} {
		s.tokenizer(fmt.Sprintf("an added token %q", short(content)), func(t object) {
			t["added_tokens"] = append(addedOf(t), object{"id": 32, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true})
		})
	}
	for _, flag := range []string{"single_word", "lstrip", "rstrip", "normalized", "special"} {
		for _, value := range []any{true, false, nil, "yes"} {
			s.tokenizer(fmt.Sprintf("%s of an added token is %v", flag, value), func(t object) { first(t)[flag] = value })
		}
	}
	s.tokenizer("added tokens that are no list", func(t object) { t["added_tokens"] = object{} })
	s.tokenizer("ten thousand added tokens of one text", func(t object) {
		var all []any
		for range 10_000 {
			all = append(all, first(t))
		}
		t["added_tokens"] = all
	})
	s.config("pad_token_id", "-1")
	s.config("pad_token_id", "1000000")
	s.config("pad_token_id", `"[PAD]"`)
}
