package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// runnable are the tasks of `lode run`, by the names that pipeline() has for them.
var runnable = []struct {
	name string
	kind heads.Kind
}{
	{"fill-mask", heads.MaskedLM},
	{"text-classification", heads.SequenceClassification},
	{"token-classification", heads.TokenClassification},
	{"question-answering", heads.QuestionAnswering},
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

// loadRunner loads a model folder with a head.
func (f *flags) loadRunner(e *env, dir, dtype string, kind heads.Kind) (*tasks.Runner, *heads.Head, error) {
	dev, err := f.device()
	if err != nil {
		return nil, nil, err
	}
	t, err := loadTokenizer(dir)
	if err != nil {
		return nil, nil, err
	}
	config, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, nil, err
	}
	c, err := transformer.ParseConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", dir, err)
	}
	h, err := heads.New(kind, c, config)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", dir, err)
	}
	bar := newBar(e.err, "loading "+filepath.Base(dir), "B")
	o := transformer.LoadOptions{DType: dtype, Progress: bar.set}
	h.Load(&o)
	m, err := transformer.LoadWeights(dev, dir, c, o)
	bar.end()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", dir, err)
	}
	r, err := tasks.New(m, h, t)
	return r, h, err
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
	kind := heads.Kind("")
	for _, t := range runnable {
		if t.name == rest[0] {
			kind = t.kind
		}
	}
	if kind == "" {
		return fmt.Errorf("%w: no task %q; known: %s", errUsage, rest[0], taskNames())
	}
	r, _, err := f.loadRunner(e, rest[1], *dtype, kind)
	if err != nil {
		return err
	}
	texts := rest[2:]
	o := tasks.Options{TopK: *top, Strategy: *strategy, Ignore: []string{"O"}}
	var all []finding
	add := func(i int, mask *int, text string, list []tasks.Found) {
		for _, y := range list {
			all = append(all, found1(i, mask, text, kind, y))
		}
	}
	var lists [][]tasks.Found
	switch kind {
	case heads.MaskedLM:
		if o.TopK == 0 {
			o.TopK = 5
		}
		masks, err := r.FillMask(texts, o)
		if err != nil {
			return err
		}
		for i, m := range masks {
			for k, list := range m {
				add(i, &k, texts[i], list)
			}
		}
	case heads.SequenceClassification:
		lists, err = r.Classify(texts, o)
	case heads.TokenClassification:
		lists, err = r.Entities(texts, o)
	default:
		if o.TopK == 0 {
			o.TopK = 1
		}
		contexts := make([]string, len(texts))
		for i := range contexts {
			contexts[i] = *context
		}
		lists, err = r.Answers(texts, contexts, o)
		texts = contexts
	}
	if err != nil {
		return err
	}
	for i, list := range lists {
		add(i, nil, texts[i], list)
	}
	return f.print(e, all)
}

// found1 is y as it is printed.
func found1(i int, mask *int, text string, kind heads.Kind, y tasks.Found) finding {
	z := finding{Text: i, Mask: mask, Label: y.Label, Found: y.Text, Sequence: y.Sequence, Score: y.Score}
	if kind == heads.TokenClassification || kind == heads.QuestionAnswering {
		at := tokenizer.CodePointOffsets(text, []tokenizer.Offset{{Start: y.Start, End: y.End}})[0]
		z.Start, z.End = &at.Start, &at.End
	}
	return z
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
