package crop

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestProject(t *testing.T) {
	for _, c := range []struct{ rule, target, translated, want string }{
		{"words are found wherever they are", "gestern sah Max Rom", "Max/B-PER sah Rom/B-LOC", "gestern sah Max/B-PER Rom/B-LOC"},
		{"a gap is labelled", "Max von Au", "Max/B-PER Au/I-PER", "Max/B-PER von/I-PER Au/I-PER"},
		{"in the order of the sentence", "Au Max", "Max/B-PER Au/I-PER", "Au/B-PER Max/I-PER"},
		{"80 % of the words are enough", "a b c d", "a/B-ORG b/I-ORG c/I-ORG d/I-ORG e/I-ORG", "a/B-ORG b/I-ORG c/I-ORG d/I-ORG"},
		{"six words are few enough", "a b c d e f", "a/B-ORG b/I-ORG c/I-ORG d/I-ORG e/I-ORG f/I-ORG", "a/B-ORG b/I-ORG c/I-ORG d/I-ORG e/I-ORG f/I-ORG"},
		{"five of six words are", "a b c d e", "a/B-ORG b/I-ORG c/I-ORG d/I-ORG e/I-ORG f/I-ORG", "a/B-ORG b/I-ORG c/I-ORG d/I-ORG e/I-ORG"},
		{"an earlier entity in the gap is swallowed", "a Rom b", "Rom/B-LOC a/B-ORG b/I-ORG", "a/B-ORG Rom/I-ORG b/I-ORG"},
		{"neighbours stay two", "a b", "b/B-PER a/B-PER", "a/B-PER b/B-PER"},
		{"labels are repaired first", "a b", "a/I-PER b/I-LOC", "a/B-PER b/B-LOC"},
		{"a repeated word counts twice", "Bonn ja", "Bonn/B-LOC Bonn/I-LOC", "Bonn/B-LOC ja"},
		{"no entity is no failure", "a b", "c", "a b"},
		{"no translation", "a b", "", "a b"},
		{"no sentence and no entity", "", "c", ""},
	} {
		got, err := Project(fields(c.target), sentence(c.translated))
		if err != nil || !slices.Equal(got, sentence(c.want).Labels) {
			t.Errorf("%s: %q on %q: %q, %v, want %q", c.rule, c.translated, c.target, got, err, c.want)
		}
	}
}

func TestProjectFails(t *testing.T) {
	for _, c := range []struct{ rule, target, translated, says string }{
		{"a word that occurs twice has no place", "Rom Rom", "Rom/B-LOC", "0 of 1"},
		{"a word that does not occur has none", "a", "Rom/B-LOC", "0 of 1"},
		{"case counts", "rom", "Rom/B-LOC", "0 of 1"},
		{"inflection counts", "Merkels", "Merkel/B-PER", `entity 0, PER "Merkel"`},
		{"75 % of the words are not enough", "a b c", "a/B-ORG b/I-ORG c/I-ORG d/I-ORG", "3 of 4"},
		{"seven words are too many", "a b c d e f g", "a/B-ORG b/I-ORG c/I-ORG d/I-ORG e/I-ORG f/I-ORG g/I-ORG", "7 words, at most 6"},
		{"a place may be labelled once", "a b", "a/B-PER b/I-PER x a/B-LOC", `word 0, "a", is B-PER already`},
		{"a place in a gap that was labelled too", "a b c", "a/B-ORG c/I-ORG x b/B-LOC", `"b", is I-ORG already`},
		{"one failure fails the sentence", "a b", "a/B-PER x Rom/B-LOC", "entity 1"},
		{"an empty sentence has no places", "", "a/B-PER", "0 of 1"},
	} {
		got, err := Project(fields(c.target), sentence(c.translated))
		if got != nil || !errors.Is(err, ErrProjection) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q on %q: %q, %v, want ErrProjection that says %s", c.rule, c.translated, c.target, got, err, c.says)
		}
	}
}

// What Project places it places too; where Project fails it leaves out what fails.
func TestProjectSomeLeavesOutWhatHasNoPlace(t *testing.T) {
	for _, c := range []struct{ rule, target, translated, want, says string }{
		{"all are placed", "Max sah Rom", "Max/B-PER Rom/B-LOC", "Max/B-PER sah Rom/B-LOC", ""},
		{"one before is left out", "Max sah Rom", "Moritz/B-PER x Rom/B-LOC", "Max sah Rom/B-LOC", `entity 0, PER "Moritz": 0 of 1`},
		{"one behind is left out", "Max sah Rom", "Max/B-PER x Bonn/B-LOC", "Max/B-PER sah Rom", `entity 1, LOC "Bonn": 0 of 1`},
		{"two are left out, each with its reason", "Max und Max sah Rom", "Max/B-PER x Bonn/B-LOC Rom/B-LOC", "Max und Max sah Rom/B-LOC",
			`entity 0, PER "Max": 0 of 1 words occur exactly once in the sentence, want 80 %; entity 1, LOC "Bonn"`},
		{"a place is labelled once, by the first", "a b", "a/B-PER b/I-PER x a/B-LOC", "a/B-PER b/I-PER", `is B-PER already`},
		{"none is placed", "Max", "Moritz/B-PER", "Max", "entity 0"},
		{"there is none", "Max", "Moritz", "Max", ""},
	} {
		got, lost, err := ProjectSome(fields(c.target), sentence(c.translated))
		if err != nil || !slices.Equal(got, sentence(c.want).Labels) {
			t.Errorf("%s: %q, %v, want %q", c.rule, got, err, c.want)
		}
		if (lost == nil) != (c.says == "") || lost != nil && (!errors.Is(lost, ErrProjection) || !strings.Contains(lost.Error(), c.says)) {
			t.Errorf("%s: lost %v, want ErrProjection that says %q", c.rule, lost, c.says)
		}
		if all, err := Project(fields(c.target), sentence(c.translated)); (err == nil) != (lost == nil) || err == nil && !slices.Equal(all, got) {
			t.Errorf("%s: Project has %q, %v", c.rule, all, err)
		}
	}
}

func TestProjectRefusesContradictions(t *testing.T) {
	if _, err := Project(nil, Sentence{fields("a b"), fields("O")}); !errors.Is(err, ErrInput) || errors.Is(err, ErrProjection) {
		t.Errorf("two words with one label: %v, want ErrInput", err)
	}
	if labels, lost, err := ProjectSome(nil, sentence("a/S-PER")); !errors.Is(err, ErrLabel) || lost != nil || labels != nil {
		t.Errorf("BIOES: %q, lost %v, %v, want ErrLabel", labels, lost, err)
	}
	if _, err := Project(nil, sentence("a/S-PER")); !errors.Is(err, ErrLabel) || errors.Is(err, ErrProjection) {
		t.Errorf("BIOES: %v, want ErrLabel", err)
	}
}
