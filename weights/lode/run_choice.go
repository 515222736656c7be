package main

import (
	"encoding/json"
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/kformer"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

func init() {
	runTasks.register(func(e *env) *flags {
		t := newTask(e, pipeline.MultipleChoice.Name, "QUESTION ANSWER ANSWER...", "choose among answers to a question")
		notes := t.String("notes", "", "a file of notes, one a line, in which a Kformer looks the answer up")
		t.common["notes"] = true // an input
		top := t.Int("top-k", 0, "how many answers; 0: all")
		return t.runs(2, func(model string, texts []string) error { return t.choose(e, model, *notes, *top, texts) })
	})
}

// choice is a line of `lode run multiple-choice --json`, the likeliest answer first.
type choice struct {
	Answer int      `json:"answer"` // which of the arguments behind the question
	Text   string   `json:"text"`
	Score  float64  `json:"score"`
	Notes  []string `json:"notes,omitempty"` // that were read, the best first
}

// choose chooses among the answers to a question, texts[0]. A Kformer reads notes, the
// lines of a file, if path is not "".
func (t *taskFlags) choose(e *env, model, path string, top int, texts []string) error {
	m, err := openTask(t.flags, e, model, *t.dtype, pipeline.MultipleChoice)
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
	all, err := m.Run(e.context(), texts[0], texts[1:], tasks.MultipleChoiceOptions{TopK: top, Notes: notes})
	if err != nil {
		return err
	}
	for _, y := range all {
		c := choice{Answer: y.Index, Text: y.Text, Score: y.Score}
		for _, n := range y.Notes {
			c.Notes = append(c.Notes, lines[n])
		}
		if *t.json {
			err = json.NewEncoder(e.out).Encode(c)
		} else {
			_, err = fmt.Fprintf(e.out, "%.4f\t%s\n", c.Score, printable(c.Text))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
