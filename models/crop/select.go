package crop

import (
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Candidate is a sentence with all that is known about its labels.
type Candidate struct {
	Lang   string
	Target []string // the words of the sentence
	// Beams are the decoded translations, the best first; at least one.
	Beams []Sentence
	// Previous holds the labels that the tagger of the previous round gave to Target;
	// nil in the first round.
	Previous []string
}

// Selection is the labels that a sentence gets.
type Selection struct {
	// Labels has a label for each word; nil if there are none (Dropped is Unplaced).
	Labels []string
	// Beam is the one whose entities were projected, FromPrevious if the labels are the
	// previous tagger's, NoBeam if there are no labels.
	Beam int
	// Dropped is why the sentence should not be trained on, "" if it may.
	Dropped Reason
	// Failures holds why the beams before Beam could not be projected (ErrProjection). Of
	// PlaceSome it has one for each beam, nil where every entity could be placed.
	Failures []error
}

// Values of Selection.Beam that are not beams.
const (
	FromPrevious = -1
	NoBeam       = -2
)

// Place projects the beams in order; the first whose entities can all be placed wins. That
// may be one that lost its slots and has no entity left: only a Filter drops it.
func Place(target []string, beams []Sentence) (Selection, error) {
	s := Selection{Beam: NoBeam, Dropped: Unplaced}
	if len(beams) == 0 {
		return s, errNoBeams()
	}
	for i, beam := range beams {
		if _, err := beam.check("the translation"); err != nil {
			return s, lean.Errorf("beam %d: %w", i, err)
		}
		labels, err := Project(target, beam)
		if err == nil {
			s.Labels, s.Beam, s.Dropped = labels, i, ""
			return s, nil
		}
		s.Failures = append(s.Failures, err)
	}
	return s, nil
}

// PlaceSome projects what can be projected of every beam; the one of which most entities
// can be placed wins, the first if there are several. Dropped is Partly where it has
// others: such a sentence is for somebody who reads it, not to be trained on.
func PlaceSome(target []string, beams []Sentence) (Selection, error) {
	s := Selection{Beam: NoBeam, Dropped: Unplaced}
	if len(beams) == 0 {
		return s, errNoBeams()
	}
	most := -1
	for i, beam := range beams {
		labels, lost, err := project(target, beam, false)
		if err != nil {
			return Selection{Beam: NoBeam, Dropped: Unplaced}, lean.Errorf("beam %d: %w", i, err)
		}
		s.Failures = append(s.Failures, lost)
		if n := len(entities(labels)); n > most {
			s.Labels, s.Beam, most = labels, i, n
		}
	}
	s.Dropped = ""
	if s.Failures[s.Beam] != nil {
		s.Dropped = Partly
	}
	return s, nil
}

func errNoBeams() error {
	return lean.Errorf("crop: %w: there are no beams, want at least one translation", ErrInput)
}

// Select decides on the labels of one sentence and whether to keep it. With the labels of
// a previous tagger:
//
//   - if no beam can be placed, the sentence is shorter than MaxLength and the first
//     beam has as many entities as the previous tagger found, its labels are used;
//   - with Agreement, a sentence in which neither finds an entity is kept, as all O;
//   - with Agreement, the sentence is dropped if the numbers of entities differ, or the
//     first word of an entity does. Not if the previous labels are those of the chosen
//     beam one for one: the official code compares the words only when they differ.
//
// The official CoNLL script keeps a partly projected sentence of exactly MaxLength words
// that agrees; here a sentence that was not placed is always dropped. Its XTREME script
// filters on the first beam; here the filter is on the beam that was chosen.
func (f Filter) Select(c Candidate) (Selection, error) {
	s, err := Place(c.Target, c.Beams)
	if err != nil {
		return s, err
	}
	var before Sentence
	if c.Previous != nil {
		if before, err = (Sentence{Words: c.Target, Labels: c.Previous}).check("the previous tagger's sentence"); err != nil {
			return s, err
		}
	}
	return f.finish(c, s, before), nil
}

// finish is Select behind Place; before is c.Previous, repaired, with its words.
func (f Filter) finish(c Candidate, s Selection, before Sentence) Selection {
	first, old := wellFormed(c.Beams[0]), entities(before.Labels)
	if s.Beam == NoBeam && c.Previous != nil && (f.MaxLength <= 0 || len(c.Target) < f.MaxLength) && len(first) == len(old) {
		s.Labels, s.Beam = before.Labels, FromPrevious
	}
	if s.Beam == NoBeam {
		return s
	}
	chosen := c.Beams[max(s.Beam, 0)]
	s.Dropped = f.Drop(c.Lang, s.Labels, chosen)
	if c.Previous == nil || !f.Agreement {
		return s
	}
	if len(first) == 0 && len(old) == 0 {
		s.Dropped = ""
	}
	if !agree(before, chosen, c.Beams[0], old, first) {
		s.Dropped = Disagreement
	}
	return s
}

// agree tells whether the previous tagger's sentence has the entities of the first beam.
func agree(before, chosen, beam Sentence, old, first []Entity) bool {
	if fixed, _ := RepairBIO(chosen.Labels); slices.Equal(before.Labels, fixed) {
		return true
	}
	if len(old) != len(first) {
		return false
	}
	for i := range old {
		if before.Words[old[i].Start] != beam.Words[first[i].Start] {
			return false
		}
	}
	return true
}
