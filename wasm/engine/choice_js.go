package main

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// choose serves multiple-choice of TaskRequest: the answers are the contexts, and the knowledge is what set-knowledge left.
func (e *engine) choose(in *fields, questions, answers []string, j *job) (any, error) {
	t, err := ofModel(e, pipeline.MultipleChoice)
	if err != nil {
		return nil, err
	}
	if len(questions) != 1 {
		return nil, lean.Errorf("engine: %w: %d questions", pipeline.ErrRequest, len(questions))
	}
	o := tasks.MultipleChoiceOptions{}
	if in.flag("notes") {
		o.Notes = e.knowledge
	}
	found, err := t.Run(j, questions[0], answers, o)
	if err != nil {
		return nil, err
	}
	out := table{names: []string{"score", "index", "notes", "noteScores"}}
	for _, y := range found {
		scores := make([]any, len(y.NoteScores))
		for i, s := range y.NoteScores {
			scores[i] = s
		}
		out.add(y.Score, y.Index, listValue(y.Notes), scores)
	}
	out.end()
	return out.object(), nil
}
