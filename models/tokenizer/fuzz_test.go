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
	f.Add(file("normalizer", `{"type":"Sequence","normalizers":[{"type":"Nmt"},{"type":"Strip","strip_left":true,"strip_right":false},{"type":"StripAccents"},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"},{"type":"ByteLevel"},{"type":"Precompiled","precompiled_charsmap":"BAAAAAABAABhAA=="}]}`))
	f.Add(file("pre_tokenizer", `{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\p{N}{1,3}|\\s+(?!\\S)"},"behavior":"MergedWithNext","invert":true},{"type":"Punctuation","behavior":"Contiguous"},{"type":"Whitespace"},{"type":"WhitespaceSplit"},{"type":"CharDelimiterSplit","delimiter":"-"}]}`))
	f.Add(file("decoder", `{"type":"Sequence","decoders":[{"type":"CTC","pad_token":"a"},{"type":"BPEDecoder"},{"type":"Replace","pattern":{"Regex":"a+"},"content":"b"}]}`))
	f.Add(file("model", `{"type":"WordLevel","unk_token":"<unk>","vocab":{"<unk>":0,"<s>":1,"a":7}}`))
	f.Add(file("model", `{"type":"BPE","unk_token":"<s>","continuing_subword_prefix":"##","end_of_word_suffix":"</w>","vocab":{"<unk>":0,"<s>":1,"a":2,"##b":3,"ab</w>":4},"merges":["a ##b"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := Parse(data)
		if !checkParsed(t, tok, err) {
			return
		}
		checkEncoding(t, tok, "a  b <s>é\u0301ﬁ▁x\n", Options{AddSpecialTokens: true, ParseSpecial: true})
		checkEncoding(t, tok, "<s>a", Options{})
	})
}

func FuzzParseSentencePiece(f *testing.F) {
	config := []byte(`{"tokenizer_class":"LlamaTokenizer","add_bos_token":false,"unk_token":{"content":"<unk>"}}`)
	f.Add(unzip(f, "testdata/bpe-identity.model.gz")[:4000], config)
	f.Add([]byte("\x0a\x09\x0a\x05<unk>\x18\x02\x0a\x08\x0a\x01a\x15\x00\x00\x80\xbf"), []byte("{}"))
	f.Add([]byte("\x0a\x09\x0a\x05<unk>\x18\x02\x0a\x03\x0a\x01a\x12\x02\x18\x02\x1a\x02\x12\x00"), []byte(`{"tokenizer_class":"T5Tokenizer","extra_ids":1}`))
	f.Fuzz(func(t *testing.T, model, config []byte) {
		if tok, err := ParseSentencePiece(model, config); checkParsed(t, tok, err) {
			checkEncoding(t, tok, "a  b <s>é\u0301ﬁ▁x\n", Options{AddSpecialTokens: true, ParseSpecial: true})
		}
	})
}

func FuzzParseVocabs(f *testing.F) {
	f.Add([]byte("[UNK]\n[CLS]\r\n[SEP]\na\n##b"), []byte(`{"do_lower_case":false,"strip_accents":true}`), []byte(""))
	f.Add([]byte(`{"a":0,"b":1,"ab":2,"<|endoftext|>":3}`), []byte(`{"tokenizer_class":"GPT2Tokenizer","add_prefix_space":true}`), []byte("#version: 0.2\na b\n"))
	f.Add([]byte(`{"a":0}`), []byte(`{"tokenizer_class":"RobertaTokenizerFast"}`), []byte(""))
	f.Add([]byte(`{"a":0}`), []byte(`{"tokenizer_class":"Qwen2Tokenizer","eos_token":"</s>"}`), []byte(""))
	f.Fuzz(func(t *testing.T, vocab, config, merges []byte) {
		o := Options{AddSpecialTokens: true, ParseSpecial: true}
		if tok, err := ParseVocabTxt(vocab, config); checkParsed(t, tok, err) {
			checkEncoding(t, tok, "a  b <s>é\u0301ﬁ▁x\n", o)
		}
		if tok, err := ParseVocabMerges(vocab, merges, config); checkParsed(t, tok, err) {
			checkEncoding(t, tok, "a  b <s>é\u0301ﬁ▁x\n", o)
		}
	})
}

// checkParsed reports whether there is a tokenizer, and that otherwise the error has a kind.
func checkParsed(t *testing.T, tok *Tokenizer, err error) bool {
	t.Helper()
	if err != nil && (tok != nil || !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrUnsupported)) {
		t.Fatalf("tokenizer %v with error %v", tok, err)
	}
	return err == nil
}

// FuzzPattern reads regular expressions and finds their matches: in order, not empty, and in
// bounded time.
func FuzzPattern(f *testing.F) {
	for _, p := range []string{` {2,}`, `(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`, ` ?[^(\s|[.,!?…])]++`, `[一-龥\u3040\x{30ff}]+`, `\s+$`, `(a|bc)?d{2}`, `\P{^Lu}(?=x)`} {
		f.Add(p, "I'm  ABC123\r\n  日本 dd")
	}
	f.Fuzz(func(t *testing.T, text, in string) {
		p, err := parsePattern("fuzz", text)
		if err != nil {
			if !errors.Is(err, ErrUnsupported) {
				t.Fatal(err)
			}
			return
		}
		steps := patternSteps(len(in))
		r := replace{regex: p}
		for f, pos := r.in([]byte(in), &steps), 0; ; {
			lo, hi := f.next(pos)
			if lo < 0 {
				return
			}
			if lo < pos || hi <= lo || hi > len(in) || steps < 0 {
				t.Fatalf("%q in %q: %d to %d behind %d, %d steps left", text, in, lo, hi, pos, steps)
			}
			pos = hi
		}
	})
}

// FuzzPrecompiled reads charsmaps and normalises with them.
func FuzzPrecompiled(f *testing.F) {
	charsmap := testCharsmap(f)
	f.Add(charsmap[:4096], "ﬁ①\u0001")
	f.Add([]byte("\x04\x00\x00\x00\x00\x01\x00\x00a\x00"), "a")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		for _, data := range [][]byte{data, charsmap} {
			p, err := newPrecompiled("fuzz", data)
			if err != nil || !utf8.ValidString(text) {
				continue
			}
			a, tmp := aligned{progress: &progress{most: 1 << 20}}, aligned{}
			a.load([]byte(text), 0, len(text))
			p.normalize(&a, &tmp)
			if len(a.text) != len(a.align) || !utf8.Valid(a.text) {
				t.Fatalf("%q becomes %q with %d ranges", text, a.text, len(a.align))
			}
		}
	})
}

// FuzzRound encodes with a tokenizer of each kind and decodes what comes out. Byte-level
// ones give back any text.
func FuzzRound(f *testing.F) {
	var toks []*Tokenizer
	for _, name := range []string{"gpt2", "bert", "roberta", "bpebytes"} {
		toks = append(toks, loadDefinition(f, name))
	}
	for _, file := range []string{"unigram-nmt-nfkc.model", "bpe-identity.model"} {
		tok, err := parseFiles(f, []string{file}, nil)
		if err != nil {
			f.Fatal(err)
		}
		toks = append(toks, tok)
	}
	f.Add("Hello  world\n<s> e\u0301 日本 \u0600a", uint8(5), true)
	f.Fuzz(func(t *testing.T, text string, most uint8, left bool) {
		for i, tok := range toks {
			checkEncoding(t, tok, text, Options{AddSpecialTokens: true, MaxLength: int(most), TruncateLeft: left, Marks: left})
			e, err := tok.Encode(text, Options{})
			if err != nil {
				continue
			}
			if decoded := tok.Decode(e.IDs, false); i == 0 && decoded != text {
				t.Fatalf("%q decodes to %q", text, decoded)
			}
			if all, err := tok.EncodeWindows(text, int(most)/4, Options{MaxLength: int(most)}); err == nil && len(all) == 0 {
				t.Fatalf("%q: no windows", text)
			}
		}
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
		known := errors.Is(err, ErrNoUnknown) || errors.Is(err, ErrOptions) || errors.Is(err, ErrInvalidText) && (!utf8.ValidString(text) || errors.Is(err, errGrown) || errors.Is(err, errPatternSteps))
		if !known {
			t.Fatalf("%q: %v", text, err)
		}
		return
	}
	if n := len(e.IDs); len(e.Offsets) != n || len(e.TypeIDs) != n || len(e.SpecialTokensMask) != n || len(e.WordIDs) != n || o.MaxLength > 0 && n > o.MaxLength {
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
	case *wordLevel:
		return m.unk
	}
	return -1
}

func boundary(text string, i int) bool { return i == len(text) || utf8.RuneStart(text[i]) }
