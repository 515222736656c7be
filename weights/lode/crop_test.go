package main

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/crop"
)

var shippedCrop = []string{"--translator", "../translator-magneto-en-de", "--tagger", "../tagger-magneto-en-de", "--src-lang", "de"}

// models/tasks/testdata/crop_shipped.json has every step of these sentences.
const schumann, station, boston = "Robert Schumann lebte in Düsseldorf.", "Wo ist der Bahnhof?", "Tom wohnt in Boston."

func TestRunCropShowsEveryStep(t *testing.T) {
	out := must(t, schumann+"\r\n\n"+station+"\n", append([]string{"run", "crop", "--json"}, shippedCrop...)...)
	got := lines[cropped](t, out)
	if len(got) != 2 || got[0].Text != 0 || got[1].Text != 1 {
		t.Fatalf("%d lines: %s", len(got), out)
	}
	y := got[0]
	if want := []cropEntity{{"PER", "Robert Schumann", 0, 15}}; !reflect.DeepEqual(y.Entities, want) || y.Placed {
		t.Errorf("%s: %+v, placed %t, want %+v and a name that is not placed", schumann, y.Entities, y.Placed, want)
	}
	names := ""
	for _, s := range y.Steps {
		names += string(s.Name) + ","
	}
	if names != "translate,words,tag,mark,translate marked,decode,project," {
		t.Errorf("steps %s", names)
	} else if last := y.Steps[6]; !strings.Contains(last.Input[0].Note, `": 0 of 1 words occur exactly once`) || strings.Join(last.Output[0].Labels, " ") != "B-PER I-PER O O O O" {
		t.Errorf("the last step is %+v", last)
	}
	if y := got[1]; len(y.Entities) != 0 || !y.Placed || len(y.Steps) != 4 || !strings.Contains(out, `"entities":[]`) {
		t.Errorf("%s: %+v", station, y)
	}
}

func TestRunCropForAReader(t *testing.T) {
	out := must(t, "", append([]string{"run", "crop", schumann, "🙂 " + boston}, shippedCrop...)...)
	for _, want := range []string{
		schumann + "\n  translate         Robert Schumann lived in",
		"\n  tag               [PER Robert Schumann] lived in [LOC ",
		"\n  mark              __SLOT0__ ▁Robert ",
		"\n  translate marked  __SLOT0__ ▁Robert ",
		"\n  project           [PER Robert Schumann] lebte in Düsseldorf .\n                    (entity not placed: entity 1, LOC \"",
		"\n0\tPER\tRobert Schumann\t0-15\n🙂 Tom",
		"\n1\tLOC\tBoston\t15-21\n", // in code points
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// Of beams on the way back all are shown, the first of which is not always that of one;
// beams on the way to English find another translation of some sentence.
func TestBeamsGiveOtherTranslations(t *testing.T) {
	texts := strings.Join([]string{"Maria kommt aus Berlin und arbeitet in Paris.", "Peter und Maria fahren mit dem Zug von Köln nach Wien.",
		"Thomas Mann floh in die Schweiz und lebte in Kalifornien.", "Georg von Antiochien kämpfte unter Roger in Sizilien."}, "\n")
	run := func(flags ...string) []cropped {
		return lines[cropped](t, must(t, texts, append(append([]string{"run", "crop", "--json"}, shippedCrop...), flags...)...))
	}
	greedy, back, both := run(), run("--num-beams", "4"), run("--num-beams", "4", "--beams", "4")
	other := 0
	for i := range greedy {
		if len(greedy[i].Steps) != 7 || len(back[i].Steps) != 7 {
			t.Fatalf("sentence %d: %d and %d steps, want 7: no name was found in its translation, so choose another", i, len(greedy[i].Steps), len(back[i].Steps))
		}
		if n := len(back[i].Steps[4].Output); n != 4 || len(greedy[i].Steps[4].Output) != 1 {
			t.Errorf("sentence %d: %d translations back, %d of four beams", i, len(greedy[i].Steps[4].Output), n)
		}
		if !reflect.DeepEqual(back[i].Steps[0].Output, greedy[i].Steps[0].Output) {
			t.Errorf("sentence %d: beams on the way back changed the way to English: %q", i, back[i].Steps[0].Output)
		}
		if !reflect.DeepEqual(both[i].Steps[0].Output, back[i].Steps[0].Output) {
			other++
		}
	}
	if other == 0 {
		t.Error("four beams on the way to English find what one finds")
	}
}

func TestEvalCropSaysWhereEntitiesAreLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "words.conllu")
	text := "# a comment\n0\tTom\tB-PER\n1\twohnt\tO\n2\tin\tO\n3\tBoston\tB-LOC\n4\t.\tO\n\n" +
		"0\tRobert\tB-PER\n1\tSchumann\tI-PER\n2\tlebte\tO\n3\tin\tO\n4\tDüsseldorf\tB-LOC\n5\t.\tO\n\n" +
		strings.Repeat("0\tund\tO\n", 300) + "\n0\tBonn\tB-LOC\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"eval", "crop", "--columns", "2,3", "--limit", "3", path}, shippedCrop...)
	y := lines[cropResult](t, must(t, "", append(args, "--json")...))[0]
	if want := (cropCounts{Tagged: 4, Back: 4, Placed: 2, Unread: 1}); y.cropCounts != want || y.Sentences != 3 || y.Entities != 4 || y.Beams != 1 {
		t.Errorf("%+v, want %+v of 3 sentences with 4 entities", y, want)
	}
	if y.Precision != 100 || y.Recall != 50 || y.Partial.Placed != 3 || y.Partial.Precision != 100 || y.Partial.Recall != 75 {
		t.Errorf("%+v, want a recall of 50, and of 75 where one name is kept", y)
	}
	out := must(t, "", args...)
	if !strings.Contains(out, "recall 50.00 (3 sentences, 4 entities; 4 tagged, 4 back, 2 placed; 1 sentences unread;") || !strings.Contains(out, "recall 75.00 (3 placed)") {
		t.Errorf("for a reader: %s", out)
	}
}

// cropStub translates by giving back what it has, tags the first word of a sentence of
// several, and gives as many beams as are asked for.
type cropStub struct{ beams [][]string }

func (s cropStub) Translate(_ func() error, text, _, _ string) (string, error) { return text, nil }

func (s cropStub) Tag(_ func() error, words []string) ([]string, error) {
	labels := strings.Fields(strings.Repeat("O ", len(words)))
	labels[0] = "B-PER"
	return labels, nil
}

func (s cropStub) TranslateLabeled(_ func() error, _ []string, _, _ string, n int) ([][]string, error) {
	return s.beams[:n], nil
}

func stubbed(beams int, lines ...string) *crop.Pipeline {
	s := cropStub{}
	for _, l := range lines {
		s.beams = append(s.beams, strings.Fields(l))
	}
	return &crop.Pipeline{Lang: "de", Partial: true, Translator: s, Tagger: s, LabeledTranslator: s, Beams: beams,
		Segment: func(w string) ([]string, error) { return []string{"▁" + w}, nil }, Words: strings.Fields}
}

func TestTheTranslationThatIsTakenCounts(t *testing.T) {
	all := []labelledWords{{strings.Fields("Max lacht"), strings.Fields("B-PER O")}}
	lines := []string{"__SLOT0__ ▁Moritz __SLOT0__ ▁und __SLOT0__ ▁Jo __SLOT0__", "__SLOT0__ ▁Max __SLOT0__ ▁lacht"}
	for _, c := range []struct {
		beams int
		want  cropCounts
		f1    float64
	}{
		{1, cropCounts{Tagged: 1, Back: 2}, 0},
		{2, cropCounts{Tagged: 1, Back: 1, Placed: 1}, 100},
	} {
		y, err := scoreCrop(stubbed(c.beams, lines...), nil, all, newBar(&strings.Builder{}, "", ""), nil)
		if err != nil || y.cropCounts != c.want || y.F1 != c.f1 {
			t.Errorf("%d beams: %+v, %v, want %+v and F1 %g", c.beams, y, err, c.want, c.f1)
		}
	}
}

func TestAnEvaluationOfCropTellsHowFarItIsAndCanBeStopped(t *testing.T) {
	all := make([]labelledWords, 2*tellEvery)
	for i := range all {
		all[i] = labelledWords{strings.Fields("Max lacht"), strings.Fields("B-PER O")}
	}
	stop := errors.New("stop")
	told, stopped := 0, false
	_, err := scoreCrop(stubbed(1, "__SLOT0__ ▁Max __SLOT0__"), func() error {
		if stopped {
			return stop
		}
		return nil
	}, all, newBar(&strings.Builder{}, "", ""), func(done int, f1 float64) {
		told++
		stopped = done == tellEvery && f1 == 100
	})
	if told != 1 || !errors.Is(err, stop) || !strings.Contains(err.Error(), "sentence 501 of 1000") {
		t.Errorf("told %d times, %v", told, err)
	}
}

func TestCropSaysWhatItIsMissing(t *testing.T) {
	with := func(flags ...string) []string {
		return append(append([]string{"run", "crop", boston}, shippedCrop...), flags...)
	}
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"run", "crop", boston}, 2, "no --translator"},
		{[]string{"eval", "crop", "words"}, 2, "no --translator"},
		{with("--tagger="), 2, "no --tagger"},
		{with("--src-lang="), 2, "no --src-lang"},
		{with("--num-beams=0"), 2, "--num-beams 0"},
		{with("--beams=0"), 2, "--beams 0"},
		{with("--src-lang=fi"), 1, "unknown language"},
		{with("--pivot-lang=fi"), 1, "unknown language"},
		{with("--tagger=" + model), 1, "architectures"},
		{with("--translator=../writer-magneto-en"), 1, "has no encoder"},
		{append([]string{"run", "crop", " "}, shippedCrop...), 1, "text 0: crop: invalid input: the sentence has no words"},
		{append([]string{"eval", "crop", "--limit=-1", "words"}, shippedCrop...), 2, "--limit -1"},
		{append([]string{"eval", "crop", "--columns=1", "words"}, shippedCrop...), 2, "--columns"},
		{append([]string{"eval", "crop", "words"}, shippedCrop...), 1, "no such file"},
	} {
		_, errs, status := lode("", c.args...)
		if status != c.status || !strings.Contains(errs, c.says) {
			t.Errorf("%v: status %d, %q; expected %d saying %q", c.args, status, errs, c.status, c.says)
		}
	}
}
