package crop

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// threes is the segmenter of crop_cases.json: pieces of three characters.
func threes(text string) ([]string, error) {
	var pieces []string
	for _, word := range strings.Fields(text) {
		runes := []rune(word)
		for i := 0; i < len(runes); i += 3 {
			piece := string(runes[i:min(i+3, len(runes))])
			if i == 0 {
				piece = wordStart + piece
			}
			pieces = append(pieces, piece)
		}
	}
	return pieces, nil
}

// The expected values are what the official code returned (testdata/README.md). The one
// exception is its IndexError on a slot without an entity: here the slot is dropped.
func TestEveryCaseOfTheOfficialCode(t *testing.T) {
	data, err := os.ReadFile("testdata/crop_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Op                   string
		Words, Labels, Types []string
		FixedLabels          []string `json:"fixed_labels"`
		Line, Lang           string
		Target, Translated   []string
		TranslatedLabels     []string `json:"translated_labels"`
		Official             json.RawMessage
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for i, c := range cases {
		seen[c.Op]++
		official := func(v any) bool { return json.Unmarshal(c.Official, v) == nil }
		switch c.Op {
		case "insert":
			var want string
			if !official(&want) {
				t.Fatalf("case %d: official is %s", i, c.Official)
			}
			fixed, err := RepairBIO(c.Labels)
			if err != nil || !slices.Equal(fixed, c.FixedLabels) {
				t.Errorf("case %d: RepairBIO(%q) = %q, %v, want %q", i, c.Labels, fixed, err, c.FixedLabels)
			}
			m, err := Insert(Sentence{c.Words, c.Labels}, "en", threes)
			if got := strings.Join(m.Pieces, " "); err != nil || got != want {
				t.Errorf("case %d: Insert %q = %q, %v, want %q", i, c.Words, got, err, want)
			}
		case "decode":
			got := Decode(strings.Fields(c.Line), c.Types, c.Lang)
			var want [][]string
			if strings.Contains(string(c.Official), "IndexError") {
				want = [][]string{{"Bonn"}, {"O"}}
			} else if !official(&want) || len(want) != 2 {
				t.Fatalf("case %d: official is %s", i, c.Official)
			}
			if !slices.Equal(got.Words, want[0]) || !slices.Equal(got.Labels, want[1]) {
				t.Errorf("case %d: Decode(%q) = %q, want %q", i, c.Line, got, want)
			}
		case "project":
			var want []string
			if !official(&want) {
				t.Fatalf("case %d: official is %s", i, c.Official)
			}
			got, err := Project(c.Target, Sentence{c.Translated, c.TranslatedLabels})
			if (err != nil) != (want == nil) || !slices.Equal(got, want) {
				t.Errorf("case %d: Project(%q) = %q, %v, want %q", i, c.Target, got, err, want)
			}
		default:
			t.Errorf("case %d: unknown op %q", i, c.Op)
		}
	}
	if len(cases) != 25 || seen["insert"] != 8 || seen["decode"] != 7 || seen["project"] != 10 {
		t.Errorf("%d cases: %v, want 25: 8 insert, 7 decode, 10 project", len(cases), seen)
	}
}
