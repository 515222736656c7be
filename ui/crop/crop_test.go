package crop

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
)

// fakeCropper answers every sentence alike.
type fakeCropper struct {
	steps  []Step
	placed bool
	err    error
}

func (c fakeCropper) Crop(_ context.Context, text string, step func(Step)) (bool, error) {
	if text == "panic" {
		panic("a fault")
	}
	for _, s := range c.steps {
		step(s)
	}
	return c.placed, c.err
}

func line(words, labels string) []Line {
	return []Line{{Words: strings.Fields(words), Labels: strings.Fields(labels)}}
}

// lost are steps in which marker 2 comes back once and the name between markers 1 is another.
func lost() []Step {
	return []Step{
		{Name: "translate", In: line("Tom wohnt in Boston .", ""), Out: []Line{{Words: []string{"Tom lives in Boston."}}}},
		{Name: "tag", Out: line("Tom lives in Boston .", "B-PER O O B-LOC O")},
		{Name: "mark", Out: line("__SLOT0__ ▁Tom __SLOT0__ ▁lives ▁in __SLOT1__ ▁Bos ton __SLOT1__ .", "")},
		{Name: "translate marked", Out: line("__SLOT0__ ▁Tim __SLOT0__ ▁wohnt __SLOT1__ ▁Boston", "")},
		{Name: "project", In: []Line{{Note: "crop: entity not placed: entity 0, PER \"Tim\": 0 of 1 words"}}, Out: line("Tom wohnt in Boston .", "")},
	}
}

func TestStepsShowMarkersAndWhatWasLost(t *testing.T) {
	all := rows(lost())
	steps, langs := "", ""
	for _, r := range all {
		steps, langs = steps+r.Step+" ", langs+r.Lang+" "
	}
	if steps != "sentence translate tag mark translate-marked project " || langs != "de en en en de de " {
		t.Fatalf("rows %s, in %s", steps, langs)
	}
	if got := all[0].Tokens; len(got) != 5 || got[0].Text != "Tom" || all[0].Took != "" {
		t.Errorf("the sentence is %+v", all[0])
	}
	if got := all[2].Tokens[3]; got != (Token{"Boston", "LOC", false, true}) {
		t.Errorf("a tagged word is %+v", got)
	}
	for i, want := range []Token{{"1", "PER", true, false}, {"▁Tom", "PER", false, true}, {"1", "PER", true, false}, {"▁lives", "", false, false}} {
		if got := all[3].Tokens[i]; got != want {
			t.Errorf("token %d is %+v, expected %+v", i, got, want)
		}
	}
	if n := all[4].Notes; len(n) != 1 || n[0] != "Lost: marker 2, around “Boston”, came back 1 time instead of twice." {
		t.Errorf("notes of the way back: %q", n)
	}
	if n := all[5].Notes; len(n) != 1 || n[0] != "Lost: entity 0, PER \"Tim\": 0 of 1 words." {
		t.Errorf("notes of the projection: %q", n)
	}
	odd := Line{Words: []string{"__SLOT99__", "a", "__SLOT-1__", "__SLOTx__"}, Labels: []string{"I-PER"}}
	if got := odd.tokens(nil); got[0] != (Token{"100", "", true, false}) || got[2].Marker || got[3].Marker {
		t.Errorf("odd markers: %+v", got)
	}
	if got := rows([]Step{{Name: "other", Out: line("a", "")}, {Name: "empty"}}); len(got) != 1 || got[0].Title != "other" {
		t.Errorf("unknown and empty steps: %+v", got)
	}
}

func TestASentenceIsShownOnceBothModelsAreLoaded(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		h := &hosttest.Host{}
		translator := host.NewModel(h, &hosttest.Loader{Bytes: 1}, "translator", "a", "the translator")
		tagger := host.NewModel(h, &hosttest.Loader{Bytes: 1}, "tagger", "b", "the tagger")
		x := New(h, translator, tagger, fakeCropper{steps: lost()})
		x.Press("Tom wohnt in Boston.")
		translator.Load()
		hosttest.Rest()
		if v := x.View(); !v.Waiting || len(v.Rows) > 0 || translator.State().Size != 1 || tagger.State().Size != 1 {
			t.Errorf("with one model: %+v", v)
		}
		tagger.Load()
		hosttest.Rest()
		v := x.View()
		if v.Waiting || v.Working || len(v.Rows) != 6 || !strings.Contains(v.Outcome, "not in the sentence") || h.LastSaid() != v.Outcome {
			t.Errorf("%+v, said %q", v, h.LastSaid())
		}
		x.Press("Tom wohnt in Boston.") // again hides it
		if v := x.View(); v.Text != "" || len(v.Rows) > 0 || v.Outcome != "" {
			t.Errorf("hidden: %+v", v)
		}
		show := func(c fakeCropper, text string) View {
			x.engine = c
			x.Show(text)
			hosttest.Rest()
			return x.View()
		}
		part := append(lost()[:4:4], Step{Name: "project", In: lost()[4].In, Out: line("Tom wohnt in Boston .", "O O O B-LOC O")})
		if v := show(fakeCropper{steps: part}, "a"); v.Outcome != "1 of 2 names were found again in the German sentence." || len(v.Rows[5].Notes) != 1 {
			t.Errorf("a part: %+v", v)
		}
		if v := show(fakeCropper{placed: true}, "b"); v.Outcome != "No name was found in the translation, so there is nothing to project." {
			t.Errorf("nothing: %+v", v)
		}
		if v := show(fakeCropper{}, "panic"); v.Failure == nil || !strings.Contains(v.Failure.Text, "a fault") {
			t.Errorf("a panic: %+v", v)
		}
		v = show(fakeCropper{err: errors.New("crop: step \"tag\": no")}, "c")
		if v.Failure == nil || !strings.Contains(v.Failure.Text, "tag") || v.Working || v.Outcome != "" || h.LastSaid() != v.Failure.Sentence() {
			t.Errorf("a failure: %+v, said %q", v, h.LastSaid())
		}
		x.engine = fakeCropper{steps: []Step{{Name: "tag", Out: line("Tom", "B-PER")}, {Name: "project", Out: line("Tom", "B-PER")}}, placed: true}
		x.Go()
		hosttest.Rest()
		if v := x.View(); v.Failure != nil || v.Outcome != "1 of 1 name was found again in the German sentence." {
			t.Errorf("tried again: %+v", v)
		}
	})
}

func TestGermanSentencesOfAText(t *testing.T) {
	got := Sentences("Ich wohne in Berlin und du nicht. I do not live in Berlin with you. Ich wohne in Berlin und du nicht.")
	if len(got) != 1 || got[0] != "Ich wohne in Berlin und du nicht." {
		t.Errorf("%q", got)
	}
	if got := Sentences(strings.Repeat("Ich bin hier und du nicht. ", 2) + "Das ist gut. Das ist schön. Wo ist er? Wer ist das? Wie ist es? Was ist los? Ich bin da. Du bist da."); len(got) != maxShown {
		t.Errorf("%d sentences, expected %d", len(got), maxShown)
	}
}
