package golden

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/crop"
	"github.com/lodestone-wasm/lodestone/models/prune"
)

// Case is one case of a list of them.
type Case struct {
	Name string `json:"name"`
	// Wrong is what was computed and what was expected; "" is a case that passes.
	Wrong string `json:"wrong,omitempty"`
}

// RunCases runs a file of cases of functions that are no model, and says what it holds:
// "crop", inputs of CROP's functions and what the official code made of them (its
// "official"; see models/crop/testdata), or "prune", the windows of a layer's experts in
// the form of prune.Window.
func RunCases(file []byte) (kind string, cases []Case, err error) {
	var first []struct {
		Op     *string
		Window *int
	}
	if err := json.Unmarshal(file, &first); err != nil {
		return "", nil, fmt.Errorf("golden: %w: %w", ErrVectors, err)
	}
	switch {
	case len(first) > 0 && first[0].Op != nil:
		cases, err = cropCases(file)
		return "crop", cases, err
	case len(first) > 0 && first[0].Window != nil:
		cases, err = pruneTrace(file)
		return "prune", cases, err
	}
	return "", nil, fmt.Errorf("golden: %w: a list of %d whose first has neither \"op\" (CROP's cases) nor \"window\" (a trace of pruning)", ErrKind, len(first))
}

// cropCase is one case of crop_cases.json.
type cropCase struct {
	Op                   string
	Words, Labels, Types []string
	FixedLabels          []string `json:"fixed_labels"`
	Line, Lang           string
	Target, Translated   []string
	TranslatedLabels     []string `json:"translated_labels"`
	Official             json.RawMessage
}

func cropCases(file []byte) ([]Case, error) {
	var all []cropCase
	if err := json.Unmarshal(file, &all); err != nil {
		return nil, fmt.Errorf("golden: %w: %w", ErrVectors, err)
	}
	run := map[string]func(*cropCase) (string, error){"insert": (*cropCase).insert, "decode": (*cropCase).decode, "project": (*cropCase).project}
	var cases []Case
	for i, c := range all {
		f, ok := run[c.Op]
		if !ok {
			return nil, fmt.Errorf("golden: %w: case %d has the op %q; known: insert, decode, project", ErrKind, i, c.Op)
		}
		wrong, err := f(&c)
		if err != nil {
			return nil, fmt.Errorf("golden: %w: case %d, %s: official is %s: %w", ErrVectors, i, c.Op, c.Official, err)
		}
		cases = append(cases, Case{fmt.Sprintf("%d %s", i, c.Op), wrong})
	}
	return cases, nil
}

func (c *cropCase) insert() (wrong string, err error) {
	var want string
	if err := json.Unmarshal(c.Official, &want); err != nil {
		return "", err
	}
	fixed, err := crop.RepairBIO(c.Labels)
	if err != nil || !slices.Equal(fixed, c.FixedLabels) {
		return fmt.Sprintf("RepairBIO(%q) = %q, %v, want %q", c.Labels, fixed, err, c.FixedLabels), nil
	}
	m, err := crop.Insert(crop.Sentence{Words: c.Words, Labels: c.Labels}, "en", threes)
	if got := strings.Join(m.Pieces, " "); err != nil || got != want {
		return fmt.Sprintf("Insert(%q) = %q, %v, want %q", c.Words, got, err, want), nil
	}
	return "", nil
}

// decode expects a slot without an entity to be dropped, where the official code fails
// with an IndexError: its words are then those of the line, none of them labelled.
func (c *cropCase) decode() (wrong string, err error) {
	var want [][]string
	if err := json.Unmarshal(c.Official, &want); err != nil {
		// The IndexError is a list of two strings, not of two lists.
		var exception []string
		if json.Unmarshal(c.Official, &exception) != nil || len(exception) == 0 || exception[0] != "IndexError" {
			return "", err
		}
		want = withoutSlots(c.Line)
	}
	if len(want) != 2 {
		return "", fmt.Errorf("%d lists, expected words and labels", len(want))
	}
	got := crop.Decode(strings.Fields(c.Line), c.Types, c.Lang)
	if !slices.Equal(got.Words, want[0]) || !slices.Equal(got.Labels, want[1]) {
		return fmt.Sprintf("Decode(%q) = %q, want %q", c.Line, got, want), nil
	}
	return "", nil
}

// withoutSlots is the words of a line of pieces, all of them labelled O.
func withoutSlots(line string) [][]string {
	var text strings.Builder
	for _, piece := range strings.Fields(line) {
		if !strings.HasPrefix(piece, "__SLOT") {
			text.WriteString(strings.ReplaceAll(piece, "▁", " "))
		}
	}
	words := strings.Fields(text.String())
	return [][]string{words, slices.Repeat([]string{"O"}, len(words))}
}

func (c *cropCase) project() (wrong string, err error) {
	var want []string // nil where the official code gives up
	if err := json.Unmarshal(c.Official, &want); err != nil {
		return "", err
	}
	got, err := crop.Project(c.Target, crop.Sentence{Words: c.Translated, Labels: c.TranslatedLabels})
	if (err != nil) != (want == nil) || !slices.Equal(got, want) {
		return fmt.Sprintf("Project(%q, %q) = %q, %v, want %q", c.Target, c.Translated, got, err, want), nil
	}
	return "", nil
}

// threes is the segmenter of the cases: pieces of three characters.
func threes(text string) ([]string, error) {
	var pieces []string
	for _, word := range strings.Fields(text) {
		runes := []rune(word)
		for i := 0; i < len(runes); i += 3 {
			piece := string(runes[i:min(i+3, len(runes))])
			if i == 0 {
				piece = "▁" + piece
			}
			pieces = append(pieces, piece)
		}
	}
	return pieces, nil
}

// pruneTrace plays the hits and gates of a trace to a layer of its own and compares what
// became of the experts. Numbers of a trace have six digits.
func pruneTrace(file []byte) ([]Case, error) {
	var want []prune.Window
	if err := json.Unmarshal(file, &want); err != nil {
		return nil, fmt.Errorf("golden: %w: %w", ErrVectors, err)
	}
	experts := len(want[0].HitRate)
	// A trace does not name β; its first threshold is β/alive.
	l, err := prune.NewLayer(experts, want[0].Threshold*float64(len(want[0].Alive)))
	if err != nil {
		return nil, fmt.Errorf("golden: %w: %w", ErrVectors, err)
	}
	var cases []Case
	for _, w := range want {
		got, err := l.Observe(w.HitRate, w.AlphaNorm)
		if err != nil {
			return nil, fmt.Errorf("golden: %w: window %d: %w", ErrVectors, w.Window, err)
		}
		c := Case{Name: fmt.Sprintf("window %d", w.Window)}
		if got.Window != w.Window || !slices.Equal(got.Alive, w.Alive) || !slices.Equal(got.Survivors, w.Survivors) ||
			!near(got.Cumulative, w.Cumulative, 1e-5) || !near([]float64{got.Threshold}, []float64{w.Threshold}, 1e-6) || !near(got.HitRate, w.HitRate, 1e-5) {
			c.Wrong = fmt.Sprintf("got %+v, want %+v", got, w)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func near(a, b []float64, limit float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !(math.Abs(a[i]-b[i]) <= limit) {
			return false
		}
	}
	return true
}
