package tasks

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/kformer"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// maxChoices bounds the answers to a question.
const maxChoices = 1000

// MultipleChoice chooses among answers to a question.
type MultipleChoice struct{ headed }

// NewMultipleChoice makes the task of a model that was loaded with a multiple-choice head.
func NewMultipleChoice(m *transformer.Model, h *heads.Head, t *tokenizer.Tokenizer) (*MultipleChoice, error) {
	r, err := newHeaded(heads.MultipleChoice, m, h, t)
	return &MultipleChoice{r}, err
}

// MultipleChoiceOptions are the options of [MultipleChoice.Run].
type MultipleChoiceOptions struct {
	// TopK is how many answers are returned, up to 1000; 0 is all.
	TopK int
	// Notes are what a Kformer may look the answer up in, made by [MultipleChoice.Notes];
	// nil is none.
	Notes *kformer.Knowledge
}

// Choice is one of the answers to a question.
type Choice struct {
	Index int     // its place among those that were given
	Text  string  // the answer
	Score float64 // its probability: the softmax over the logits of all answers
	// Notes are the numbers of the notes that were read for it, the best first; only a
	// Kformer reads notes.
	Notes []int
	// NoteScores are what the notes were chosen by: the product of the note's mean embedding with that of question and answer.
	NoteScores []float64
}

// Run says which of several answers to a question is right, the likeliest first. The
// model reads each as a pair with the question, as Hugging Face's …ForMultipleChoice do. A
// question and an answer that are together longer than the model are refused.
func (c *MultipleChoice) Run(ctx Context, question string, answers []string, o MultipleChoiceOptions) ([]Choice, error) {
	if err := checkTop(o.TopK, 0); err != nil {
		return nil, err
	}
	if len(answers) == 0 || len(answers) > maxChoices {
		return nil, lean.Errorf("tasks: %w: %d answers to choose from, expected 1 to %d", ErrInput, len(answers), maxChoices)
	}
	parts := make([]part, len(answers))
	for i, answer := range answers {
		e, err := c.tok.EncodePair(question, answer, tokenizer.Options{AddSpecialTokens: true})
		if err == nil && (len(e.IDs) == 0 || len(e.IDs) > c.limit()) {
			err = lean.Errorf("%w: with its question it has %d tokens, expected 1 to %d", ErrInput, len(e.IDs), c.limit())
		}
		if err != nil {
			return nil, lean.Errorf("tasks: answer %d: %w", i, err)
		}
		parts[i] = part{ids: e.IDs, types: e.TypeIDs, rows: []int32{0}, text: i}
	}
	read, fits := make([][]int, len(answers)), make([][]float64, len(answers))
	by, err := c.reading(o.Notes, read)
	if err != nil {
		return nil, err
	}
	logits := make([]float32, len(answers))
	if err := c.run(ctx, parts, by, func(p *part, y []float32) { logits[p.text] = y[0] }); err != nil {
		return nil, err
	}
	if o.Notes != nil {
		if err := c.noteScores(o.Notes, parts, read, fits); err != nil {
			return nil, err
		}
	}
	scores := softmax(logits)
	var best []Choice
	for _, i := range top(scores, o.TopK) {
		best = append(best, Choice{Index: i, Text: answers[i], Score: scores[i], Notes: read[i], NoteScores: fits[i]})
	}
	return best, nil
}

// noteScores writes the scores of the notes that each part read.
func (c *MultipleChoice) noteScores(notes *kformer.Knowledge, parts []part, read [][]int, fits [][]float64) error {
	reader, err := kformer.NewReader(c.model)
	if err != nil {
		return err
	}
	for i := range parts {
		all, err := reader.Score(parts[i].ids, notes)
		if err != nil {
			return err
		}
		for _, n := range read[i] {
			fits[i] = append(fits[i], float64(all[n]))
		}
	}
	return nil
}

// Notes makes knowledge of notes for [MultipleChoiceOptions]. The model must be a Kformer.
func (c *MultipleChoice) Notes(notes []string) (*kformer.Knowledge, error) {
	reader, err := kformer.NewReader(c.model)
	if err != nil {
		return nil, err
	}
	items := make([][]int32, len(notes))
	for i, text := range notes {
		e, err := c.tok.Encode(text, tokenizer.Options{})
		if err != nil {
			return nil, lean.Errorf("tasks: note %d: %w", i, err)
		}
		items[i] = e.IDs
	}
	return reader.Knowledge(items)
}

// reading runs batches with notes and writes which of them each part read; without notes
// it is nil, the model alone.
func (c *MultipleChoice) reading(notes *kformer.Knowledge, read [][]int) (forward, error) {
	if notes == nil {
		return nil, nil
	}
	reader, err := kformer.NewReader(c.model)
	if err != nil {
		return nil, err
	}
	return func(b transformer.Batch, first int) (kernels.Tensor, error) {
		all := make([]*kformer.Knowledge, len(b.Lengths))
		for i := range all {
			all[i] = notes
		}
		x, chosen, err := reader.Forward(b, all, nil)
		copy(read[first:], chosen)
		return x, err
	}, nil
}
