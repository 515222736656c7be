package tokenizer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

func unzip(t testing.TB, name string) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(readFile(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// unfold puts the vocabularies of BERT and GPT-2 into a definition of
// testdata/oracle-bert-bpe.mjs. GPT-2's vocabulary is its bytes, printable ones first, and
// its merges in order.
func unfold(t testing.TB, definition string) []byte {
	t.Helper()
	vocabulary := func(tokens []string) string {
		var b strings.Builder
		for id, token := range tokens {
			quoted, err := json.Marshal(token)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%c%s:%d", "{,"[min(id, 1)], quoted, id)
		}
		return b.String() + "}"
	}
	if strings.Contains(definition, `"@bert"`) {
		tokens := strings.Split(strings.TrimRight(string(unzip(t, "testdata/bert-base-uncased.vocab.gz")), "\n"), "\n")
		return []byte(strings.Replace(definition, `"@bert"`, vocabulary(tokens), 1))
	}
	if !strings.Contains(definition, `"@gpt2"`) {
		return []byte(definition)
	}
	merges := strings.Split(strings.TrimRight(string(unzip(t, "testdata/gpt2.merges.gz")), "\n"), "\n")[1:]
	var first, tokens []string
	for b := range 256 {
		if r := byteRune(byte(b)); r < 0x100 {
			first = append(first, string(r))
		} else {
			tokens = append(tokens, string(r))
		}
	}
	tokens = append(first, tokens...)
	for _, m := range merges {
		tokens = append(tokens, strings.Replace(m, " ", "", 1))
	}
	list, err := json.Marshal(merges)
	if err != nil {
		t.Fatal(err)
	}
	definition = strings.Replace(definition, `"@gpt2"`, vocabulary(append(tokens, "<|endoftext|>")), 1)
	return []byte(strings.Replace(definition, `"@merges"`, string(list), 1))
}

// bertBPELine is a line of oracle-bert-bpe.jsonl.gz.
type bertBPELine struct {
	oracleLine
	Sentence *int   `json:"n"`
	Digest   string `json:"h"`
}

var bertBPELines = sync.OnceValues(func() (lines []bertBPELine, err error) {
	var t testing.T
	s := bufio.NewScanner(bytes.NewReader(unzip(&t, "testdata/oracle-bert-bpe.jsonl.gz")))
	s.Buffer(nil, 1<<24)
	for s.Scan() {
		var line bertBPELine
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, s.Err()
})

// loadDefinition parses a tokenizer of testdata/oracle-bert-bpe.mjs by its name.
func loadDefinition(t testing.TB, name string) *Tokenizer {
	t.Helper()
	lines, err := bertBPELines()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if line.Tokenizer == name {
			tok, err := Parse(unfold(t, *line.JSON))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return tok
		}
	}
	t.Fatalf("no tokenizer %s", name)
	return nil
}

// TestWordPieceAndBPEEqualHuggingFaceTokenizers compares with the Rust library, as
// TestEqualsHuggingFaceTokenizers does for Unigram.
func TestWordPieceAndBPEEqualHuggingFaceTokenizers(t *testing.T) {
	lines, err := bertBPELines()
	if err != nil {
		t.Fatal(err)
	}
	sentences := strings.Split(strings.TrimSpace(string(readFile(t, "testdata/tatoeba.txt"))), "\n")
	var tok *Tokenizer
	count, wrong, total := map[string]int{}, map[string]int{}, 0
	for _, line := range lines {
		if line.Tokenizer != "" {
			tok = loadDefinition(t, line.Tokenizer)
			continue
		}
		total++
		count[line.Name]++
		o := Options{ParseSpecial: true, AddSpecialTokens: line.Special != 0, MaxLength: line.Max}
		var problem string
		if line.Sentence == nil {
			problem = differs(tok, line.oracleLine, o)
		} else {
			line.Text = sentences[*line.Sentence]
			problem = digestDiffers(tok, line, o)
		}
		if problem != "" {
			if wrong[line.Name]++; wrong[line.Name] <= 3 {
				t.Errorf("%s: %q (pair %v, max %d): %s", line.Name, lean.Clip(line.Text), line.Pair != nil, line.Max, problem)
			}
		}
	}
	for name, n := range wrong {
		t.Errorf("%s: %d of %d differ", name, n, count[name])
	}
	if total < 16000 || len(count) < 25 || count["bert"] < 2900 || count["gpt2"] < 2900 || count["roberta"] < 2900 {
		t.Fatalf("only %d lines: %v", total, count)
	}
	t.Logf("%d encodings, %d tokenizers", total, len(count))
}

func digestDiffers(tok *Tokenizer, line bertBPELine, o Options) string {
	e, err := tok.Encode(line.Text, o)
	if err != nil {
		return err.Error()
	}
	offsets := make([]int, 0, 2*len(e.IDs))
	for _, at := range CodePointOffsets(line.Text, e.Offsets) {
		offsets = append(offsets, at.Start, at.End)
	}
	list, err := json.Marshal([]any{e.IDs, offsets})
	if err != nil {
		return err.Error()
	}
	if sum := sha256.Sum256(list); hex.EncodeToString(sum[:])[:12] != line.Digest {
		return fmt.Sprintf("digest of ids and offsets %s, want %s", short(e.IDs), line.Digest)
	}
	return ""
}

// TestBertAndByteLevelOfEveryCodePoint compares what the normalisers and pre-tokenizers
// make of each code point, beside letters, digits, punctuation and spaces.
func TestBertAndByteLevelOfEveryCodePoint(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine and much work: nothing for the race detector, which runs with -short")
	}
	var want map[string][]string
	if err := json.Unmarshal(readFile(t, "testdata/codepoints-bert-bpe.json"), &want); err != nil {
		t.Fatal(err)
	}
	var a, spare aligned
	ws := &workspace{progress: progress{most: maxGrown}}
	normal := func(n normalizer, format string) func(string) string {
		return func(x string) string {
			text := strings.ReplaceAll(format, "x", x)
			a.load([]byte(text), 0, len(text))
			n.normalize(&a, &spare)
			return string(a.text)
		}
	}
	words := func(p preTokenizer) func(string) string {
		return func(x string) string {
			text := strings.ReplaceAll("axxb1x2!x? x  x", "x", x)
			a.load([]byte(text), 0, len(text))
			var out []string
			p.preTokenize(&a, ws, func(w *aligned) bool {
				if len(w.align) != len(w.text) {
					t.Fatalf("%q: %d alignments for %d bytes", text, len(w.align), len(w.text))
				}
				out = append(out, string(w.text))
				return true
			})
			return strings.Join(out, "\x01")
		}
	}
	cases := map[string]func(string) string{
		"clean":     normal(&bertNormalizer{clean: true, chinese: true}, "axb"),
		"accents":   normal(&bertNormalizer{accents: true}, "AxBx\u0301"),
		"lowercase": normal(&bertNormalizer{lowercase: true}, "AxB"),
		"bert":      words(bertPreTokenizer{}),
		"bytelevel": words(&byteLevel{regex: true}),
		"digits":    words(&digits{}),
	}
	if len(want) != len(cases) {
		t.Fatalf("%d cases in codepoints-bert-bpe.json", len(want))
	}
	for name, f := range cases {
		if len(want[name]) != 0x110 {
			t.Fatalf("%s has %d blocks", name, len(want[name]))
		}
		for block, digest := range want[name] {
			hash := sha256.New()
			for c := rune(block * 0x1000); c < rune(block*0x1000+0x1000); c++ {
				if c < 0xD800 || c >= 0xE000 {
					hash.Write([]byte(f(string(c)) + "\x00"))
				}
			}
			if got := hex.EncodeToString(hash.Sum(nil))[:8]; got != digest {
				t.Errorf("%s of block U+%04X: digest %s, want %s", name, block*0x1000, got, digest)
			}
		}
	}
}
