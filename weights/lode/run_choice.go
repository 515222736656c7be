package main

import (
	"encoding/json"
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/kformer"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// multipleChoice is the task of `lode run` that chooses among answers.
const multipleChoice = "multiple-choice"

// choice is a line of `lode run multiple-choice --json`, the likeliest answer first.
type choice struct {
	Answer int      `json:"answer"` // which of the arguments behind the question
	Text   string   `json:"text"`
	Score  float64  `json:"score"`
	Notes  []string `json:"notes,omitempty"` // that were read, the best first
}

// runChoice chooses among the answers to a question, texts[0]. A Kformer reads notes, the
// lines of a file, if path is not "".
func (f *flags) runChoice(e *env, dir, dtype, path string, top int, texts []string) error {
	if len(texts) < 2 {
		return fmt.Errorf("%w: multiple-choice wants a question and answers to choose from", errUsage)
	}
	m, err := openTask(f, e, dir, dtype, pipeline.MultipleChoice)
	if err != nil {
		return err
	}
	var lines []string
	var notes *kformer.Knowledge
	if path != "" {
		if lines, err = textLines(path); err != nil {
			return err
		}
		if notes, err = m.Notes(lines); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	all, err := m.Run(nil, texts[0], texts[1:], tasks.MultipleChoiceOptions{TopK: top, Notes: notes})
	if err != nil {
		return err
	}
	for _, y := range all {
		c := choice{Answer: y.Index, Text: y.Text, Score: y.Score}
		for _, n := range y.Notes {
			c.Notes = append(c.Notes, lines[n])
		}
		if *f.json {
			err = json.NewEncoder(e.out).Encode(c)
		} else {
			_, err = fmt.Fprintf(e.out, "%.4f\t%s\n", c.Score, c.Text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
