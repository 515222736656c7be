package main

import (
	"io/fs"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// pairs runs the tasks whose models read pairs of texts. Index is the place among Contexts; the
// lists of nli are those of multi_label false and true.
func (q *request) pairs(folder fs.FS) error {
	switch q.Model {
	case "nli":
		t, err := open(folder, pipeline.ZeroShot)
		if err != nil {
			return err
		}
		for _, multi := range []bool{false, true} {
			lists, err := t.Run(nil, q.Texts, q.Contexts, tasks.ZeroShotClassificationOptions{MultiLabel: multi})
			if err != nil {
				return err
			}
			var all []found
			for _, y := range lists[0] {
				all = append(all, found{Index: y.Index, Score: y.Score})
			}
			q.Found = append(q.Found, all)
		}
	case "ranker":
		t, err := open(folder, pipeline.TextRanking)
		if err != nil {
			return err
		}
		ranked, err := t.Rank(nil, q.Texts[0], q.Contexts, tasks.RankOptions{})
		if err != nil {
			return err
		}
		var all []found
		for _, y := range ranked {
			all = append(all, found{Index: y.Index, Score: y.Score})
		}
		q.Found = append(q.Found, all)
	case "choices":
		t, err := open(folder, pipeline.MultipleChoice)
		if err != nil {
			return err
		}
		choices, err := t.Run(nil, q.Texts[0], q.Contexts, tasks.MultipleChoiceOptions{})
		if err != nil {
			return err
		}
		var all []found
		for _, y := range choices {
			all = append(all, found{Index: y.Index, Score: y.Score, Text: y.Text})
		}
		q.Found = append(q.Found, all)
	}
	return nil
}
