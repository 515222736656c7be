package tokenizer

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"
)

func FuzzParse(f *testing.F) {
	f.Add(file("", ""))
	f.Add(file("normalizer", `{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}`))
	f.Add(file("decoder", `{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}`))
	f.Add(file("model", `{"type":"Unigram","unk_id":null,"vocab":[["<s>",0],["a",-1]],"byte_fallback":true}`))
	f.Add(file("model", `{"type":"WordPiece","unk_token":"<unk>","continuing_subword_prefix":"##","max_input_chars_per_word":9,"vocab":{"<unk>":0,"<s>":1,"a":2,"##b":3}}`))
	f.Add(file("model", `{"type":"BPE","unk_token":"<s>","fuse_unk":true,"ignore_merges":true,"vocab":{"<unk>":0,"<s>":1,"a":2,"b":3,"ab":4},"merges":["a b",["a","b"]]}`))
	f.Add([]byte(`{"version":"1.0","added_tokens":[],"normalizer":{"type":"BertNormalizer","strip_accents":null},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"BertPreTokenizer"},{"type":"ByteLevel","add_prefix_space":true}]},"post_processor":{"type":"Sequence","processors":[{"type":"ByteLevel","trim_offsets":true},{"type":"RobertaProcessing","sep":["a",0],"cls":["Ġ",1]}]},"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","unk_token":"a","vocab":{"a":0,"Ġ":1,"Ġa":2},"merges":["Ġ a"]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := Parse(data)
		if err != nil {
			if tok != nil || !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrUnsupported) {
				t.Fatalf("tokenizer %v with error %v", tok, err)
			}
			return
		}
		checkEncoding(t, tok, "a  b <s>é\u0301ﬁ▁x\n", Options{AddSpecialTokens: true, ParseSpecial: true})
		checkEncoding(t, tok, "<s>a", Options{})
	})
}

func FuzzEncode(f *testing.F) {
	tok := loadDefault(f)
	for _, text := range []string{"", "Hello world", "e\u0301\u0323 ﷺ <mask>", "\u1100\u1161\u11a8", "▁▁ ▁", "\xff", "<en><de>__SLOT0__"} {
		f.Add(text, true, 0)
		f.Add(text, false, 3)
	}
	f.Fuzz(func(t *testing.T, text string, special bool, most int) {
		checkEncoding(t, tok, text, Options{AddSpecialTokens: special, ParseSpecial: special, MaxLength: most})
	})
}

// checkEncoding encodes and checks what holds for every encoding.
func checkEncoding(t *testing.T, tok *Tokenizer, text string, o Options) {
	t.Helper()
	e, err := tok.Encode(text, o)
	if err != nil {
		known := errors.Is(err, ErrNoUnknown) || errors.Is(err, ErrOptions) || errors.Is(err, ErrInvalidText) && !utf8.ValidString(text)
		if !known {
			t.Fatalf("%q: %v", text, err)
		}
		return
	}
	if n := len(e.IDs); len(e.Offsets) != n || len(e.TypeIDs) != n || len(e.SpecialTokensMask) != n || o.MaxLength > 0 && n > o.MaxLength {
		t.Fatalf("%q: %d ids, %d offsets, %d type ids, mask of %d, at most %d", text, n, len(e.Offsets), len(e.TypeIDs), len(e.SpecialTokensMask), o.MaxLength)
	}
	for i, id := range e.IDs {
		if _, ok := tok.IDToToken(id); !ok {
			t.Fatalf("%q: id %d is outside the vocabulary", text, id)
		}
		at := e.Offsets[i]
		if at.Start < 0 || at.Start > at.End || at.End > len(text) || !boundary(text, at.Start) || !boundary(text, at.End) {
			t.Fatalf("%q: token %d has the offsets %v", text, i, at)
		}
		if !o.ParseSpecial && !o.SpecialPieces && e.SpecialTokensMask[i] == 0 && int(id) < len(tok.barred) && tok.barred[id] {
			if id != unknownID(tok) {
				t.Fatalf("%q: special id %d came out of the text", text, id)
			}
		}
	}
	if decoded := tok.Decode(e.IDs, true); !utf8.ValidString(decoded) {
		t.Fatalf("%q decodes to %q", text, decoded)
	}
	if _, err := json.Marshal(e); err != nil {
		t.Fatal(err)
	}
}

// unknownID is the id that stands for characters outside the vocabulary, or -1.
func unknownID(tok *Tokenizer) int32 {
	switch m := tok.model.(type) {
	case *unigram:
		return m.unk
	case *wordPiece:
		return m.unk
	case *bpe:
		return m.unk
	}
	return -1
}

func boundary(text string, i int) bool { return i == len(text) || utf8.RuneStart(text[i]) }
