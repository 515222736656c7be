package tokenizer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseRefusesOfWordPieceAndBPE(t *testing.T) {
	wordPiece := func(vocab string) string {
		return `{"type":"WordPiece","unk_token":"<unk>","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":` + vocab + `}`
	}
	bpe := func(more, vocab, merges string) string {
		return `{"type":"BPE",` + more + `"vocab":` + vocab + `,"merges":` + merges + `}`
	}
	const vocab = `{"<unk>":0,"<s>":1,"a":2,"b":3,"ab":4}`
	for _, c := range []struct {
		name, section, value string
		kind                 error
		says                 string
	}{
		{"a vocabulary with a huge gap", "model", wordPiece(`{"<unk>":0,"<s>":1,"a":1037}`), ErrInvalid, `"a" has the id 1037, expected 0 to 1036 for 3 tokens`},
		{"a negative id", "model", wordPiece(`{"<unk>":0,"<s>":-1}`), ErrInvalid, `"<s>" has the id -1`},
		{"a huge token", "model", wordPiece(`{"<unk>":0,"<s>":1,"` + strings.Repeat("a", maxToken+1) + `":2}`), ErrInvalid, "4097 bytes"},
		{"an id twice", "model", wordPiece(`{"<unk>":0,"<s>":1,"a":1}`), ErrInvalid, `"<s>" and "a" both have the id 1`},
		{"a token twice", "model", wordPiece(`{"<unk>":0,"<unk>":1}`), ErrInvalid, "twice"},
		{"an empty token", "model", wordPiece(`{"<unk>":0,"":1}`), ErrInvalid, "0 bytes"},
		{"an empty map", "model", wordPiece(`{}`), ErrInvalid, "empty"},
		{"WordPiece without its prefix", "model", `{"type":"WordPiece","unk_token":"a","vocab":{"a":0}}`, ErrInvalid, "continuing_subword_prefix"},
		{"WordPiece with a list", "model", wordPiece(`[["a",0]]`), ErrInvalid, "WordPiece has the fields"},
		{"WordPiece with words of negative length", "model", strings.Replace(wordPiece(vocab), "100", "-1", 1), ErrInvalid, "max_input_chars_per_word is -1"},
		{"WordPiece with merges", "model", strings.Replace(wordPiece(vocab), `"vocab"`, `"merges":[],"vocab"`, 1), ErrUnsupported, `"merges"`},
		{"BPE without merges", "model", `{"type":"BPE","vocab":` + vocab + `}`, ErrInvalid, "merges"},
		{"BPE with dropout", "model", bpe(`"dropout":0.1,`, vocab, `[]`), ErrUnsupported, "dropout"},
		{"BPE with bytes and a prefix", "model", bpe(`"byte_fallback":true,"continuing_subword_prefix":"##",`, vocab, `[]`), ErrUnsupported, "byte_fallback"},
		{"BPE with bytes and a suffix", "model", bpe(`"byte_fallback":true,"end_of_word_suffix":"</w>",`, vocab, `[]`), ErrUnsupported, "byte_fallback"},
		{"WordLevel without an unknown token", "model", `{"type":"WordLevel","vocab":` + vocab + `}`, ErrInvalid, "WordLevel has the fields vocab, expected vocab, unk_token"},
		{"WordLevel with merges", "model", `{"type":"WordLevel","merges":[],"unk_token":"a","vocab":` + vocab + `}`, ErrUnsupported, `"merges"`},
		{"an unknown field of BPE", "model", bpe(`"alpha":1,`, vocab, `[]`), ErrUnsupported, `"alpha"`},
		{"a merge of an unknown token", "model", bpe("", vocab, `["a c"]`), ErrInvalid, "merge 0"},
		{"a merge that gives no token", "model", bpe("", vocab, `["a b","b a"]`), ErrInvalid, "merge 1"},
		{"a merge of three", "model", bpe("", vocab, `["a b a"]`), ErrInvalid, "two tokens"},
		{"a merge of one", "model", bpe("", vocab, `[["a"]]`), ErrInvalid, "1 tokens"},
		{"a merge with nothing", "model", bpe("", vocab, `["a "]`), ErrInvalid, "merge 0"},
		{"a field of BertNormalizer", "normalizer", `{"type":"BertNormalizer","fast":true}`, ErrUnsupported, `"fast"`},
		{"a field of BertPreTokenizer", "pre_tokenizer", `{"type":"BertPreTokenizer","x":1}`, ErrUnsupported, `"x"`},
		{"a field of ByteLevel", "pre_tokenizer", `{"type":"ByteLevel","x":1}`, ErrUnsupported, `"x"`},
		{"trimmed offsets with Unigram", "post_processor", `{"type":"ByteLevel","trim_offsets":true}`, ErrUnsupported, "Unigram"},
		{"BertProcessing without cls", "post_processor", `{"type":"BertProcessing","sep":["<s>",1]}`, ErrInvalid, "cls"},
		{"BertProcessing with a huge id", "post_processor", `{"type":"BertProcessing","sep":["<s>",1],"cls":["<s>",9]}`, ErrInvalid, "id 9"},
		{"BertProcessing with an id alone", "post_processor", `{"type":"BertProcessing","sep":["<s>"],"cls":["<s>",1]}`, ErrInvalid, "1 fields"},
		{"trimming after special tokens", "post_processor", `{"type":"Sequence","processors":[{"type":"BertProcessing","sep":["<s>",1],"cls":["<s>",1]},{"type":"ByteLevel"}]}`, ErrUnsupported, "Sequence"},
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

// Without ParseSpecial no special id comes out of the text, even where the vocabulary, a
// merge or the whole word would give it.
func TestTextGivesNoSpecialTokenOfWordPieceOrBPE(t *testing.T) {
	for _, c := range []struct{ name, model string }{
		{"WordPiece", `{"type":"WordPiece","unk_token":"<unk>","continuing_subword_prefix":"","max_input_chars_per_word":100,"vocab":{"<unk>":0,"<s>":1,"<":2,"s":3,">":4,"<s":5}}`},
		{"merges", `{"type":"BPE","unk_token":"<unk>","vocab":{"<unk>":0,"<s>":1,"<":2,"s":3,">":4,"<s":5},"merges":["< s","<s >"]}`},
		{"whole word", `{"type":"BPE","unk_token":"<unk>","ignore_merges":true,"vocab":{"<unk>":0,"<s>":1,"<":2,"s":3,">":4,"<s":5},"merges":["< s"]}`},
	} {
		tok, err := Parse([]byte(strings.Replace(string(file("model", c.model)), `"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}`, `"pre_tokenizer":null`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []struct {
			o    Options
			want []int32
		}{{Options{}, []int32{5, 4}}, {Options{SpecialPieces: true}, []int32{1}}, {Options{ParseSpecial: true}, []int32{1}}} {
			if e, err := tok.Encode("<s>", o.o); err != nil || !slices.Equal(e.IDs, o.want) {
				t.Errorf("%s, %+v: ids %v, %v, want %v", c.name, o.o, e.IDs, err, o.want)
			}
		}
	}
}

func TestBPEWithoutUnknownTokenRefusesWhatItCannotSpell(t *testing.T) {
	tok, err := Parse(file("model", `{"type":"BPE","vocab":{"▁":0,"<s>":1},"merges":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tok.Encode("a", Options{}); !errors.Is(err, ErrNoUnknown) {
		t.Errorf("error %v", err)
	}
}

func TestHostileInputOfWordPieceAndBPETakesLinearTime(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine and much work: nothing for the race detector, which runs with -short")
	}
	const size = 1 << 20
	for _, name := range []string{"bert", "bertnopre", "gpt2noregex", "roberta", "bpebytes"} {
		tok := loadDefinition(t, name)
		for _, unit := range []string{"a", " ", "ab", "\n", "'", "1", "[", "日", "\u0301", "😀", "a ", "e\u0301\u0316", "<mask>", "[MASK]"} {
			start := time.Now()
			e, err := tok.Encode(strings.Repeat(unit, size/len(unit)), Options{ParseSpecial: true})
			took := time.Since(start)
			if err != nil || len(e.IDs) != len(e.Offsets) || took > 20*time.Second {
				t.Errorf("%s, %q: %d ids, %d offsets, %v, %v", name, unit, len(e.IDs), len(e.Offsets), took, err)
			}
		}
	}
}

func FuzzEncodeOfWordPieceAndBPE(f *testing.F) {
	var toks []*Tokenizer
	for _, name := range []string{"bert", "roberta", "gpt2template", "bpebytes", "gpt2nested"} {
		toks = append(toks, loadDefinition(f, name))
	}
	for i, text := range []string{"", "Hello world's  x", "e\u0301\u0323 ﷺ <mask>", "日本[MASK]", "\xff", " \u3000\n a12", "<|endoftext|>"} {
		f.Add(text, i%2 == 0, i)
	}
	f.Fuzz(func(t *testing.T, text string, special bool, most int) {
		for _, tok := range toks {
			checkEncoding(t, tok, text, Options{AddSpecialTokens: special, ParseSpecial: special, MaxLength: most})
		}
	})
}

func ExampleTokenizer_Encode_wordPiece() {
	tok, err := Parse([]byte(`{"version":"1.0","added_tokens":[],"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
		"pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":null,"decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
		"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[UNK]":0,"cafe":1,"##s":2,"!":3}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := tok.Encode("Cafés!", Options{})
	fmt.Println(e.IDs, e.Offsets, tok.Decode(e.IDs, false), err)
	// Output: [1 2 3] [{0 5} {5 6} {6 7}] cafes! <nil>
}
