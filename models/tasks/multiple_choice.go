package tasks

import (
	"slices"

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
	parts, truncated, err := c.pairs(question, "answer", answers, tokenizer.LongestFirst)
	if err != nil {
		return nil, err
	}
	if i := slices.Index(truncated, true); i >= 0 {
		return nil, lean.Errorf("tasks: %w: answer %d: with its question it has more than %d tokens", ErrInput, i, c.limit())
	}
	read := make([][]int, len(answers))
	by, err := c.reading(o.Notes, read)
	if err != nil {
		return nil, err
	}
	logits := make([]float32, len(answers))
	if err := c.run(ctx, parts, by, func(p *part, y []float32) { logits[p.text] = y[0] }); err != nil {
		return nil, err
	}
	scores := softmax(logits)
	var best []Choice
	for _, i := range top(scores, o.TopK) {
		best = append(best, Choice{Index: i, Text: answers[i], Score: scores[i], Notes: read[i]})
	}
	return best, nil
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
