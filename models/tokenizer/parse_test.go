package tokenizer

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// file is a small tokenizer.json with one section replaced. Sections: version,
// truncation, added_tokens, normalizer, pre_tokenizer, post_processor, decoder, model.
func file(section, value string) []byte {
	sections := []string{"version", "truncation", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"}
	values := map[string]string{
		"version": `"1.0"`, "truncation": "null", "added_tokens": "[" + addedJSON(1, "<s>") + "]", "normalizer": `{"type":"NFKC"}`,
		"pre_tokenizer":  `{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}`,
		"post_processor": `{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{}}`,
		"decoder":        "null",
		"model":          `{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["<s>",0],["▁",-1],["a",-2]],"byte_fallback":false}`,
	}
	values[section] = value
	var parts []string
	for _, s := range sections {
		if values[s] != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", s, values[s]))
		}
	}
	return []byte("{" + strings.Join(parts, ",") + "}")
}

func addedJSON(id int, content string) string {
	return fmt.Sprintf(`{"id":%d,"content":%q,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}`, id, content)
}

// growing is a normaliser that makes 8 to the power of n of an s.
func growing(n int) string {
	one := `{"type":"Replace","pattern":{"String":"s"},"content":"ssssssss"}`
	return `{"type":"Sequence","normalizers":[` + strings.Repeat(one+",", n-1) + one + `]}`
}

func TestParseReadsTheSmallFile(t *testing.T) {
	tok, err := Parse(file("", ""))
	if err != nil {
		t.Fatal(err)
	}
	if n := tok.VocabSize(); n != 4 {
		t.Errorf("VocabSize %d, want 4", n)
	}
}

func TestParseRefuses(t *testing.T) {
	unigram := func(unk, vocab string) string {
		return `{"type":"Unigram","unk_id":` + unk + `,"vocab":[` + vocab + `],"byte_fallback":false}`
	}
	post := func(single, special string) string {
		return `{"type":"TemplateProcessing","single":[` + single + `],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":0}}],"special_tokens":{` + special + `}}`
	}
	const a = `{"Sequence":{"id":"A","type_id":0}}`
	for _, c := range []struct {
		name           string
		section, value string
		kind           error
		says           string
	}{
		{"another model by name", "model", `{"type":"Other","vocab":{},"unk_token":"x"}`, ErrUnsupported, `model type "Other" is not supported; supported: Unigram, WordPiece, BPE, WordLevel`},
		{"another model whose type comes last", "model", `{"vocab":{"a":0},"merges":[],"type":"Other"}`, ErrUnsupported, `"Other"`},
		{"a model without a type", "model", `{"vocab":[["a",0]]}`, ErrUnsupported, "(none)"},
		{"an unknown field of Unigram", "model", `{"type":"Unigram","unk_id":0,"vocab":[["a",0]],"alpha":0.1}`, ErrUnsupported, `"alpha"`},
		{"a vocabulary that is a map", "model", `{"type":"Unigram","unk_id":0,"vocab":{"a":0}}`, ErrUnsupported, "not a list"},
		{"another normalizer", "normalizer", `{"type":"Append","append":"x"}`, ErrUnsupported, `normalizer type "Append"`},
		{"another normalizer in a sequence", "normalizer", `{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Other"}]}`, ErrUnsupported, `"Other"`},
		{"a charsmap that is not base64", "normalizer", `{"type":"Precompiled","precompiled_charsmap":"AA=A"}`, ErrInvalid, "base64"},
		{"a charsmap of one byte", "normalizer", `{"type":"Precompiled","precompiled_charsmap":"AA=="}`, ErrInvalid, "1 bytes"},
		{"a charsmap with a trie beyond its end", "normalizer", `{"type":"Precompiled","precompiled_charsmap":"CAAAAAAAAAA="}`, ErrInvalid, "the trie has 8 bytes of the 4"},
		{"a charsmap whose text does not end", "normalizer", `{"type":"Precompiled","precompiled_charsmap":"BAAAAAAAAABh"}`, ErrInvalid, "zero byte"},
		{"more components than any pipeline has", "normalizer", `{"type":"Sequence","normalizers":[` + strings.Repeat(`{"type":"NFC"},`, maxSequence) + `{"type":"NFC"}]}`, ErrInvalid, "more than 64 components"},
		{"a field of NFKC", "normalizer", `{"type":"NFKC","fast":true}`, ErrUnsupported, `"fast"`},
		{"Replace with an unknown regular expression", "normalizer", `{"type":"Replace","pattern":{"Regex":"(?<=a) {2,}"},"content":" "}`, ErrUnsupported, `"(?<=a) {2,}" is not supported from byte 1 on; supported: the patterns of GPT-2`},
		{"Replace with another pattern", "normalizer", `{"type":"Replace","pattern":{"Glob":"*"},"content":" "}`, ErrUnsupported, `"Glob"`},
		{"Replace of nothing", "normalizer", `{"type":"Replace","pattern":{"String":""},"content":" "}`, ErrInvalid, "no pattern"},
		{"null in a sequence", "normalizer", `{"type":"Sequence","normalizers":[null]}`, ErrInvalid, "null"},
		{"another pre-tokenizer", "pre_tokenizer", `{"type":"UnicodeScripts"}`, ErrUnsupported, `"UnicodeScripts"`},
		{"Split without a pattern", "pre_tokenizer", `{"type":"Split","behavior":"Isolated","invert":false}`, ErrInvalid, "no pattern"},
		{"Split with another behavior", "pre_tokenizer", `{"type":"Split","pattern":{"String":"a"},"behavior":"Doubled","invert":false}`, ErrUnsupported, `"Doubled"`},
		{"CharDelimiterSplit without a delimiter", "pre_tokenizer", `{"type":"CharDelimiterSplit"}`, ErrInvalid, "no delimiter"},
		{"Metaspace with two characters", "pre_tokenizer", `{"type":"Metaspace","replacement":"ab"}`, ErrInvalid, "one character"},
		{"Metaspace without a character", "pre_tokenizer", `{"type":"Metaspace"}`, ErrInvalid, "no replacement"},
		{"Metaspace that contradicts itself", "pre_tokenizer", `{"type":"Metaspace","replacement":"▁","add_prefix_space":false}`, ErrInvalid, "add_prefix_space"},
		{"Metaspace with another scheme", "pre_tokenizer", `{"type":"Metaspace","replacement":"▁","prepend_scheme":"last"}`, ErrUnsupported, `"last"`},
		{"another post-processor", "post_processor", `{"type":"Other"}`, ErrUnsupported, `"Other"`},
		{"another decoder", "decoder", `{"type":"Other"}`, ErrUnsupported, `"Other"`},
		{"a decoder that makes much of little", "decoder", `{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaaa"}`, ErrInvalid, "Replace and those before make a token longer and longer, expected at most 8 times"},
		{"decoders that make more and more", "decoder", `{"type":"Sequence","decoders":[` + strings.Repeat(`{"type":"Replace","pattern":{"String":"a"},"content":"aa"},`, 3) + `{"type":"Replace","pattern":{"Regex":"a"},"content":"aa"}]}`, ErrInvalid, "longer and longer"},
		{"CTC without padding", "decoder", `{"type":"CTC","pad_token":""}`, ErrInvalid, "pad_token"},
		{"BPEDecoder without a suffix", "decoder", `{"type":"BPEDecoder","suffix":""}`, ErrInvalid, "suffix"},
		{"another version", "version", `"2.0"`, ErrUnsupported, `"2.0"`},
		{"truncation that is a number", "truncation", `128`, ErrInvalid, "truncation"},

		{"no model", "model", "", ErrInvalid, "no model"},
		{"an empty vocabulary", "model", unigram("0", ""), ErrInvalid, "empty"},
		{"an unk_id outside the vocabulary", "model", unigram("4", `["<unk>",0],["<s>",0],["a",-2],["b",-2]`), ErrInvalid, "unk_id 4"},
		{"a negative unk_id", "model", unigram("-1", `["<unk>",0],["<s>",0]`), ErrInvalid, "unk_id -1"},
		{"an unk_id beyond 32 bits", "model", unigram("4294967296", `["<unk>",0],["<s>",0]`), ErrInvalid, "unk_id 4294967296"},
		{"an unk_id that is no integer", "model", unigram("0.5", `["<unk>",0],["<s>",0]`), ErrInvalid, "integer"},
		{"a piece twice", "model", unigram("0", `["<unk>",0],["<s>",0],["a",-1],["a",-2]`), ErrInvalid, `piece 3, "a", occurs twice`},
		{"an empty piece", "model", unigram("0", `["<unk>",0],["<s>",0],["",-1]`), ErrInvalid, "piece 2 is empty"},
		{"a huge piece", "model", unigram("0", `["<unk>",0],["<s>",0],["`+strings.Repeat("a", maxPiece+1)+`",-1]`), ErrInvalid, "bytes"},
		{"an infinite score", "model", unigram("0", `["<unk>",0],["<s>",1e999]`), ErrInvalid, "out of range"},
		{"a score that is no number", "model", unigram("0", `["<unk>",0],["<s>",NaN]`), ErrInvalid, "number"},
		{"a score that is a string", "model", unigram("0", `["<unk>",0],["<s>","-1"]`), ErrInvalid, "number"},
		{"a piece without a score", "model", unigram("0", `["<unk>",0],["<s>"]`), ErrInvalid, "1 fields"},
		{"a piece with two scores", "model", unigram("0", `["<unk>",0],["<s>",0,0]`), ErrInvalid, "3 fields"},

		{"an added token with another token's id", "added_tokens", "[" + addedJSON(3, "<s>") + "]", ErrInvalid, `"<s>" has id 3, expected 1`},
		{"an added token beyond the end", "added_tokens", "[" + addedJSON(7, "<new>") + "]", ErrInvalid, "has id 7, expected 4"},
		{"an added token with a huge id", "added_tokens", "[" + addedJSON(1<<40, "<new>") + "]", ErrInvalid, "has id"},
		{"an added token with a negative id", "added_tokens", "[" + addedJSON(-1, "<s>") + "]", ErrInvalid, "has id -1"},
		{"an added token twice", "added_tokens", "[" + addedJSON(1, "<s>") + "," + addedJSON(1, "<s>") + "]", ErrInvalid, "twice"},
		{"an empty added token", "added_tokens", "[" + addedJSON(4, "") + "]", ErrInvalid, "empty"},
		{"an added token without flags", "added_tokens", `[{"id":1,"content":"<s>"}]`, ErrInvalid, "2 fields"},
		{"a huge added token", "added_tokens", "[" + addedJSON(4, strings.Repeat("x", maxPiece+1)) + "]", ErrInvalid, "bytes"},

		{"a template with an id outside the vocabulary", "post_processor", post(a, `"X":{"id":"X","ids":[4],"tokens":["X"]}`), ErrInvalid, "has id 4, the largest id is 3"},
		{"a template with a negative id", "post_processor", post(a, `"X":{"id":"X","ids":[-1],"tokens":["X"]}`), ErrInvalid, "has id -1"},
		{"a special token without ids", "post_processor", post(a, `"X":{"id":"X","ids":[],"tokens":[]}`), ErrInvalid, "no ids"},
		{"a template that names no special token", "post_processor", post(a+`,{"SpecialToken":{"id":"X","type_id":0}}`, ``), ErrInvalid, `"X"`},
		{"a template without its text", "post_processor", post("", ""), ErrInvalid, "sequence A 0 times"},
		{"a template with its text twice", "post_processor", post(a+","+a, ""), ErrInvalid, "sequence A 2 times"},
		{"a single template with a second text", "post_processor", post(a+`,{"Sequence":{"id":"B","type_id":0}}`, ""), ErrInvalid, `"B"`},
		{"a template with a huge type id", "post_processor", post(`{"Sequence":{"id":"A","type_id":256}}`, ""), ErrInvalid, "type_id 256"},
		{"a template of many pieces", "post_processor", post(strings.Repeat(a+",", 64)+a, ""), ErrInvalid, "64"},
		{"an empty piece of a template", "post_processor", post(`{}`, ""), ErrInvalid, "0 members"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tok, err := Parse(file(c.section, c.value))
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %v saying %q", err, c.kind, c.says)
			}
			if tok != nil {
				t.Error("a tokenizer came with the error")
			}
		})
	}
}

func TestParseRefusesWhatIsNotJSON(t *testing.T) {
	good := string(file("", ""))
	for _, data := range []string{"", "null", "[]", "<!doctype html>", good + "x", good[:len(good)-1], `{"model":null}`, "{\"version\":\"1.0\",\"version\":\"1.0\"}"} {
		if _, err := Parse([]byte(data)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%.40q: error %v, want ErrInvalid", data, err)
		}
	}
}

func TestAnAddedTokenThatNormalisesToALongTextIsRefused(t *testing.T) {
	text := strings.Replace(string(file("normalizer", growing(9))), `"normalized":false`, `"normalized":true`, 1)
	if _, err := Parse([]byte(text)); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "normalises to more than 8192 bytes") {
		t.Errorf("error %v", err)
	}
}

func TestAnAddedTokenThatNormalisesToNothingIsRefused(t *testing.T) {
	text := string(file("normalizer", `{"type":"Replace","pattern":{"String":"q"},"content":""}`))
	text = strings.Replace(text, `"added_tokens":[`, `"added_tokens":[{"id":4,"content":"q","single_word":false,"lstrip":false,"rstrip":false,"normalized":true,"special":false},`, 1)
	if _, err := Parse([]byte(text)); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "normalises to nothing") {
		t.Errorf("error %v", err)
	}
}
