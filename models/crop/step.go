package crop

import (
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// StepName names a step of the pipeline.
type StepName string

// The steps, in their order. Where nothing was tagged the three from Mark are left out,
// as there is nothing to carry back.
const (
	StepTranslate StepName = "translate"        // the sentence -> English text
	StepWords     StepName = "words"            // English text -> words
	StepTag       StepName = "tag"              // words -> labels
	StepMark      StepName = "mark"             // labelled words -> pieces with slots
	StepReturn    StepName = "translate marked" // pieces -> beams of pieces
	StepDecode    StepName = "decode"           // beams of pieces -> labelled words
	StepPrevious  StepName = "previous"         // the sentence -> the previous tagger's labels
	StepProject   StepName = "project"          // labelled beams -> labels of the sentence
	StepFilter    StepName = "filter"           // labels -> kept or dropped
)

// Line is what a step read or wrote: words, pieces, or one text as a single word. Labels
// is nil where there are none.
type Line struct {
	Sentence
	// Note says what became of the line, such as why a beam could not be projected.
	Note string
}

// Step is one step that was done, with copies of what went in and out.
type Step struct {
	Name    StepName
	In, Out []Line
	// Err is why the pipeline ended here, nil if it did not.
	Err error
}

// StepError is an error with the step in which it occurred.
type StepError struct {
	Step StepName
	Err  error
}

func (e *StepError) Error() string {
	return lean.Sprintf("crop: step %q: %s", string(e.Step), strings.TrimPrefix(e.Err.Error(), "crop: "))
}

// Unwrap returns the step's error.
func (e *StepError) Unwrap() error { return e.Err }

// line copies words and labels.
func line(words, labels []string) Line {
	return Line{Sentence: Sentence{Words: slices.Clone(words), Labels: slices.Clone(labels)}}
}

func lines(sentences []Sentence) []Line {
	list := make([]Line, len(sentences))
	for i, s := range sentences {
		list[i] = line(s.Words, s.Labels)
	}
	return list
}

// text is a line that is one text.
func text(s string) Line { return Line{Sentence: Sentence{Words: []string{s}}} }
