package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// runnable are the tasks of `lode run` of a model with a head, by the names that
// pipeline() has for them.
var runnable = []runnableTask{
	{pipeline.FillMask.Name, (*taskRun).fillMask},
	{pipeline.TextClassification.Name, (*taskRun).classify},
	{pipeline.TokenClassification.Name, (*taskRun).entities},
	{pipeline.QuestionAnswering.Name, (*taskRun).answers},
}

type runnableTask struct {
	name string
	run  func(r *taskRun) error
}

func taskNames() string {
	var names []string
	for _, t := range runnable {
		names = append(names, t.name)
	}
	return strings.Join(append(names, multipleChoice, textGeneration, cropping), ", ")
}

// finding is a line of `lode run --json`: positions are in code points of the text.
type finding struct {
	Text     int     `json:"text"`           // which of the arguments
	Mask     *int    `json:"mask,omitempty"` // which of its masks
	Label    string  `json:"label,omitempty"`
	Found    string  `json:"found,omitempty"`
	Sequence string  `json:"sequence,omitempty"`
	Score    float64 `json:"score"`
	Start    *int    `json:"start,omitempty"`
	End      *int    `json:"end,omitempty"`
}

func runTask(e *env, args []string) error {
	f := newFlags(e, "run")
	dtype := f.String("dtype", "auto", "auto (as stored), f32, q8 or q4")
	top := f.Int("top-k", 0, "how many tokens, labels or answers; 0: 5 tokens, all labels, 1 answer")
	context := f.String("context", "", "where the answers to questions are looked for")
	strategy := f.String("aggregation-strategy", "none", "none, simple, first, average, max: how tokens become entities")
	options := f.String("options", "", `text-generation: {"max_new_tokens": 100, "do_sample": true, "seed": 7, ...}, over what the folder says`)
	notes := f.String("notes", "", "multiple-choice: a file of notes, one a line, in which a Kformer looks the answer up")
	var c cropOptions
	c.flags(f.FlagSet)
	f.IntVar(&c.search, "beams", 1, "crop: hypotheses that are followed at a time in the first translation")
	rest, err := f.parse(args, 1, -1)
	if err != nil {
		return err
	}
	if rest[0] == cropping { // two models, and texts may come from standard input
		return f.runCrop(e, c, *dtype, rest[1:])
	}
	if len(rest) < 3 {
		return fmt.Errorf("%w: %d arguments (%s), expected a task, a model folder and texts", errUsage, len(rest), strings.Join(rest, " "))
	}
	switch rest[0] {
	case multipleChoice:
		return f.runChoice(e, rest[1], *dtype, *notes, *top, rest[2:])
	case textGeneration:
		return f.runGeneration(e, rest[1], *dtype, *options, rest[2:])
	}
	at := slices.IndexFunc(runnable, func(t runnableTask) bool { return t.name == rest[0] })
	if at < 0 {
		return fmt.Errorf("%w: no task %q; known: %s", errUsage, rest[0], taskNames())
	}
	r := &taskRun{flags: f, env: e, dir: rest[1], dtype: *dtype, texts: rest[2:], context: *context, strategy: *strategy, topK: *top}
	if err := runnable[at].run(r); err != nil {
		return err
	}
	return f.print(e, r.found)
}

// taskRun is a call of `lode run` for a task of a model with a head.
type taskRun struct {
	flags             *flags
	env               *env
	dir, dtype        string
	texts             []string
	context, strategy string
	topK              int

	found []finding
}

func (r *taskRun) fillMask() error {
	t, err := openTask(r.flags, r.env, r.dir, r.dtype, pipeline.FillMask)
	if err != nil {
		return err
	}
	masks, err := t.Run(nil, r.texts, tasks.FillMaskOptions{TopK: r.topK})
	for i, lists := range masks {
		for k, list := range lists {
			for _, y := range list {
				r.found = append(r.found, finding{Text: i, Mask: &k, Found: y.TokenStr, Sequence: y.Sequence, Score: y.Score})
			}
		}
	}
	return err
}

func (r *taskRun) classify() error {
	t, err := openTask(r.flags, r.env, r.dir, r.dtype, pipeline.TextClassification)
	if err != nil {
		return err
	}
	lists, err := t.Run(nil, r.texts, tasks.TextClassificationOptions{TopK: r.topK})
	for i, list := range lists {
		for _, y := range list {
			r.found = append(r.found, finding{Text: i, Label: y.Label, Score: y.Score})
		}
	}
	return err
}

func (r *taskRun) entities() error {
	t, err := openTask(r.flags, r.env, r.dir, r.dtype, pipeline.TokenClassification)
	if err != nil {
		return err
	}
	lists, err := t.Run(nil, r.texts, tasks.TokenClassificationOptions{AggregationStrategy: r.strategy, IgnoreLabels: []string{"O"}})
	for i, list := range lists {
		for _, y := range list {
			r.found = append(r.found, finding{Text: i, Label: y.Label, Found: y.Word, Score: y.Score}.at(r.texts[i], y.Start, y.End))
		}
	}
	return err
}

func (r *taskRun) answers() error {
	t, err := openTask(r.flags, r.env, r.dir, r.dtype, pipeline.QuestionAnswering)
	if err != nil {
		return err
	}
	contexts := make([]string, len(r.texts))
	for i := range contexts {
		contexts[i] = r.context
	}
	lists, err := t.Run(nil, r.texts, contexts, tasks.QuestionAnsweringOptions{TopK: r.topK})
	for i, list := range lists {
		for _, y := range list {
			r.found = append(r.found, finding{Text: i, Found: y.Answer, Score: y.Score}.at(r.context, y.Start, y.End))
		}
	}
	return err
}

// at is the finding with its place in text, given in bytes.
func (y finding) at(text string, start, end int) finding {
	at := tokenizer.CodePointOffsets(text, []tokenizer.Offset{{Start: start, End: end}})[0]
	y.Start, y.End = &at.Start, &at.End
	return y
}

// print writes a line for each finding.
func (f *flags) print(e *env, all []finding) error {
	out := json.NewEncoder(e.out)
	for _, y := range all {
		if *f.json {
			if err := out.Encode(y); err != nil {
				return err
			}
			continue
		}
		line := fmt.Sprintf("%d\t%.4f", y.Text, y.Score)
		for _, s := range []string{y.Label, y.Found, y.Sequence} {
			if s != "" {
				line += "\t" + s
			}
		}
		if y.Start != nil {
			line += fmt.Sprintf("\t%d-%d", *y.Start, *y.End)
		}
		if _, err := fmt.Fprintln(e.out, line); err != nil {
			return err
		}
	}
	return nil
}
