package main

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// The tasks of models with a head.
func init() {
	runTasks.register(func(e *env) *flags {
		t := newTask(e, pipeline.FillMask.Name, "[TEXT...]", "tokens for the masks of texts")
		top := t.Int("top-k", 5, "how many tokens for each mask, 1 to 1000")
		return t.runs(0, func(model string, texts []string) error {
			o := tasks.FillMaskOptions{TopK: *top}
			if err := atLeastOne(*top); err != nil {
				return err
			}
			return t.fillMask(e, model, texts, o)
		})
	})
	runTasks.register(func(e *env) *flags {
		t := newTask(e, pipeline.TextClassification.Name, "[TEXT...]", "labels of texts")
		top := t.Int("top-k", 0, "how many labels, up to 1000; 0: all")
		function := t.String("function-to-apply", "", "softmax, sigmoid or none; empty: as config.json says")
		return t.runs(0, func(model string, texts []string) error {
			return t.classify(e, model, texts, tasks.TextClassificationOptions{TopK: *top, FunctionToApply: *function})
		})
	})
	runTasks.register(func(e *env) *flags {
		t := newTask(e, pipeline.TokenClassification.Name, "[TEXT...]", "entities in texts, such as names of people and places")
		strategy := t.String("aggregation-strategy", "none", "how tokens become entities: none, simple, first, average, max")
		ignored := t.StringArray("ignore-labels", []string{"O"}, "a label to leave out; may be repeated")
		stride := t.Int("stride", 0, "tokens that the windows of a long text share; 0: a quarter of a window")
		return t.runs(0, func(model string, texts []string) error {
			return t.entities(e, model, texts, tasks.TokenClassificationOptions{AggregationStrategy: *strategy, IgnoreLabels: *ignored, Stride: *stride})
		})
	})
	runTasks.register(func(e *env) *flags {
		t := newTask(e, pipeline.QuestionAnswering.Name, "QUESTION... --context TEXT", "answers to questions, found in a text")
		context := t.String("context", "", "the text that answers are found in")
		t.common["context"] = true // an input, as in the page
		top := t.Int("top-k", 1, "how many answers, 1 to 1000")
		answer := t.Int("max-answer-len", 15, "most tokens of an answer, up to 512")
		window := t.Int("max-seq-len", 384, "most tokens of a window of a long context")
		stride := t.Int("doc-stride", 0, "tokens that windows share, up to half a window; 0: 128, or less in a small window")
		impossible := t.Bool("handle-impossible-answer", false, "accept the empty answer, with the probability that there is none")
		align := t.Bool("align-to-words", true, "widen answers to whole words")
		return t.runs(0, func(model string, questions []string) error {
			if err := atLeastOne(*top, *answer, *window); err != nil {
				return err
			}
			return t.answers(e, model, questions, *context, tasks.QuestionAnsweringOptions{
				TopK: *top, MaxAnswerLen: *answer, MaxSeqLen: *window, DocStride: *stride, HandleImpossibleAnswer: *impossible, NoAlignToWords: !*align,
			})
		})
	})
}

// atLeastOne refuses numbers for which a task would take its default.
func atLeastOne(numbers ...int) error {
	for _, n := range numbers {
		if n < 1 {
			return usage("found %d, expected 1 or more", n)
		}
	}
	return nil
}

func (t *taskFlags) fillMask(e *env, model string, texts []string, o tasks.FillMaskOptions) error {
	x, err := openTask(t.flags, e, model, *t.dtype, pipeline.FillMask)
	if err != nil {
		return err
	}
	var found []finding
	masks, err := x.Run(e.context(), texts, o)
	for i, lists := range masks {
		for k, list := range lists {
			for _, y := range list {
				found = append(found, finding{Text: i, Mask: &k, Found: y.TokenStr, Sequence: y.Sequence, Score: y.Score})
			}
		}
	}
	return errors.Join(err, t.print(e, found))
}

func (t *taskFlags) classify(e *env, model string, texts []string, o tasks.TextClassificationOptions) error {
	x, err := openTask(t.flags, e, model, *t.dtype, pipeline.TextClassification)
	if err != nil {
		return err
	}
	var found []finding
	lists, err := x.Run(e.context(), texts, o)
	for i, list := range lists {
		for _, y := range list {
			found = append(found, finding{Text: i, Label: y.Label, Score: y.Score, Truncated: y.Truncated})
		}
	}
	return errors.Join(err, t.print(e, found))
}

func (t *taskFlags) entities(e *env, model string, texts []string, o tasks.TokenClassificationOptions) error {
	x, err := openTask(t.flags, e, model, *t.dtype, pipeline.TokenClassification)
	if err != nil {
		return err
	}
	var found []finding
	lists, err := x.Run(e.context(), texts, o)
	for i, list := range lists {
		for _, y := range list {
			found = append(found, finding{Text: i, Label: y.Label, Found: y.Word, Score: y.Score}.at(texts[i], y.Start, y.End))
		}
	}
	return errors.Join(err, t.print(e, found))
}

func (t *taskFlags) answers(e *env, model string, questions []string, context string, o tasks.QuestionAnsweringOptions) error {
	if context == "" {
		return usage("no --context")
	}
	x, err := openTask(t.flags, e, model, *t.dtype, pipeline.QuestionAnswering)
	if err != nil {
		return err
	}
	contexts := make([]string, len(questions))
	for i := range contexts {
		contexts[i] = context
	}
	var found []finding
	lists, err := x.Run(e.context(), questions, contexts, o)
	for i, list := range lists {
		for _, y := range list {
			found = append(found, finding{Text: i, Found: y.Answer, Score: y.Score}.at(context, y.Start, y.End))
		}
	}
	return errors.Join(err, t.print(e, found))
}
