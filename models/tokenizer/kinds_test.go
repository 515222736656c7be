package tokenizer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// kindsLine is a line of oracle-kinds.jsonl.gz, described in testdata/oracle-kinds.mjs.
type kindsLine struct {
	Tokenizer string     `json:"tokenizer"`
	JSON      string     `json:"json"`
	Name      string     `json:"t"`
	Text      string     `json:"x"`
	Pair      *string    `json:"y"`
	Digest    string     `json:"h"`
	Max       int        `json:"m"`
	Stride    int        `json:"stride"`
	Strategy  int        `json:"s"`
	Left      int        `json:"l"`
	Error     string     `json:"e"`
	All       [][3][]int `json:"all"`
}

// unfoldKind puts the vocabularies and the charsmap into a definition.
func unfoldKind(t testing.TB, definition string) []byte {
	t.Helper()
	if strings.Contains(definition, `@charsmap`) {
		charsmap := base64.StdEncoding.EncodeToString(testCharsmap(t))
		definition = strings.ReplaceAll(definition, `@charsmap`, charsmap)
	}
	if strings.Contains(definition, `"@pieces"`) {
		var file struct {
			Model struct{ Vocab []json.RawMessage }
		}
		if err := json.Unmarshal(readFile(t, defaultModel), &file); err != nil {
			t.Fatal(err)
		}
		v := file.Model.Vocab
		definition = strings.Replace(definition, `"@pieces"`, string(bytes.Join(rawBytes(v[4:len(v)-1]), []byte(","))), 1)
	}
	return unfold(t, definition)
}

func rawBytes(list []json.RawMessage) (out [][]byte) {
	for _, raw := range list {
		out = append(out, raw)
	}
	return out
}

// testCharsmap is nmt_nfkc of SentencePiece.
func testCharsmap(t testing.TB) []byte {
	t.Helper()
	m, err := readSPModel(unzip(t, "testdata/unigram-nmt-nfkc.model.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return m.charsmap
}

// TestKinds compares every pipeline of testdata/pipelines.mjs with the Rust library: ids, offsets,
// words, type ids, masks, decoded text, and windows.
func TestKinds(t *testing.T) {
	s := bufio.NewScanner(bytes.NewReader(unzip(t, "testdata/oracle-kinds.jsonl.gz")))
	s.Buffer(nil, 1<<24)
	var tok *Tokenizer
	count, wrong, total, windows := map[string]int{}, map[string]int{}, 0, 0
	for s.Scan() {
		var line kindsLine
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Tokenizer != "" {
			var err error
			if tok, err = Parse(unfoldKind(t, line.JSON)); err != nil {
				t.Fatalf("%s: %v", line.Tokenizer, err)
			}
			continue
		}
		total++
		count[line.Name]++
		problem := ""
		if line.Max > 0 {
			windows++
			problem = windowsDiffer(tok, &line)
		} else {
			problem = kindDiffers(tok, &line)
		}
		if problem != "" {
			if wrong[line.Name]++; wrong[line.Name] <= 3 {
				t.Errorf("%s: %q: %s", line.Name, lean.Clip(line.Text), problem)
			}
		}
	}
	for name, n := range wrong {
		t.Errorf("%s: %d of %d differ", name, n, count[name])
	}
	if s.Err() != nil || total < 12000 || windows < 300 || len(count) < 45 {
		t.Errorf("%d lines, %d with windows, of %d tokenizers (%v)", total, windows, len(count), s.Err())
	}
}

func kindDiffers(tok *Tokenizer, line *kindsLine) string {
	e, err := tok.Encode(line.Text, Options{ParseSpecial: true, AddSpecialTokens: true})
	if (err != nil) != (line.Error != "") {
		return fmt.Sprintf("error %v, want %q", err, line.Error)
	}
	if err != nil {
		return ""
	}
	offsets := []int{}
	for _, at := range CodePointOffsets(line.Text, e.Offsets) {
		offsets = append(offsets, at.Start, at.End)
	}
	mask := []int{} // a []byte would be base64
	for _, m := range e.SpecialTokensMask {
		mask = append(mask, int(m))
	}
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	if err := w.Encode([]any{e.IDs, offsets, e.WordIDs, e.TypeIDs, mask, tok.Decode(e.IDs, false), tok.Decode(e.IDs, true)}); err != nil {
		return err.Error()
	}
	// JavaScript writes U+2028 and U+2029 as they are, and these two controls by their letters.
	text := strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029", `\u0008`, `\b`, `\u000c`, `\f`).Replace(strings.TrimSpace(b.String()))
	if sum := sha256.Sum256([]byte(text)); hex.EncodeToString(sum[:])[:12] != line.Digest {
		return "digest of " + short([]string{text})
	}
	return ""
}

func windowsDiffer(tok *Tokenizer, line *kindsLine) string {
	o := Options{ParseSpecial: true, AddSpecialTokens: true, MaxLength: line.Max, Strategy: TruncationStrategy(line.Strategy), TruncateLeft: line.Left != 0}
	second := ""
	var all []Encoding
	var err error
	if line.Pair == nil {
		all, err = tok.EncodeWindows(line.Text, line.Stride, o)
	} else {
		second = *line.Pair
		all, err = tok.EncodePairWindows(line.Text, second, line.Stride, o)
	}
	if (err != nil) != (line.Error != "") {
		return fmt.Sprintf("error %v, want %q", err, line.Error)
	}
	if len(all) != len(line.All) {
		return fmt.Sprintf("%d windows, want %d", len(all), len(line.All))
	}
	for i, e := range all {
		want := line.All[i]
		first, other := CodePointOffsets(line.Text, e.Offsets), CodePointOffsets(second, e.Offsets)
		for k := range e.IDs {
			at := Offset{want[1][2*k], want[1][2*k+1]}
			if at != first[k] && (line.Pair == nil || at != other[k]) || int(e.IDs[k]) != want[0][k] || int(e.WordIDs[k]) != want[2][k] {
				return fmt.Sprintf("window %d, token %d: id %d word %d at %v or %v, want %d word %d at %v", i, k, e.IDs[k], e.WordIDs[k], first[k], other[k], want[0][k], want[2][k], at)
			}
		}
		if len(e.IDs) != len(want[0]) {
			return fmt.Sprintf("window %d: %d tokens, want %d", i, len(e.IDs), len(want[0]))
		}
	}
	return ""
}

// Where the Rust library would abort.
func TestWindowsRefuseAStrideThatMovesNowhere(t *testing.T) {
	tok := loadDefault(t)
	for _, stride := range []int{-1, 3, 4} {
		if _, err := tok.EncodeWindows("one two three four five six", stride, Options{MaxLength: 3}); !errors.Is(err, ErrOptions) {
			t.Errorf("stride %d of 3: error %v", stride, err)
		}
	}
	if all, err := tok.EncodeWindows("one", 9, Options{MaxLength: 3}); err != nil || len(all) != 1 || all[0].Overflowed {
		t.Errorf("%d windows of a text that fits (%v)", len(all), err)
	}
}

// Offsets with Marks leave no accent of a letter out; without, they are those of Hugging Face.
func TestMarksBelongToTheirLetter(t *testing.T) {
	tok := loadDefault(t)
	const text = "Rene\u0301 wohnt in Malmo\u0308."
	cut := func(marks bool, word int32) string {
		e, err := tok.Encode(text, Options{Marks: marks})
		if err != nil {
			t.Fatal(err)
		}
		start, end := len(text), 0
		for i, at := range e.Offsets {
			if e.WordIDs[i] == word {
				start, end = min(start, at.Start), max(end, at.End)
			}
		}
		return strings.TrimSpace(text[start:end])
	}
	if got := cut(true, 0); got != "Rene\u0301" {
		t.Errorf("the first word is %q", got)
	}
	if got := cut(false, 0); got != "Rene" {
		t.Errorf("without Marks the first word is %q", got)
	}
	if got := cut(true, 3); got != "Malmo\u0308." {
		t.Errorf("the last word is %q", got)
	}
	e, err := tok.Encode(text, Options{Marks: true})
	if err != nil || !slices.IsSortedFunc(e.Offsets, func(a, b Offset) int { return a.Start - b.Start }) {
		t.Errorf("offsets %v (%v)", e.Offsets, err)
	}
}
