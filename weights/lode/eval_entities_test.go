package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

func TestEntitiesAreReadFromLabelsAsCoNLLDoes(t *testing.T) {
	for _, c := range []struct {
		labels string
		want   []span
	}{
		{"O O", nil},
		{"B-PER I-PER O B-LOC", []span{{0, 2, "PER"}, {3, 4, "LOC"}}},
		{"B-PER B-PER", []span{{0, 1, "PER"}, {1, 2, "PER"}}},
		{"I-PER I-LOC O I-LOC", []span{{0, 1, "PER"}, {1, 2, "LOC"}, {3, 4, "LOC"}}}, // begins without B-
		{"PER PER O LOC", []span{{0, 2, "PER"}, {3, 4, "LOC"}}},                      // types alone
		{"O B-ORG I-ORG", []span{{1, 3, "ORG"}}},                                     // to the end
	} {
		if got := spansOf(strings.Fields(c.labels)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, expected %v", c.labels, got, c.want)
		}
	}
}

func TestAWordHasTheLabelOfItsFirstToken(t *testing.T) {
	words := strings.Fields("Anna lives here .")
	got := tasks.WordLabels(words, []tasks.Entity{
		{Label: "B-PER", Start: 0}, {Label: "I-PER", Start: 2}, // An·na
		{Label: "O", Start: 5}, // nothing in "here"
		{Label: "B-LOC", Start: 16},
	})
	if want := []string{"B-PER", "O", "O", "B-LOC"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, expected %q", got, want)
	}
}

func TestEvalEntitiesCountsWhatTheModelFinds(t *testing.T) {
	dir := t.TempDir()
	tiny := headstest.New("magneto", heads.TokenClassification, "O", "B-PER", "B-LOC")
	files, err := tiny.Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f := newCommand(&env{}, "entities", "").computes()
	r, err := openTask(f, &env{err: &strings.Builder{}}, dir, "auto", pipeline.TokenClassification)
	if err != nil {
		t.Fatal(err)
	}
	// The model's own labels, read off word by word.
	sentences := []string{"the cat sat on the mat", "a dog ran", "he played with the cat"}
	var text strings.Builder
	entities := 0
	for _, s := range sentences {
		found, err := r.Run(nil, []string{s}, tasks.TokenClassificationOptions{})
		if err != nil {
			t.Fatal(err)
		}
		first := map[int]string{}
		for _, x := range found[0] {
			first[x.Start] = x.Label
		}
		at := 0
		for _, w := range strings.Split(s, " ") {
			label := first[at]
			at += len(w) + 1
			if label != "O" {
				entities++
			}
			text.WriteString("1\t" + w + "\t" + label + "\n")
		}
		text.WriteString("\n")
	}
	if entities == 0 || entities == strings.Count(text.String(), "\t")/2 {
		t.Fatalf("the model finds %d entities: the test says nothing", entities)
	}
	score := func(text string) entitiesResult {
		path := filepath.Join(dir, "words.conll")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return lines[entitiesResult](t, must(t, "", "eval", "entities", "--json", "--model", dir, "--columns", "2,3", path))[0]
	}
	same := score("# a comment\n" + text.String())
	if same.F1 != 100 || same.Entities != entities || same.Sentences != 3 {
		t.Errorf("of the model's own labels: %+v, expected F1 100 of %d entities", same, entities)
	}
	// One entity more than the model finds: recall falls, precision does not.
	more := score(strings.Replace(text.String(), "\tO\n", "\tB-LOC\n", 1))
	if want := 100 * float64(entities) / float64(entities+1); more.Precision != 100 || more.Recall != want {
		t.Errorf("with an entity that the model misses: %+v, expected a recall of %g", more, want)
	}
	if other := score(strings.Replace(text.String(), "\tO\n", "\tB-EVENT\n", 1)); other.F1 != 100 {
		t.Errorf("a type that the model does not know counts: %+v", other)
	}
}

func TestFilesOfLabelledWordsThatAreWrongAreRefused(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"empty", "\n\n", "no labelled words"},
		{"one column", "Anna B-PER\nlives\n", "line 2"},
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readLabelled(path, 0, 1, []string{"O", "B-PER"}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, expected %q", c.name, err, c.says)
		}
	}
	for _, columns := range []string{"", "1", "0,1", "2,2", "a,b"} {
		if _, _, err := parseColumns(columns); err == nil {
			t.Errorf("--columns %q is taken", columns)
		}
	}
}
