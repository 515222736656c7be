//go:build real

package tokenizer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// realLine is a line of testdata/real/out/NAME.jsonl.gz, which testdata/oracle-real.mjs writes.
type realLine struct {
	Text    int      `json:"x"`
	Pair    *int     `json:"y"`
	Max     int      `json:"m"`
	Cut     int      `json:"s"`
	Left    int      `json:"l"`
	IDs     []int32  `json:"i"`
	Offsets []int    `json:"o"`
	Words   []int32  `json:"w"`
	TypeIDs []int32  `json:"k"`
	Mask    []uint8  `json:"p"`
	Decoded []string `json:"d"`
	Error   string   `json:"e"`
}

// TestPublishedTokenizers compares ids, offsets, words, type ids, masks and decoded text of
// every text and pair with the Rust library, for each published tokenizer.
func TestPublishedTokenizers(t *testing.T) {
	const dir = "testdata/real/out"
	var texts []string
	for _, line := range strings.Split(strings.TrimRight(string(readFile(t, filepath.Join(dir, "texts.jsonl"))), "\n"), "\n") {
		var text string
		if err := json.Unmarshal([]byte(line), &text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl.gz"))
	if err != nil || len(texts) < 10000 || len(files) < 15 {
		t.Fatalf("%d texts and %d tokenizers in %s (%v); make test-tokenizers makes them", len(texts), len(files), dir, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".jsonl.gz")
		t.Run(name, func(t *testing.T) { comparePublished(t, strings.TrimSuffix(file, ".jsonl.gz"), texts) })
	}
}

func comparePublished(t *testing.T, file string, texts []string) {
	tok, err := Parse(readFile(t, file+".json"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(readFile(t, file+".jsonl.gz")))
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 1<<24)
	lines, wrong := 0, 0
	for s.Scan() {
		var line realLine
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		lines++
		if problem := realDiffers(tok, &line, texts); problem != "" {
			if wrong++; wrong <= 5 {
				t.Errorf("%q (pair %v, max %d, strategy %d, left %d): %s", lean.Clip(texts[line.Text]), line.Pair != nil, line.Max, line.Cut, line.Left, problem)
			}
		}
	}
	if s.Err() != nil || lines < 10000 {
		t.Errorf("%d lines (%v)", lines, s.Err())
	}
	t.Logf("%d lines, %d mismatches", lines, wrong)
}

func realDiffers(tok *Tokenizer, line *realLine, texts []string) string {
	o := Options{ParseSpecial: true, AddSpecialTokens: true, MaxLength: line.Max, Strategy: TruncationStrategy(line.Cut), TruncateLeft: line.Left != 0}
	text, second := texts[line.Text], ""
	var e Encoding
	var err error
	if line.Pair == nil {
		e, err = tok.Encode(text, o)
	} else {
		second = texts[*line.Pair]
		e, err = tok.EncodePair(text, second, o)
	}
	if (err != nil) != (line.Error != "") {
		return fmt.Sprintf("error %v, want %q", err, line.Error)
	}
	if err != nil {
		return ""
	}
	offsets := make([]int, 0, 2*len(e.IDs))
	first, other := CodePointOffsets(text, e.Offsets), CodePointOffsets(second, e.Offsets)
	room, _ := tok.room(o, line.Pair != nil)
	for i := range e.IDs {
		at := first[i]
		if line.Pair != nil && ofSecond(tok, text, second, o, room, i) {
			at = other[i]
		}
		offsets = append(offsets, at.Start, at.End)
	}
	switch {
	case !slices.Equal(e.IDs, line.IDs):
		return fmt.Sprintf("ids %s, want %s", short(e.IDs), short(line.IDs))
	case !slices.Equal(offsets, line.Offsets):
		return fmt.Sprintf("offsets %s, want %s", short(offsets), short(line.Offsets))
	case !slices.Equal(e.WordIDs, line.Words):
		return fmt.Sprintf("words %s, want %s", short(e.WordIDs), short(line.Words))
	case !slices.Equal(e.TypeIDs, line.TypeIDs):
		return fmt.Sprintf("type ids %s, want %s", short(e.TypeIDs), short(line.TypeIDs))
	case !slices.Equal(e.SpecialTokensMask, line.Mask):
		return fmt.Sprintf("special tokens mask %s, want %s", short(e.SpecialTokensMask), short(line.Mask))
	}
	for i, want := range line.Decoded {
		if got := tok.Decode(e.IDs, i == 1); got != want {
			return fmt.Sprintf("decoded (skip %v) %q, want %q", i == 1, lean.Clip(got), lean.Clip(want))
		}
	}
	return ""
}

// ofSecond reports whether token i stands for text of the second sequence, by laying out the
// template over marked sequences.
func ofSecond(tok *Tokenizer, text, second string, o Options, room, i int) bool {
	o.AddSpecialTokens, o.MaxLength = false, 0
	a, _ := tok.Encode(text, Options{ParseSpecial: true})
	b, _ := tok.Encode(second, Options{ParseSpecial: true})
	na, nb, _ := truncated(len(a.IDs), len(b.IDs), room, o.Strategy, true)
	mark := func(n, value int) *sequence {
		return &sequence{ids: make([]int32, n), words: make([]int32, n), offsets: slices.Repeat([]Offset{{value, value}}, n)}
	}
	var e Encoding
	tok.postProcessor.process(&e, mark(na, 1), mark(nb, 2), true)
	return e.Offsets[i].Start == 2
}
