package ui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
)

// ready is a Loader with nothing to load.
type ready struct{}

func (ready) Size(context.Context) (int64, error)        { return 1, nil }
func (ready) Load(context.Context, func(Progress)) error { return nil }

// cropped answers every sentence alike.
type cropped struct {
	steps  []CropStep
	placed bool
	err    error
}

func (c cropped) Crop(_ context.Context, _ string, step func(CropStep)) (bool, error) {
	for _, s := range c.steps {
		step(s)
	}
	return c.placed, c.err
}

func cropLine(words, labels string) []CropLine {
	return []CropLine{{Words: strings.Fields(words), Labels: strings.Fields(labels)}}
}

func lost() []CropStep {
	return []CropStep{
		{Name: "translate", In: cropLine("Tom wohnt in Boston .", ""), Out: []CropLine{{Words: []string{"Tom lives in Boston."}}}},
		{Name: "tag", Out: cropLine("Tom lives in Boston .", "B-PER O O B-LOC O")},
		{Name: "mark", Out: cropLine("__SLOT0__ ▁Tom __SLOT0__ ▁lives ▁in __SLOT1__ ▁Bos ton __SLOT1__ .", "")},
		{Name: "translate marked", Out: cropLine("__SLOT0__ ▁Tim __SLOT0__ ▁wohnt __SLOT1__ ▁Boston", "")},
		{Name: "project", In: []CropLine{{Note: "crop: entity not placed: entity 0, PER \"Tim\": 0 of 1 words"}}, Out: cropLine("Tom wohnt in Boston .", "")},
	}
}

func TestStepsShowMarkersAndWhatWasLost(t *testing.T) {
	rows := cropRows(lost())
	steps, langs := "", ""
	for _, r := range rows {
		steps, langs = steps+r.Step+" ", langs+r.Lang+" "
	}
	if steps != "sentence translate tag mark translate-marked project " || langs != "de en en en de de " {
		t.Fatalf("rows %s, in %s", steps, langs)
	}
	if got := rows[0].Tokens; len(got) != 5 || got[0].Text != "Tom" || rows[0].Took != "" {
		t.Errorf("the sentence is %+v", rows[0])
	}
	rows = rows[1:]
	tokens := rows[2].Tokens
	for i, want := range []CropToken{{"1", "PER", true, false}, {"▁Tom", "PER", false, true}, {"1", "PER", true, false}, {"▁lives", "", false, false}} {
		if tokens[i] != want {
			t.Errorf("token %d is %+v, want %+v", i, tokens[i], want)
		}
	}
	if n := rows[3].Notes; len(n) != 1 || n[0] != "Lost: marker 2, around “Boston”, came back 1 time instead of twice." {
		t.Errorf("notes of the way back: %q", n)
	}
	if n := rows[4].Notes; len(n) != 1 || n[0] != "Lost: entity 0, PER \"Tim\": 0 of 1 words." {
		t.Errorf("notes of the projection: %q", n)
	}
	if got := rows[1].Tokens[3]; got != (CropToken{"Boston", "LOC", false, true}) {
		t.Errorf("a tagged word is %+v", got)
	}
	odd := CropLine{Words: []string{"__SLOT99__", "a", "__SLOT-1__", "__SLOTx__"}, Labels: []string{"I-PER"}}
	if got := odd.tokens(nil); got[0] != (CropToken{"100", "", true, false}) || got[2].Slot || got[3].Slot {
		t.Errorf("odd markers: %+v", got)
	}
}

func TestASentenceIsShownOnceBothModelsAreHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		translator, tagger := NewOnDemand("translator", "a", "the translator", ready{}, Options{}), NewOnDemand("tagger", "b", "the tagger", ready{}, Options{})
		said := ""
		x := NewCrop(translator, tagger, cropped{steps: lost()}, Options{Announce: func(s string) { said = s }})
		x.Show("Tom wohnt in Boston.")
		translator.Load()
		synctest.Wait()
		if v := x.View(); !v.Waiting || len(v.Rows) > 0 {
			t.Errorf("with one model: %+v", v)
		}
		tagger.Load()
		synctest.Wait()
		v := x.View()
		if v.Waiting || v.Working || len(v.Rows) != 6 || !strings.Contains(v.Outcome, "not in the sentence") || said != v.Outcome {
			t.Errorf("%+v, said %q", v, said)
		}
		x.Hide()
		part := append(lost()[:4:4], CropStep{Name: "project", In: lost()[4].In, Out: cropLine("Tom wohnt in Boston .", "O O O B-LOC O")})
		x.engine = cropped{steps: part}
		x.Show("Tom wohnt in Boston.")
		synctest.Wait()
		if v := x.View(); v.Outcome != "1 of 2 names came back into the sentence." || len(v.Rows[5].Notes) != 1 {
			t.Errorf("a part: %+v", v)
		}
		x.Hide()
		if v := x.View(); v.Text != "" || len(v.Rows) > 0 || v.Outcome != "" {
			t.Errorf("hidden: %+v", v)
		}
		x.engine = cropped{err: errors.New("crop: step \"tag\": no")}
		x.Show("Tom wohnt in Boston.")
		synctest.Wait()
		if v := x.View(); v.Failure == nil || !strings.Contains(v.Failure.Text, "tag") || v.Working {
			t.Errorf("failed: %+v", v)
		}
		x.engine = cropped{steps: []CropStep{{Name: "tag", Out: cropLine("Tom", "B-PER")}, {Name: "project", Out: cropLine("Tom", "B-PER")}}, placed: true}
		x.Go()
		synctest.Wait()
		if v := x.View(); v.Failure != nil || v.Outcome != "1 of 1 name came back into the sentence." {
			t.Errorf("tried again: %+v", v)
		}
	})
}

func TestGermanSentencesOfAText(t *testing.T) {
	got := germanSentences("Ich wohne in Berlin und du nicht. I do not live in Berlin with you. Ich wohne in Berlin und du nicht.")
	if len(got) != 1 || got[0] != "Ich wohne in Berlin und du nicht." {
		t.Errorf("%q", got)
	}
}
