package crop

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestPlaceTakesTheFirstBeamThatFits(t *testing.T) {
	target := fields("Max sah Rom")
	fits, lost, other := sentence("Max/B-PER Rom/B-LOC"), sentence("Max sah"), sentence("Moritz/B-PER")
	for _, c := range []struct {
		name           string
		beams          []Sentence
		beam, failures int
		want           string
	}{
		{"the only one", []Sentence{fits}, 0, 0, "B-PER O B-LOC"},
		{"the third", []Sentence{other, other, fits}, 2, 2, "B-PER O B-LOC"},
		{"one without entities is placed", []Sentence{lost, fits}, 0, 0, "O O O"},
		{"what a failed beam placed is forgotten", []Sentence{sentence("Rom/B-ORG Moritz/B-PER"), sentence("Max/B-PER")}, 1, 1, "B-PER O O"},
		{"none", []Sentence{other, other}, NoBeam, 2, ""},
	} {
		s, err := Place(target, c.beams)
		if err != nil || s.Beam != c.beam || len(s.Failures) != c.failures || strings.Join(s.Labels, " ") != c.want || (s.Dropped == Unplaced) != (c.beam == NoBeam) {
			t.Errorf("%s: %+v, %v, want beam %d, labels %s after %d failures", c.name, s, err, c.beam, c.want, c.failures)
		}
		for _, f := range s.Failures {
			if !errors.Is(f, ErrProjection) {
				t.Errorf("%s: %v, want ErrProjection", c.name, f)
			}
		}
	}
}

func TestPlaceSomeTakesTheBeamOfWhichMostFits(t *testing.T) {
	target := fields("Max sah Rom")
	both, one, lost, other := sentence("Max/B-PER Rom/B-LOC"), sentence("Max/B-PER Bonn/B-LOC"), sentence("Max sah"), sentence("Moritz/B-PER")
	for _, c := range []struct {
		name    string
		beams   []Sentence
		beam    int
		failed  string // beams with failures
		dropped Reason
		want    string
	}{
		{"the only one", []Sentence{both}, 0, "", "", "B-PER O B-LOC"},
		{"a part", []Sentence{other, one}, 1, "01", Partly, "B-PER O O"},
		{"all before a part", []Sentence{one, both}, 1, "0", "", "B-PER O B-LOC"},
		{"any before a translation that lost its markers", []Sentence{lost, one}, 1, "1", Partly, "B-PER O O"},
		{"the first of two that are as good", []Sentence{one, sentence("Rom/B-LOC")}, 0, "0", Partly, "B-PER O O"},
		{"nothing", []Sentence{other, lost}, 0, "0", Partly, "O O O"},
	} {
		s, err := PlaceSome(target, c.beams)
		if err != nil || s.Beam != c.beam || s.Dropped != c.dropped || strings.Join(s.Labels, " ") != c.want || len(s.Failures) != len(c.beams) {
			t.Errorf("%s: %+v, %v, want beam %d, labels %s, dropped %q", c.name, s, err, c.beam, c.want, c.dropped)
			continue
		}
		for i, f := range s.Failures {
			if (f != nil) != strings.Contains(c.failed, string(rune('0'+i))) || f != nil && !errors.Is(f, ErrProjection) {
				t.Errorf("%s: beam %d failed with %v, want failures of %q", c.name, i, f, c.failed)
			}
		}
	}
	for _, beams := range [][]Sentence{nil, {both, sentence("a/S-PER")}} {
		if s, err := PlaceSome(target, beams); err == nil || s.Beam != NoBeam || s.Labels != nil || s.Dropped != Unplaced {
			t.Errorf("%v: %+v, %v, want an error", beams, s, err)
		}
	}
}

// Rounds after the first. prev holds the previous tagger's labels of target.
func TestSelect(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("x ", 126)) // words that name nothing
	for _, c := range []struct {
		rule   string
		filter Filter
		target string // with the previous labels
		beams  []string
		beam   int
		want   string // labels; "" where there are none
		drop   Reason
	}{
		{"agreement is kept", CoNLL(nil), "Max/B-PER lacht", []string{"Max/B-PER lacht laut"}, 0, "B-PER O", ""},
		{"the projection's labels win over longer ones", CoNLL(nil), "Max/B-PER Au/I-PER", []string{"Max/B-PER oh ja"}, 0, "B-PER O", ""},
		{"types need not agree", CoNLL(nil), "Max/B-ORG lacht", []string{"Max/B-PER lacht"}, 0, "B-PER O", ""},
		{"not placed, counts agree, first words differ", CoNLL(nil), "Merkels/B-PER Rede", []string{"Rede von Merkel/B-PER"}, FromPrevious, "B-PER O", Disagreement},
		{"not placed, counts and first words agree", CoNLL(nil), "New/B-LOC York/I-LOC", []string{"New/B-LOC Yorck/I-LOC ja"}, FromPrevious, "B-LOC I-LOC", ""},
		{"not placed, labels are the same one for one", CoNLL(nil), "Merkels/B-PER Rede", []string{"Merkel/B-PER redet"}, FromPrevious, "B-PER O", ""},
		{"not placed, counts differ", CoNLL(nil), "Merkels/B-PER Rom/B-LOC", []string{"Merkel/B-PER"}, NoBeam, "", Unplaced},
		{"not placed, 127 words", CoNLL(nil), "Merkels/B-PER " + long, []string{"Merkel/B-PER " + long}, FromPrevious, "B-PER" + strings.Repeat(" O", 126), ""},
		{"not placed, 128 words", CoNLL(nil), "Merkels/B-PER x " + long, []string{"Merkel/B-PER x " + long}, NoBeam, "", Unplaced},
		{"counts differ", CoNLL(nil), "Max/B-PER Rom/B-LOC", []string{"Max/B-PER ja nein"}, 0, "B-PER O", Disagreement},
		{"only the translation has an entity", CoNLL(nil), "Max lacht", []string{"Max/B-PER"}, 0, "B-PER O", Disagreement},
		{"only the previous tagger has one", CoNLL(nil), "Max/B-PER lacht", []string{"Max lacht nie"}, 0, "O O", Disagreement},
		{"neither has one: kept, all O", CoNLL(nil), "er lacht", []string{"er lacht laut"}, 0, "O O", ""},
		{"the first words of later entities count", CoNLL(nil), "Max/B-PER in Rom/B-LOC", []string{"Max/B-PER Rom in/B-LOC ja"}, 0, "B-PER B-LOC O", Disagreement},
		{"counts are of the first beam", CoNLL(nil), "Max/B-PER lacht", []string{"Moritz/B-PER lacht/B-LOC", "Max/B-PER"}, 1, "B-PER O", Disagreement},
		{"first words are of the first beam", CoNLL(nil), "Max/B-PER lacht", []string{"Moritz/B-PER x y", "Max/B-PER x y"}, 1, "B-PER O", Disagreement},
		{"the filter's reason stays", CoNLL(nil), "a/B-PER b/B-PER c/B-PER d/B-PER e/B-PER f/B-PER", []string{"a/B-PER b/B-PER c/B-PER d/B-PER e/B-PER f/B-PER"}, 0, "B-PER B-PER B-PER B-PER B-PER B-PER", ManyEntities},
		{"previous labels are repaired", CoNLL(nil), "New/I-LOC York/I-LOC", []string{"New/B-LOC York/I-LOC"}, 0, "B-LOC I-LOC", ""},
		{"XTREME has no agreement", XTREME(), "Max/B-PER Rom/B-LOC", []string{"Max/B-PER"}, 0, "B-PER O", ""},
		{"XTREME drops where neither has one", XTREME(), "er lacht", []string{"er lacht"}, 0, "O O", NoEntity},
		{"XTREME takes previous labels", XTREME(), "Merkels/B-PER Rede", []string{"Rede Merkel/B-PER"}, FromPrevious, "B-PER O", ""},
	} {
		previous := sentence(c.target)
		cand := Candidate{Lang: "de", Target: previous.Words, Previous: previous.Labels}
		for _, beam := range c.beams {
			cand.Beams = append(cand.Beams, sentence(beam))
		}
		s, err := c.filter.Select(cand)
		if err != nil || s.Beam != c.beam || s.Dropped != c.drop || strings.Join(s.Labels, " ") != c.want {
			t.Errorf("%s: beam %d, %q, dropped %q, %v, want beam %d, %q, dropped %q", c.rule, s.Beam, s.Labels, s.Dropped, err, c.beam, c.want, c.drop)
		}
	}
}

func TestSelectInTheFirstRound(t *testing.T) {
	for _, c := range []struct {
		target, beam string
		drop         Reason
	}{
		{"Max lacht", "Max/B-PER", ""}, {"Max lacht", "Max", NoEntity}, {"Max lacht", "Moritz/B-PER", Unplaced},
		{"Max Max", "Max/B-PER", Unplaced}, {"Max lacht", "Max/B-PER Max/I-PER", RepeatedWord},
	} {
		s, err := CoNLL(nil).Select(Candidate{Lang: "de", Target: fields(c.target), Beams: []Sentence{sentence(c.beam)}})
		if err != nil || s.Dropped != c.drop {
			t.Errorf("%q, %q: dropped %q, %v, want %q", c.target, c.beam, s.Dropped, err, c.drop)
		}
	}
}

// A filter looks at the beam whose entities were projected, not at the first.
func TestSelectFiltersTheChosenBeam(t *testing.T) {
	beams := []Sentence{sentence("Moritz/B-PER"), sentence("Max/B-PER Max/I-PER")}
	s, err := CoNLL(nil).Select(Candidate{Lang: "de", Target: fields("Max lacht"), Beams: beams})
	if err != nil || s.Beam != 1 || s.Dropped != RepeatedWord {
		t.Errorf("beam %d dropped %q, %v, want beam 1 dropped %q", s.Beam, s.Dropped, err, RepeatedWord)
	}
}

func TestSelectRefuses(t *testing.T) {
	good := []Sentence{sentence("a/B-PER")}
	for _, c := range []struct {
		name string
		c    Candidate
		want error
		says string
	}{
		{"no beams", Candidate{Target: fields("a")}, ErrInput, "no beams"},
		{"a beam with too few labels", Candidate{Target: fields("a"), Beams: []Sentence{{Words: fields("a")}}}, ErrInput, "beam 0"},
		{"a beam in BIOES", Candidate{Target: fields("a"), Beams: []Sentence{sentence("b/B-PER"), sentence("a/S-PER")}}, ErrLabel, "beam 1"},
		{"previous labels of another sentence", Candidate{Target: fields("a"), Beams: good, Previous: fields("O O")}, ErrInput, "1 words and 2 labels"},
		{"previous labels in BIOES", Candidate{Target: fields("a"), Beams: good, Previous: fields("S-PER")}, ErrLabel, "previous"},
	} {
		_, err := CoNLL(nil).Select(c.c)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v that says %s", c.name, err, c.want, c.says)
		}
	}
}

func TestSelectLeavesItsArgumentsAlone(t *testing.T) {
	c := Candidate{Lang: "de", Target: fields("New York"), Beams: []Sentence{sentence("New/I-LOC Yorck/I-LOC ja")}, Previous: fields("I-LOC I-LOC")}
	s, err := CoNLL(nil).Select(c)
	if err != nil || !slices.Equal(s.Labels, fields("B-LOC I-LOC")) || !slices.Equal(c.Previous, fields("I-LOC I-LOC")) ||
		!slices.Equal(c.Beams[0].Labels, fields("I-LOC I-LOC O")) {
		t.Errorf("%+v, %v; the candidate is now %+v", s, err, c)
	}
}
