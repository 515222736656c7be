package crop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The models of the tests answer from tables, and fail on what is not in them.

type texts map[string]string

func (t texts) Translate(_ func() error, text, from, to string) (string, error) {
	if out, ok := t[from+">"+to+" "+text]; ok {
		return out, nil
	}
	return "", fmt.Errorf("asked to translate %q from %s to %s", text, from, to)
}

type tags map[string]string

func (t tags) Tag(_ func() error, words []string) ([]string, error) {
	if out, ok := t[strings.Join(words, " ")]; ok {
		return fields(out), nil
	}
	return nil, fmt.Errorf("asked to tag %q", words)
}

type marked map[string][]string

func (t marked) TranslateLabeled(_ func() error, pieces []string, from, to string, beams int) ([][]string, error) {
	lines, ok := t[from+">"+to+" "+strings.Join(pieces, " ")]
	if !ok {
		return nil, fmt.Errorf("asked to translate the pieces %q from %s to %s", pieces, from, to)
	}
	var out [][]string
	for _, l := range lines {
		out = append(out, fields(l))
	}
	return out, nil
}

var merkel = fields("Angela Merkel besucht Paris .")

// german is a pipeline that knows one sentence. Its first beam has lost a name, its
// third would fit too.
func german() *Pipeline {
	return &Pipeline{
		Lang:       "de",
		Translator: texts{"de>en Angela Merkel besucht Paris .": "Angela Merkel <unk> visits Paris."},
		Tagger:     tags{"Angela Merkel visits Paris .": "I-PER I-PER O I-LOC O"},
		Segment:    threes,
		LabeledTranslator: marked{"en>de __SLOT0__ ▁Ang ela ▁Mer kel __SLOT0__ ▁vis its __SLOT1__ ▁Par is __SLOT1__ ▁.": {
			"__SLOT0__ ▁Die ▁Kanzlerin __SLOT0__ ▁besucht __SLOT1__ ▁Paris __SLOT1__ ▁.",
			"__SLOT0__ ▁Ang ela ▁Merkel __SLOT0__ ▁ist ▁in __SLOT1__ ▁Pa ris __SLOT0__ ▁.",
			"▁nichts",
			"▁mehr ▁als ▁gewünscht",
		}},
		Beams: 3,
	}
}

func TestRunLabelsASentenceAndShowsEachStep(t *testing.T) {
	p := german()
	var watched []StepName
	p.Watch = func(s Step) { watched = append(watched, s.Name) }
	r, steps, err := p.Run(nil, merkel)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Labels, fields("B-PER I-PER O B-LOC O")) || r.Beam != 1 || r.Dropped != "" || len(r.Failures) != 1 {
		t.Errorf("%+v", r)
	}
	if want := []Entity{{"PER", 0, 2}, {"LOC", 3, 4}}; !slices.Equal(r.Entities, want) {
		t.Errorf("entities %v, want %v", r.Entities, want)
	}
	show := func(list []Line) string {
		var parts []string
		for _, l := range list {
			s := strings.Join(l.Words, " ")
			if l.Labels != nil {
				s += " | " + strings.Join(l.Labels, " ")
			}
			parts = append(parts, s)
		}
		return strings.Join(parts, "\n")
	}
	const (
		german  = "Angela Merkel besucht Paris ."
		pieces  = "__SLOT0__ ▁Ang ela ▁Mer kel __SLOT0__ ▁vis its __SLOT1__ ▁Par is __SLOT1__ ▁."
		back    = "__SLOT0__ ▁Die ▁Kanzlerin __SLOT0__ ▁besucht __SLOT1__ ▁Paris __SLOT1__ ▁.\n__SLOT0__ ▁Ang ela ▁Merkel __SLOT0__ ▁ist ▁in __SLOT1__ ▁Pa ris __SLOT0__ ▁.\n▁nichts"
		decoded = "Die Kanzlerin besucht Paris . | B-PER I-PER O B-LOC O\nAngela Merkel ist in Paris . | B-PER I-PER O O B-LOC O\nnichts | O"
	)
	want := []struct {
		name    StepName
		in, out string
	}{
		{StepTranslate, german, "Angela Merkel <unk> visits Paris."},
		{StepWords, "Angela Merkel <unk> visits Paris.", "Angela Merkel visits Paris ."},
		{StepTag, "Angela Merkel visits Paris .", "Angela Merkel visits Paris . | B-PER I-PER O B-LOC O"},
		{StepMark, "Angela Merkel visits Paris . | B-PER I-PER O B-LOC O", pieces},
		{StepReturn, pieces, back},
		{StepDecode, back, decoded},
		{StepProject, decoded, german + " | B-PER I-PER O B-LOC O"},
	}
	for i, w := range want {
		if i >= len(steps) || i >= len(watched) {
			t.Fatalf("%d steps, %d watched, want %d", len(steps), len(watched), len(want))
		}
		s := steps[i]
		if s.Name != w.name || watched[i] != w.name || show(s.In) != w.in || show(s.Out) != w.out || s.Err != nil {
			t.Errorf("step %d: %s\nin  %s\nout %s\nerr %v\nwant %s\nin  %s\nout %s", i, s.Name, show(s.In), show(s.Out), s.Err, w.name, w.in, w.out)
		}
	}
	if len(steps) != len(want) || len(watched) != len(want) {
		t.Errorf("%d steps, %d watched, want %d", len(steps), len(watched), len(want))
	}
	if note := steps[6].In[0].Note; !strings.Contains(note, "Die Kanzlerin") || steps[6].In[1].Note != "" {
		t.Errorf("beam 0 says %q, beam 1 %q; want why the first was not placed", note, steps[6].In[1].Note)
	}
}

// A page may change what it was shown; the result is not touched.
func TestStepsAreCopies(t *testing.T) {
	p := german()
	p.Watch = func(s Step) {
		for _, l := range append(s.In, s.Out...) {
			clear(l.Words)
			clear(l.Labels)
		}
	}
	sentence := slices.Clone(merkel)
	r, _, err := p.Run(nil, sentence)
	if err != nil || !slices.Equal(r.Labels, fields("B-PER I-PER O B-LOC O")) || !slices.Equal(sentence, merkel) {
		t.Errorf("%+v, %v; the sentence is now %q", r, err, sentence)
	}
}

func TestRunBeams(t *testing.T) {
	for _, c := range []struct {
		beams, used int
		dropped     Reason
		labels      string
	}{{0, NoBeam, Unplaced, ""}, {1, NoBeam, Unplaced, ""}, {2, 1, "", "B-PER I-PER O B-LOC O"}, {9, 1, "", "B-PER I-PER O B-LOC O"}} {
		p := german()
		p.Beams = c.beams
		r, _, err := p.Run(nil, merkel)
		if err != nil || r.Beam != c.used || r.Dropped != c.dropped || strings.Join(r.Labels, " ") != c.labels {
			t.Errorf("%d beams: %+v, %v, want beam %d, dropped %q", c.beams, r, err, c.used, c.dropped)
		}
	}
}

// One name stays where the other cannot: the steps say which was lost, and where.
func TestAPartialRunKeepsWhatCanBePlaced(t *testing.T) {
	for _, c := range []struct {
		back, labels, decode, project string
		dropped                       Reason
	}{
		{"__SLOT0__ ▁Die ▁Kanzlerin __SLOT0__ ▁besucht __SLOT1__ ▁Paris __SLOT1__", "O O O B-LOC O", "", `entity 0, PER "Die Kanzlerin"`, Partly},
		{"__SLOT0__ ▁Angela ▁Merkel __SLOT0__ ▁besucht __SLOT1__ __SLOT1__ ▁Paris", "B-PER I-PER O O O", "__SLOT1__ (LOC)", "", ""},
		{"▁Angela ▁Merkel ▁besucht ▁Paris", "O O O O O", "__SLOT0__ (PER), __SLOT1__ (LOC)", "", ""},
		{"__SLOT0__ ▁Angela ▁Merkel __SLOT1__ ▁besucht ▁Paris __SLOT1__", "B-PER I-PER O O O", "__SLOT1__ (LOC)", "", ""},
	} {
		p := german()
		p.Partial, p.LabeledTranslator = true, reply{fields(c.back)}
		r, steps, err := p.Run(nil, merkel)
		if err != nil || strings.Join(r.Labels, " ") != c.labels || r.Beam != 0 || r.Dropped != c.dropped || len(steps) != 7 {
			t.Errorf("%s: %+v, %d steps, %v, want %s, dropped %q", c.back, r, len(steps), err, c.labels, c.dropped)
			continue
		}
		for _, note := range []struct{ is, says string }{{steps[5].Out[0].Note, c.decode}, {steps[6].In[0].Note, c.project}, {steps[6].Out[0].Note, string(c.dropped)}} {
			if !strings.Contains(note.is, note.says) || note.says == "" && note.is != "" {
				t.Errorf("%s: note %q, want one that says %q", c.back, note.is, note.says)
			}
		}
	}
}

func TestRunWithoutEntitiesStopsAfterTagging(t *testing.T) {
	p := german()
	p.Tagger = tags{"Angela Merkel visits Paris .": "O O O O O"}
	p.LabeledTranslator = marked{} // would fail
	r, steps, err := p.Run(nil, merkel)
	if err != nil || !slices.Equal(r.Labels, all(5)) || r.Entities != nil || r.Dropped != "" || len(steps) != 4 {
		t.Errorf("%+v, %d steps, %v", r, len(steps), err)
	}
	f := CoNLL(nil)
	p.Filter = &f
	if r, _, err := p.Run(nil, merkel); err != nil || r.Dropped != NoEntity {
		t.Errorf("%+v, %v, want %q", r, err, NoEntity)
	}
	p.Previous = tags{strings.Join(merkel, " "): "O O O O O"}
	if r, _, err := p.Run(nil, merkel); err != nil || r.Dropped != "" {
		t.Errorf("the previous tagger agrees: %+v, %v, want it kept", r, err)
	}
}

func TestRunDecodesAWholeSentence(t *testing.T) {
	p := &Pipeline{
		Lang:              "zh",
		Translator:        texts{"zh>en 联合国": "United Nations"},
		Tagger:            tags{"United Nations": "ORG ORG"},
		Segment:           threes,
		LabeledTranslator: marked{"en>zh __SLOT0__ ▁Uni ted ▁Nat ion s __SLOT0__": {"▁ 联合 国"}},
	}
	r, _, err := p.Run(nil, strings.Split("联合国", ""))
	if err != nil || !slices.Equal(r.Labels, fields("B-ORG I-ORG I-ORG")) {
		t.Errorf("%+v, %v: the slots were lost, but the sentence is one entity", r, err)
	}
}

func TestRunUsesThePreviousTagger(t *testing.T) {
	f := CoNLL(nil)
	for _, c := range []struct {
		previous string
		beam     int
		dropped  Reason
		labels   string
	}{
		{"I-PER I-PER O I-LOC O", 0, "", "B-PER I-PER O B-LOC O"},
		{"I-PER I-PER O O O", 0, Disagreement, "B-PER I-PER O B-LOC O"},
	} {
		p := german()
		p.Filter, p.Previous = &f, tags{strings.Join(merkel, " "): c.previous}
		p.LabeledTranslator = reply{{"__SLOT0__", "▁Angela", "▁Merkel", "__SLOT0__", "▁kam", "__SLOT1__", "▁Paris"}}
		r, steps, err := p.Run(nil, merkel)
		if err != nil || r.Beam != c.beam || r.Dropped != c.dropped || strings.Join(r.Labels, " ") != c.labels {
			t.Errorf("%s: %+v, %v, want beam %d, %s, dropped %q", c.previous, r, err, c.beam, c.labels, c.dropped)
		}
		if n := len(steps); n != 9 || steps[6].Name != StepPrevious || steps[8].Name != StepFilter || steps[8].Out[0].Note != string(c.dropped) {
			t.Errorf("%s: steps %+v", c.previous, steps)
		}
	}
	p := german() // the first beam alone cannot be placed
	p.Beams, p.Filter, p.Previous = 1, &f, tags{strings.Join(merkel, " "): "B-PER I-PER O B-LOC O"}
	r, _, err := p.Run(nil, merkel)
	if err != nil || r.Beam != FromPrevious || !slices.Equal(r.Labels, fields("B-PER I-PER O B-LOC O")) || r.Dropped != "" || len(r.Entities) != 2 {
		t.Errorf("%+v, %v, want the previous tagger's labels", r, err)
	}
}

// reply is a LabeledTranslator with one answer.
type reply [][]string

func (r reply) TranslateLabeled(func() error, []string, string, string, int) ([][]string, error) {
	return r, nil
}

func TestErrorsNameTheirStep(t *testing.T) {
	f := CoNLL(nil)
	many := strings.TrimSpace(strings.Repeat("x ", MaxSlots+1))
	english := "Angela Merkel visits Paris ."
	for _, c := range []struct {
		step   StepName
		change func(p *Pipeline)
		kind   error
		says   string
	}{
		{StepTranslate, func(p *Pipeline) { p.Translator = texts{} }, nil, `"Angela Merkel besucht Paris ." from de to en`},
		{StepWords, func(p *Pipeline) { p.Translator = texts{"de>en " + strings.Join(merkel, " "): " <unk> "} }, ErrModel, "has no words"},
		{StepTag, func(p *Pipeline) { p.Tagger = tags{} }, nil, "asked to tag"},
		{StepTag, func(p *Pipeline) { p.Tagger = tags{english: "O O"} }, ErrModel, "2 labels for 5 words"},
		{StepTag, func(p *Pipeline) { p.Tagger = tags{english: "O O O O E-LOC"} }, ErrModel, "label 4"},
		{StepTag, func(p *Pipeline) { p.Tagger = tags{english: "O O O O E-LOC"} }, ErrLabel, "label 4"},
		{StepMark, func(p *Pipeline) {
			p.Words = func(string) []string { return fields(many) }
			p.Tagger = tags{many: strings.ReplaceAll(many, "x", "B-PER")}
		}, ErrTooManyEntities, "found 15"},
		{StepMark, func(p *Pipeline) {
			p.Segment = func(string) ([]string, error) { return nil, errors.New("no vocabulary") }
		}, nil, "no vocabulary"},
		{StepReturn, func(p *Pipeline) { p.LabeledTranslator = marked{} }, nil, "asked to translate the pieces"},
		{StepReturn, func(p *Pipeline) { p.LabeledTranslator = reply{} }, ErrModel, "no translation, want 1 to 3"},
		{StepPrevious, func(p *Pipeline) { p.Filter, p.Previous = &f, tags{} }, nil, "asked to tag"},
		{StepPrevious, func(p *Pipeline) { p.Filter, p.Previous = &f, tags{strings.Join(merkel, " "): "O"} }, ErrModel, "1 labels for 5 words"},
	} {
		p := german()
		c.change(p)
		r, steps, err := p.Run(nil, merkel)
		var at *StepError
		if !errors.As(err, &at) || at.Step != c.step || c.kind != nil && !errors.Is(err, c.kind) ||
			!strings.HasPrefix(err.Error(), fmt.Sprintf("crop: step %q: ", c.step)) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v that says %s", c.step, err, c.kind, c.says)
			continue
		}
		if last := steps[len(steps)-1]; last.Name != c.step || last.Err == nil || r.Labels != nil || r.Beam != NoBeam || r.Dropped != Unplaced {
			t.Errorf("%s: the last step is %s with %v, the result %+v", c.step, last.Name, last.Err, r)
		}
	}
}

func TestRunStopsWhenCancelled(t *testing.T) {
	for _, at := range []StepName{StepTranslate, StepWords, StepTag, StepMark, StepReturn, StepDecode} {
		p := german()
		ctx, cancel := context.WithCancel(t.Context())
		p.Watch = func(s Step) {
			if s.Name == at {
				cancel()
			}
		}
		_, steps, err := p.Run(ctx.Err, merkel)
		cancel()
		if !errors.Is(err, context.Canceled) || len(steps) < 2 || steps[len(steps)-2].Name != at {
			t.Errorf("cancelled after %s: %v after %d steps, want it to be the last but one", at, err, len(steps))
		}
	}
}

func TestRunRefuses(t *testing.T) {
	for _, c := range []struct {
		says     string
		change   func(p *Pipeline)
		sentence []string
	}{
		{"no words", func(*Pipeline) {}, nil},
		{"no Lang", func(p *Pipeline) { p.Lang = "" }, merkel},
		{"no Translator", func(p *Pipeline) { p.Translator = nil }, merkel},
		{"no Tagger", func(p *Pipeline) { p.Tagger = nil }, merkel},
		{"no Segment", func(p *Pipeline) { p.Segment = nil }, merkel},
		{"no LabeledTranslator", func(p *Pipeline) { p.LabeledTranslator = nil }, merkel},
		{"no Filter", func(p *Pipeline) { p.Previous = tags{} }, merkel},
		{"Beams is -1", func(p *Pipeline) { p.Beams = -1 }, merkel},
		{"Partial is set", func(p *Pipeline) { p.Partial, p.Filter = true, &Filter{} }, merkel},
	} {
		p := german()
		c.change(p)
		if r, steps, err := p.Run(nil, c.sentence); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), c.says) || steps != nil || r.Labels != nil {
			t.Errorf("%s: %+v, %d steps, %v, want ErrInput", c.says, r, len(steps), err)
		}
	}
}
