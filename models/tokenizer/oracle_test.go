package tokenizer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// defaultModel is the tokenizer of the model that the repository ships.
const defaultModel = "../../weights/prompt-magneto-en-de-fr/tokenizer.json"

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func loadDefault(t testing.TB) *Tokenizer {
	t.Helper()
	tok, err := Parse(readFile(t, defaultModel))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// oracleLine is a line of testdata/oracle.jsonl.gz, described in testdata/oracle.mjs.
type oracleLine struct {
	Tokenizer string  `json:"tokenizer"`
	JSON      *string `json:"json"`

	Name    string   `json:"t"`
	Text    string   `json:"x"`
	Pair    *string  `json:"y"`
	Special int      `json:"s"`
	Max     int      `json:"m"`
	IDs     []int32  `json:"i"`
	Offsets []int    `json:"o"`
	TypeIDs []int32  `json:"k"`
	Mask    []uint8  `json:"p"`
	Decoded []string `json:"d"`
	Error   string   `json:"e"`
}

func readOracle(t testing.TB) (lines []oracleLine) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(readFile(t, "testdata/oracle.jsonl.gz")))
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 1<<24)
	for s.Scan() {
		var line oracleLine
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestEqualsHuggingFaceTokenizers compares ids, offsets, type ids, masks and decoded
// text with the Rust library (testdata/SOURCE.md).
func TestEqualsHuggingFaceTokenizers(t *testing.T) {
	var tok *Tokenizer
	var o Options
	count := map[string]int{}
	wrong := map[string]int{}
	for _, line := range readOracle(t) {
		if line.Tokenizer != "" {
			o = Options{ParseSpecial: true}
			switch {
			case line.JSON != nil:
				var err error
				if tok, err = Parse([]byte(*line.JSON)); err != nil {
					t.Fatalf("%s: %v", line.Tokenizer, err)
				}
			case line.Tokenizer == "plainspecials":
				tok, o = loadDefault(t), Options{SpecialPieces: true}
			case line.Tokenizer == "nospecials":
				tok, o = loadDefault(t), Options{}
			default:
				tok = loadDefault(t)
			}
			continue
		}
		count[line.Name]++
		o.AddSpecialTokens = line.Special != 0
		o.MaxLength = line.Max
		if problem := differs(tok, line, o); problem != "" {
			if wrong[line.Name]++; wrong[line.Name] <= 3 {
				t.Errorf("%s: %q (pair %v, max %d): %s", line.Name, lean.Clip(line.Text), line.Pair != nil, line.Max, problem)
			}
		}
	}
	for name, n := range wrong {
		t.Errorf("%s: %d of %d differ", name, n, count[name])
	}
	total := 0
	for _, n := range count {
		total += n
	}
	if total < 9000 || count["default"] < 4000 {
		t.Fatalf("only %d lines, %d of the default model", total, count["default"])
	}
	t.Logf("%d encodings, %d tokenizers", total, len(count))
}

// differs encodes the line and describes the first difference, or returns "".
func differs(tok *Tokenizer, line oracleLine, o Options) string {
	var e Encoding
	var err error
	if line.Pair == nil {
		e, err = tok.Encode(line.Text, o)
	} else {
		e, err = tok.EncodePair(line.Text, *line.Pair, o)
	}
	if (err != nil) != (line.Error != "") {
		return fmt.Sprintf("error %v, want %q", err, line.Error)
	}
	if err != nil {
		return ""
	}
	if !slices.Equal(e.IDs, line.IDs) {
		return fmt.Sprintf("ids %s, want %s", short(e.IDs), short(line.IDs))
	}
	var offsets []int
	first, second := CodePointOffsets(line.Text, e.Offsets), []Offset(nil)
	if line.Pair != nil {
		second = CodePointOffsets(*line.Pair, e.Offsets)
	}
	for i := range e.IDs {
		at := first[i]
		if line.Pair != nil && fromSecond(tok, line, o, i) {
			at = second[i]
		}
		offsets = append(offsets, at.Start, at.End)
	}
	if !slices.Equal(offsets, line.Offsets) {
		return fmt.Sprintf("offsets %s, want %s", short(offsets), short(line.Offsets))
	}
	types := line.TypeIDs
	if types == nil {
		types = make([]int32, len(e.IDs))
	}
	if !slices.Equal(e.TypeIDs, types) {
		return fmt.Sprintf("type ids %s, want %s", short(e.TypeIDs), short(types))
	}
	if o.AddSpecialTokens && !slices.Equal(e.SpecialTokensMask, line.Mask) {
		return fmt.Sprintf("special tokens mask %s, want %s", short(e.SpecialTokensMask), short(line.Mask))
	}
	for i, want := range line.Decoded {
		if got := tok.Decode(e.IDs, i == 1); got != want {
			return fmt.Sprintf("decoded (skip %v) %q, want %q", i == 1, lean.Clip(got), lean.Clip(want))
		}
	}
	return ""
}

// fromSecond reports whether token i of a pair stands for text of the second sequence, by
// laying out the same template over marked sequences.
func fromSecond(tok *Tokenizer, line oracleLine, o Options, i int) bool {
	o.AddSpecialTokens = line.Special != 0
	room, err := tok.room(o, true)
	if err != nil {
		return false
	}
	a, _ := tok.Encode(line.Text, Options{ParseSpecial: o.ParseSpecial, SpecialPieces: o.SpecialPieces})
	b, _ := tok.Encode(*line.Pair, Options{ParseSpecial: o.ParseSpecial, SpecialPieces: o.SpecialPieces})
	na, nb := len(a.IDs), len(b.IDs)
	if room >= 0 {
		na, nb = truncatePair(na, nb, room)
	}
	mark := func(n, value int) *sequence {
		return &sequence{ids: make([]int32, n), words: make([]int32, n), offsets: slices.Repeat([]Offset{{value, value}}, n)}
	}
	var e Encoding
	tok.postProcessor.process(&e, mark(na, 1), mark(nb, 2), o.AddSpecialTokens)
	return e.Offsets[i].Start == 2
}

func short[T any](list []T) string {
	s := fmt.Sprint(list)
	if len(s) > 240 {
		s = s[:240] + "…"
	}
	return s
}

// TestNormalizationOfEveryCodePoint runs each code point, among marks that reorder and
// compose, through the four forms and compares digests of the results with those of the Rust library.
func TestNormalizationOfEveryCodePoint(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine and much work: nothing for the race detector, which runs with -short")
	}
	var want map[string][]string
	if err := json.Unmarshal(readFile(t, "testdata/codepoints.json"), &want); err != nil {
		t.Fatal(err)
	}
	delete(want, "word")
	forms := map[string]*unicodeForm{"NFC": {compose: true}, "NFKC": {compatible: true, compose: true}, "NFD": {}, "NFKD": {compatible: true}}
	if len(want) != len(forms) {
		t.Fatalf("%d forms in codepoints.json", len(want))
	}
	for name, form := range forms {
		if len(want[name]) != 0x110 {
			t.Fatalf("%s has %d blocks", name, len(want[name]))
		}
		t.Run(name, func(t *testing.T) {
			var a, tmp aligned
			for block, digest := range want[name] {
				hash := sha256.New()
				for c := rune(block * 0x1000); c < rune(block*0x1000+0x1000); c++ {
					if c >= 0xD800 && c < 0xE000 {
						continue
					}
					x := string(c)
					s := "a" + x + "\u0301" + x + "\u0345\u0316" + x + x + "\u1161\u11a8" + x + "\u0334" + x + "\u0300"
					a.load([]byte(s), 0, len(s))
					form.normalize(&a, &tmp)
					if len(a.align) != len(a.text) {
						t.Fatalf("%U: %d alignments for %d bytes", c, len(a.align), len(a.text))
					}
					hash.Write(a.text)
					hash.Write([]byte{0})
				}
				if got := hex.EncodeToString(hash.Sum(nil))[:8]; got != digest {
					t.Errorf("block U+%04X: digest %s, want %s", block*0x1000, got, digest)
				}
			}
		})
	}
}

// TestWordCharactersAreThoseOfTheRustLibrary compares \w, which decides single_word,
// for every code point.
func TestWordCharactersAreThoseOfTheRustLibrary(t *testing.T) {
	var want map[string][]string
	if err := json.Unmarshal(readFile(t, "testdata/codepoints.json"), &want); err != nil {
		t.Fatal(err)
	}
	if len(want["word"]) != 0x110 {
		t.Fatalf("%d blocks", len(want["word"]))
	}
	for block, digest := range want["word"] {
		var bits []byte
		for c := rune(block * 0x1000); c < rune(block*0x1000+0x1000); c++ {
			switch {
			case c >= 0xD800 && c < 0xE000:
			case isWord(c):
				bits = append(bits, '1')
			default:
				bits = append(bits, '0')
			}
		}
		sum := sha256.Sum256(bits)
		if got := hex.EncodeToString(sum[:4]); got != digest {
			t.Errorf("block U+%04X: digest %s, want %s", block*0x1000, got, digest)
		}
	}
}
