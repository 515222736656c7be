package tokenizer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// filesLine is a line of oracle-files.jsonl.gz.
type filesLine struct {
	oracleLine
	Files  []string `json:"files"`
	Config *string  `json:"config"`
}

// gpt2Files are a vocab.json and merges.txt.
func gpt2Files(t testing.TB) (vocab, merges []byte) {
	t.Helper()
	full := unfold(t, `{"vocab":"@gpt2"}`)
	return full[len(`{"vocab":`) : len(full)-1], unzip(t, "testdata/gpt2.merges.gz")
}

// parseFiles reads a tokenizer that has no tokenizer.json.
func parseFiles(t testing.TB, files []string, config []byte) (*Tokenizer, error) {
	t.Helper()
	switch files[0] {
	case "vocab.txt":
		return ParseVocabTxt(unzip(t, "testdata/bert-base-uncased.vocab.gz"), config)
	case "vocab.json":
		vocab, merges := gpt2Files(t)
		return ParseVocabMerges(vocab, merges, config)
	}
	return ParseSentencePiece(unzip(t, "testdata/"+files[0]+".gz"), config)
}

// TestFilesOfOtherFormatsEqualHuggingFaceTokenizers compares with the Rust library, whose
// tokenizer.json testdata/oracle-files.mjs converts from the same files.
func TestFilesOfOtherFormatsEqualHuggingFaceTokenizers(t *testing.T) {
	s := bufio.NewScanner(bytes.NewReader(unzip(t, "testdata/oracle-files.jsonl.gz")))
	s.Buffer(nil, 1<<24)
	var tok *Tokenizer
	count, wrong, total := map[string]int{}, map[string]int{}, 0
	for s.Scan() {
		var line filesLine
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Tokenizer != "" {
			var config []byte
			if line.Config != nil {
				config = []byte(*line.Config)
			}
			var err error
			if tok, err = parseFiles(t, line.Files, config); err != nil {
				t.Fatalf("%s: %v", line.Tokenizer, err)
			}
			continue
		}
		total++
		count[line.Name]++
		if problem := differs(tok, line.oracleLine, Options{ParseSpecial: true, AddSpecialTokens: true}); problem != "" {
			if wrong[line.Name]++; wrong[line.Name] <= 3 {
				t.Errorf("%s: %q: %s", line.Name, lean.Clip(line.Text), problem)
			}
		}
	}
	for name, n := range wrong {
		t.Errorf("%s: %d of %d differ", name, n, count[name])
	}
	if s.Err() != nil || total < 3500 || len(count) != 10 {
		t.Errorf("%d lines of %d tokenizers (%v)", total, len(count), s.Err())
	}
}

func TestFilesOfOtherFormatsAreRefused(t *testing.T) {
	model := unzip(t, "testdata/bpe-identity.model.gz")
	vocab, merges := gpt2Files(t)
	sp := func(model []byte, config string) error {
		_, err := ParseSentencePiece(model, []byte(config))
		return err
	}
	text := func(vocab, config string) error { _, err := ParseVocabTxt([]byte(vocab), []byte(config)); return err }
	bpe := func(vocab, merges []byte, config string) error {
		_, err := ParseVocabMerges(vocab, merges, []byte(config))
		return err
	}
	piece := func(text string, fields ...byte) []byte {
		inner := append([]byte{0x0A, byte(len(text))}, text...)
		inner = append(inner, fields...)
		return append([]byte{0x0A, byte(len(inner))}, inner...)
	}
	unknown := piece("<unk>", 0x18, 2)
	for _, c := range []struct {
		name string
		err  error
		kind error
		says string
	}{
		{"a model of another class", sp(model, `{"tokenizer_class":"ReformerTokenizer"}`), ErrUnsupported, `"ReformerTokenizer"`},
		{"a model cut short", sp(model[:len(model)-1], "{}"), ErrInvalid, "damaged"},
		{"an empty model", sp(nil, "{}"), ErrInvalid, "0 pieces"},
		{"text for a model", sp([]byte("<!doctype html>"), "{}"), ErrInvalid, "SentencePiece"},
		{"a model without an unknown piece", sp(piece("a"), "{}"), ErrInvalid, "the unknown one is -1"},
		{"two unknown pieces", sp(append(append([]byte{}, unknown...), unknown...), "{}"), ErrInvalid, "both the unknown one"},
		{"a piece twice", sp(append(append(append([]byte{}, unknown...), piece("a")...), piece("a")...), "{}"), ErrInvalid, `piece 2, "a", occurs twice`},
		{"a piece of an unknown type", sp(append(append([]byte{}, unknown...), piece("a", 0x18, 9)...), "{}"), ErrInvalid, "type 9"},
		{"a piece with an infinite score", sp(append(append([]byte{}, unknown...), piece("a", 0x15, 0, 0, 0x80, 0x7F)...), "{}"), ErrInvalid, "finite"},
		{"a model of words", sp(append(append([]byte{}, unknown...), 0x12, 2, 0x18, 3), "{}"), ErrUnsupported, `"3"`},
		{"XLM-R without its pieces", sp(unknown, `{"tokenizer_class":"XLMRobertaTokenizer"}`), ErrInvalid, "1 pieces, expected at least 3"},
		{"a config that is no JSON", sp(model, `{`), ErrInvalid, "JSON"},
		{"a config with many extra ids", sp(model, `{"extra_ids":100000}`), ErrInvalid, "extra_ids is 100000"},
		{"a vocab.txt of another class", text("a\n", `{"tokenizer_class":"BertJapaneseTokenizer"}`), ErrUnsupported, "BertJapaneseTokenizer"},
		{"a vocab.txt without [CLS]", text("[UNK]\n[SEP]\n", "{}"), ErrInvalid, ""},
		{"a vocab.txt with a line twice", text("[UNK]\n[CLS]\n[SEP]\na\na\n", "{}"), ErrInvalid, "twice"},
		{"an empty vocab.txt", text("", "{}"), ErrInvalid, ""},
		{"merges of three", bpe(vocab, []byte("a b c\n"), "{}"), ErrInvalid, "line 1"},
		{"merges of unknown tokens", bpe(vocab, []byte("aaaa bbbb\n"), "{}"), ErrInvalid, "merge 0"},
		{"a vocab.json with more behind it", bpe(append(append([]byte{}, vocab...), `,"merges":[]`...), merges, "{}"), ErrInvalid, "JSON"},
		{"a vocab.json of RoBERTa without <s>", bpe(vocab, merges, `{"tokenizer_class":"RobertaTokenizer"}`), nil, ""},
		{"merges of another class", bpe(vocab, merges, `{"tokenizer_class":"BloomTokenizer"}`), ErrUnsupported, "BloomTokenizer"},
	} {
		if !errors.Is(c.err, c.kind) || c.err != nil && !strings.Contains(c.err.Error(), c.says) {
			t.Errorf("%s: error %v, want %v saying %q", c.name, c.err, c.kind, c.says)
		}
	}
}

func ExampleParseVocabTxt() {
	tok, err := ParseVocabTxt([]byte("[UNK]\n[CLS]\n[SEP]\nhello\nworld\n##s\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	e, _ := tok.Encode("Hello worlds", Options{AddSpecialTokens: true})
	fmt.Println(e.IDs, e.WordIDs)
	// Output: [1 3 4 5 2] [-1 0 1 1 -1]
}
