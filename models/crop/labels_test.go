package crop

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// fields splits words that a test writes in one string.
func fields(s string) []string { return strings.Fields(s) }

// sentence reads "Merkel/B-PER lacht/O"; a word without a label is O.
func sentence(s string) Sentence {
	out := Sentence{Words: []string{}, Labels: []string{}}
	for _, f := range fields(s) {
		word, label, found := strings.Cut(f, "/")
		if !found {
			label = Outside
		}
		out.Words, out.Labels = append(out.Words, word), append(out.Labels, label)
	}
	return out
}

// The rule: an I-X at the sentence's start, after O or after a different type is B-X.
func TestRepairBIO(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"well-formed stays", "B-PER I-PER O B-LOC B-LOC", "B-PER I-PER O B-LOC B-LOC"},
		{"at the start", "I-LOC I-LOC O", "B-LOC I-LOC O"},
		{"after O", "O I-ORG I-ORG", "O B-ORG I-ORG"},
		{"after another type", "B-PER I-ORG I-ORG", "B-PER B-ORG I-ORG"},
		{"after another type's I", "I-ORG I-LOC", "B-ORG B-LOC"},
		{"IOB1, as XLM-R's CoNLL model labels", "I-PER I-PER B-PER O I-MISC", "B-PER I-PER B-PER O B-MISC"},
		{"types without prefixes merge", "PER PER LOC O ORG", "B-PER I-PER B-LOC O B-ORG"},
		{"a type may hold a hyphen", "I-geo-loc I-geo-loc", "B-geo-loc I-geo-loc"},
		{"a type may begin with O", "I-ORG OTHER", "B-ORG B-OTHER"},
	} {
		in := fields(c.in)
		got, err := RepairBIO(in)
		if err != nil || !slices.Equal(got, fields(c.want)) {
			t.Errorf("%s: RepairBIO(%q) = %q, %v, want %q", c.name, c.in, got, err, c.want)
		}
		if again, err := RepairBIO(got); err != nil || !slices.Equal(again, got) {
			t.Errorf("%s: repairing twice gives %q, %v", c.name, again, err)
		}
		if !slices.Equal(in, fields(c.in)) {
			t.Errorf("%s: the argument was changed to %q", c.name, in)
		}
	}
}

func TestRepairBIORefusesOtherSchemes(t *testing.T) {
	for _, label := range []string{"", "B-", "I-", "E-PER", "S-PER", "L-PER", "U-LOC", "O-PER", "b-PER"} {
		_, err := RepairBIO([]string{"O", label})
		if !errors.Is(err, ErrLabel) || !strings.Contains(err.Error(), "label 1") {
			t.Errorf("%q: %v, want ErrLabel that names label 1", label, err)
		}
	}
}

func TestEntities(t *testing.T) {
	got, err := Entities(fields("I-PER I-PER B-PER O I-LOC I-ORG"))
	want := []Entity{{"PER", 0, 2}, {"PER", 2, 3}, {"LOC", 4, 5}, {"ORG", 5, 6}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if got, err := Entities([]string{"S-PER"}); got != nil || !errors.Is(err, ErrLabel) {
		t.Errorf("%v, %v, want ErrLabel", got, err)
	}
}

func TestJoin(t *testing.T) {
	for lang, want := range map[string]string{"de": "a b c", "en": "a b c", "zh": "abc", "ja": "abc", "th": "abc"} {
		if got := Join(fields("a b c"), lang); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}
