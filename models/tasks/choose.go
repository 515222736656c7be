package tasks

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/kformer"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// maxChoices bounds the answers to a question, which are run at once.
const maxChoices = 1000

// Choice is one of the answers to a question.
type Choice struct {
	Index int     // its place among those that were given
	Text  string  // it
	Score float64 // its probability: the softmax over all answers of the head's numbers
	// Notes are the numbers of the notes that were read for it, the best first; only a
	// Kformer reads notes.
	Notes []int
}

// Choose says which of several answers to a question is right, the likeliest first: the
// model reads each as a pair with the question, as for Hugging Face's …ForMultipleChoice.
// notes are what a Kformer may look the answer up in, made by [Runner.Learn]; nil is none.
// A question and an answer that are longer than the model are refused.
func (r *Runner) Choose(question string, answers []string, notes *kformer.Knowledge, o Options) ([]Choice, error) {
	if err := r.start(heads.MultipleChoice, &o); err != nil {
		return nil, err
	}
	if len(answers) == 0 || len(answers) > maxChoices {
		return nil, lean.Errorf("tasks: %w: %d answers to choose from, expected 1 to %d", ErrInput, len(answers), maxChoices)
	}
	all, logits := make([]Choice, len(answers)), make([]float32, 0, len(answers))
	for from := 0; from < len(answers); {
		b := transformer.Batch{Pause: o.Pause}
		n := from
		for ; n < len(answers); n++ {
			e, err := r.tok.EncodePair(question, answers[n], tokenizer.Options{AddSpecialTokens: true})
			if err == nil && (len(e.IDs) == 0 || len(e.IDs) > r.limit()) {
				err = lean.Errorf("%w: with its question it has %d tokens, expected 1 to %d", ErrInput, len(e.IDs), r.limit())
			}
			if err != nil {
				return nil, lean.Errorf("tasks: answer %d: %w", n, err)
			}
			if n > from && len(b.IDs)+len(e.IDs) > batchTokens {
				break
			}
			b.Select = append(b.Select, int32(len(b.IDs)))
			b.IDs, b.Lengths = append(b.IDs, e.IDs...), append(b.Lengths, len(e.IDs))
			if r.model.Config.TypeVocabSize > 1 {
				b.Types = append(b.Types, e.TypeIDs...)
			}
		}
		got, read, err := r.choices(b, notes)
		if err != nil {
			return nil, err
		}
		for i := from; i < n; i++ {
			all[i].Notes = read[i-from]
		}
		logits, from = append(logits, got...), n
	}
	scores := softmax(logits)
	var best []Choice
	for _, i := range top(scores, o.TopK) {
		best = append(best, Choice{Index: i, Text: answers[i], Score: scores[i], Notes: all[i].Notes})
	}
	return best, nil
}

// Learn makes knowledge of notes for [Runner.Choose]. The model must be a Kformer.
func (r *Runner) Learn(notes []string) (*kformer.Knowledge, error) {
	reader, err := kformer.NewReader(r.model)
	if err != nil {
		return nil, err
	}
	items := make([][]int32, len(notes))
	for i, text := range notes {
		e, err := r.tok.Encode(text, tokenizer.Options{})
		if err != nil {
			return nil, lean.Errorf("tasks: note %d: %w", i, err)
		}
		items[i] = e.IDs
	}
	return reader.Learn(items)
}

// choices are the head's numbers of a batch, one for each sequence, and the notes that
// each read.
func (r *Runner) choices(b transformer.Batch, notes *kformer.Knowledge) ([]float32, [][]int, error) {
	d := r.model.Device()
	defer d.Release(d.Mark())
	read := make([][]int, len(b.Lengths))
	if notes != nil {
		reader, err := kformer.NewReader(r.model)
		if err != nil {
			return nil, nil, err
		}
		all := make([]*kformer.Knowledge, len(b.Lengths))
		for i := range all {
			all[i] = notes
		}
		x, chosen, err := reader.Forward(b, all, nil)
		if err != nil {
			return nil, nil, err
		}
		logits, err := r.logits(x)
		return logits, chosen, err
	}
	x, err := r.model.Forward(b)
	if err != nil {
		return nil, nil, err
	}
	logits, err := r.logits(x)
	return logits, read, err
}
