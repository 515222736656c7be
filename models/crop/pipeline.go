package crop

import (
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// How the authors generate translations.
const (
	MaxTranslation = 256   // tokens
	MinTranslation = 2     // tokens
	LengthPenalty  = 1.0   // the score is divided by length^LengthPenalty
	UnknownPenalty = 10000 // subtracted from the score of <unk>: it is never chosen
)

// Translator translates text. Of all models, pause is called now and then, unless it is
// nil; its error ends the call.
type Translator interface {
	Translate(pause func() error, text, from, to string) (string, error)
}

// Tagger gives each word a label: BIO, or types without prefixes (RepairBIO).
type Tagger interface {
	Tag(pause func() error, words []string) (labels []string, err error)
}

// LabeledTranslator translates pieces among which are slots, each of which is one symbol
// of its dictionary, and returns at most beams translations in pieces, the best first.
type LabeledTranslator interface {
	TranslateLabeled(pause func() error, pieces []string, from, to string, beams int) ([][]string, error)
}

// Pipeline labels sentences. It is safe for concurrent use if its parts are.
type Pipeline struct {
	// Lang is the language of the sentences, such as "de".
	Lang string
	// Pivot is the language that Tagger knows; "" is English, "en".
	Pivot string

	Translator        Translator            // Lang -> Pivot
	Words             func(string) []string // text in Pivot -> words; nil is EnglishWords
	Tagger            Tagger                // of Pivot
	Segment           Segmenter             // of LabeledTranslator
	LabeledTranslator LabeledTranslator     // Pivot -> Lang

	// Beams is the number of translations to try, in order; 0 is 1.
	Beams int
	// Partial: where no beam's entities can all be placed, those that can are kept
	// (PlaceSome). That is for reading, so there must be no Filter.
	Partial bool
	// Filter, if set, decides whether the labels are good enough to train on.
	Filter *Filter
	// Previous, if set, is the tagger of Lang that an earlier round trained. It needs
	// Filter, whose Select says what becomes of its labels.
	Previous Tagger
	// Watch, if set, is called with each step as it ends.
	Watch func(Step)
}

// Result is the labels of a sentence.
type Result struct {
	// Selection holds the labels, where they come from, and why to drop them. Without a
	// Filter, Dropped is Unplaced or "", of a Partial pipeline Partly or "".
	Selection
	// Entities are those of Labels: ranges of the sentence's words.
	Entities []Entity
}

// Run labels a sentence, given as its words (characters in Chinese, Japanese and Thai);
// Split makes them of a text. pause, which may be nil, is called before each step and handed
// to the models; its error ends the run. Of a context it is ctx.Err.
//
// A sentence that cannot be labelled is no error: Result.Dropped says why. The error is a
// *StepError, or ErrInput for a sentence without words or a pipeline without a part. The
// steps that were done are returned with an error too, the failed one last.
func (p *Pipeline) Run(pause func() error, sentence []string) (Result, []Step, error) {
	r := run{Pipeline: p, pause: pause, sentence: sentence, pivot: p.Pivot}
	if r.pivot == "" {
		r.pivot = "en"
	}
	if err := p.check(sentence); err != nil {
		return Result{Selection: Selection{Beam: NoBeam, Dropped: Unplaced}}, nil, err
	}
	result, err := r.all()
	if err != nil {
		result = Result{Selection: Selection{Beam: NoBeam, Dropped: Unplaced}}
	}
	return result, r.steps, err
}

func (p *Pipeline) check(sentence []string) error {
	for _, part := range []struct {
		name string
		set  bool
	}{
		{"Lang", p.Lang != ""}, {"Translator", p.Translator != nil}, {"Tagger", p.Tagger != nil},
		{"Segment", p.Segment != nil}, {"LabeledTranslator", p.LabeledTranslator != nil},
		{"Filter (which Previous needs)", p.Filter != nil || p.Previous == nil},
	} {
		if !part.set {
			return lean.Errorf("crop: %w: the pipeline has no %s", ErrInput, part.name)
		}
	}
	if p.Partial && p.Filter != nil {
		return lean.Errorf("crop: %w: Partial is set, and there is a Filter: sentences that lack labels are not to be trained on", ErrInput)
	}
	if p.Beams < 0 {
		return lean.Errorf("crop: %w: Beams is %d, want 0 or more", ErrInput, p.Beams)
	}
	if len(sentence) == 0 {
		return lean.Errorf("crop: %w: the sentence has no words", ErrInput)
	}
	return nil
}

// run is one Run.
type run struct {
	*Pipeline
	pause    func() error
	sentence []string
	pivot    string
	steps    []Step
}

// do does one step and records it. f fills in Out.
func (r *run) do(name StepName, in []Line, f func(s *Step) error) error {
	s := Step{Name: name, In: in}
	var err error
	if r.pause != nil {
		err = r.pause()
	}
	if err == nil {
		err = f(&s)
	}
	if err != nil {
		err = &StepError{Step: name, Err: err}
	}
	s.Err = err
	r.steps = append(r.steps, s)
	if r.Watch != nil {
		r.Watch(s)
	}
	return err
}

func (r *run) all() (Result, error) {
	tagged, err := r.tagPivot()
	if err != nil {
		return Result{}, err
	}
	beams := []Sentence{{}}
	if len(entities(tagged.Labels)) > 0 {
		if beams, err = r.carryBack(tagged); err != nil {
			return Result{}, err
		}
	}
	c := Candidate{Lang: r.Lang, Target: r.sentence, Beams: beams}
	var before Sentence
	if r.Previous != nil {
		err := r.do(StepPrevious, []Line{line(r.sentence, nil)}, func(s *Step) (err error) {
			before, err = tag(r.pause, r.Previous, r.sentence)
			s.Out = []Line{line(before.Words, before.Labels)}
			return err
		})
		if err != nil {
			return Result{}, err
		}
		c.Previous = before.Labels
	}
	return r.choose(c, before)
}

// tagPivot translates the sentence and tags the translation.
func (r *run) tagPivot() (Sentence, error) {
	source, translation := Join(r.sentence, r.Lang), ""
	err := r.do(StepTranslate, []Line{line(r.sentence, nil)}, func(s *Step) (err error) {
		translation, err = r.Translator.Translate(r.pause, source, r.Lang, r.pivot)
		s.Out = []Line{text(translation)}
		return err
	})
	if err != nil {
		return Sentence{}, err
	}
	var words []string
	err = r.do(StepWords, []Line{text(translation)}, func(s *Step) error {
		split := r.Words
		if split == nil {
			split = EnglishWords
		}
		words = split(translation)
		s.Out = []Line{line(words, nil)}
		if len(words) == 0 {
			return lean.Errorf("%w: the translation %q of %q has no words", ErrModel, lean.Clip(translation), lean.Clip(source))
		}
		return nil
	})
	if err != nil {
		return Sentence{}, err
	}
	var tagged Sentence
	err = r.do(StepTag, []Line{line(words, nil)}, func(s *Step) (err error) {
		tagged, err = tag(r.pause, r.Tagger, words)
		s.Out = []Line{line(tagged.Words, tagged.Labels)}
		return err
	})
	return tagged, err
}

// tag asks a tagger and repairs its labels.
func tag(pause func() error, t Tagger, words []string) (Sentence, error) {
	labels, err := t.Tag(pause, slices.Clone(words))
	if err != nil {
		return Sentence{}, err
	}
	if len(labels) != len(words) {
		return Sentence{}, lean.Errorf("%w: the tagger gave %d labels for %d words", ErrModel, len(labels), len(words))
	}
	labels, err = RepairBIO(labels)
	if err != nil {
		return Sentence{}, lean.Errorf("%w: %w", ErrModel, err)
	}
	return Sentence{Words: words, Labels: labels}, nil
}

// carryBack marks the entities, translates the pieces and reads the beams.
func (r *run) carryBack(tagged Sentence) ([]Sentence, error) {
	var m Marked
	err := r.do(StepMark, []Line{line(tagged.Words, tagged.Labels)}, func(s *Step) (err error) {
		m, err = Insert(tagged, r.pivot, r.Segment)
		s.Out = []Line{line(m.Pieces, nil)}
		return err
	})
	if err != nil {
		return nil, err
	}
	var translations [][]string
	err = r.do(StepReturn, []Line{line(m.Pieces, nil)}, func(s *Step) (err error) {
		n := max(r.Beams, 1)
		translations, err = r.LabeledTranslator.TranslateLabeled(r.pause, slices.Clone(m.Pieces), r.pivot, r.Lang, n)
		if err != nil {
			return err
		}
		if len(translations) == 0 {
			return lean.Errorf("%w: no translation, want 1 to %d", ErrModel, n)
		}
		translations = translations[:min(n, len(translations))]
		for _, pieces := range translations {
			s.Out = append(s.Out, line(pieces, nil))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	beams := make([]Sentence, len(translations))
	in := make([]Line, len(translations))
	for i, pieces := range translations {
		in[i] = line(pieces, nil)
	}
	err = r.do(StepDecode, in, func(s *Step) error {
		for i, pieces := range translations {
			out := m.Decode(pieces, r.Lang)
			beams[i] = out.Sentence
			s.Out = append(s.Out, Line{line(out.Words, out.Labels).Sentence, out.Note})
		}
		return nil
	})
	return beams, err
}

// choose projects the beams and filters. before is the previous tagger's sentence.
func (r *run) choose(c Candidate, before Sentence) (Result, error) {
	var chosen Selection
	err := r.do(StepProject, lines(c.Beams), func(s *Step) (err error) {
		place := Place
		if r.Partial {
			place = PlaceSome
		}
		chosen, err = place(c.Target, c.Beams)
		for i, failure := range chosen.Failures {
			if failure != nil {
				s.In[i].Note = failure.Error()
			}
		}
		out := line(c.Target, chosen.Labels)
		out.Note = string(chosen.Dropped)
		s.Out = []Line{out}
		return err
	})
	if err == nil && r.Filter != nil {
		err = r.do(StepFilter, []Line{line(c.Target, chosen.Labels)}, func(s *Step) error {
			chosen = r.Filter.finish(c, chosen, before)
			out := line(c.Target, chosen.Labels)
			out.Note = string(chosen.Dropped)
			s.Out = []Line{out}
			return nil
		})
	}
	if err != nil {
		return Result{}, err
	}
	chosen.Labels = slices.Clone(chosen.Labels)
	return Result{Selection: chosen, Entities: entities(chosen.Labels)}, nil
}
