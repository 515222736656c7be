package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// classificationResult is what `lode eval classification --json` prints: figures in percent.
type classificationResult struct {
	File     string             `json:"file"`
	Texts    int                `json:"texts"`
	Accuracy float64            `json:"accuracy"`
	Labels   map[string]float64 `json:"labels"` // of the texts of a label, those that got it
	DType    string             `json:"dtype"`
}

func init() {
	evaluations.register(func(e *env) *flags {
		f := newCommand(e, "classification --model MODEL FILE.tsv...", "accuracy of a classifier on lines of a label, a tab and a text").computes()
		model, dtype := f.modelFlag(), f.dtypeFlag()
		return f.runs(1, -1, func(paths []string) error { return f.evalClassification(e, *model, *dtype, paths) })
	})
}

// evalClassification holds the likeliest labels of texts against files of a label, a tab
// and a text a line.
func (f *flags) evalClassification(e *env, model, dtype string, paths []string) error {
	c, err := openTask(f, e, model, dtype, pipeline.TextClassification)
	if err != nil {
		return err
	}
	for _, path := range paths {
		labels, texts, err := labelledTexts(path, c.Labels())
		if err != nil {
			return err
		}
		y, err := scoreClasses(c, labels, texts, newBar(e.err, filepath.Base(path), "texts"))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		y.File, y.DType = filepath.Base(path), dtype
		if *f.json {
			err = json.NewEncoder(e.out).Encode(y)
		} else {
			_, err = fmt.Fprintf(e.out, "%s: accuracy %.2f (%d texts, dtype %s)\n", y.File, y.Accuracy, y.Texts, y.DType)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// labelledTexts reads a file of labels, all of them among names, and texts.
func labelledTexts(path string, names []string) (labels, texts []string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	err = eachLine(file, func(_ int, line []byte) error {
		row := strings.TrimRight(string(line), "\r")
		if row == "" {
			return nil
		}
		label, text, ok := strings.Cut(row, "\t")
		if !ok {
			return fmt.Errorf("no tab; expected a label, a tab and a text")
		}
		if !slices.Contains(names, label) {
			return fmt.Errorf("label %q; the model has %s", label, strings.Join(names, ", "))
		}
		labels, texts = append(labels, label), append(texts, text)
		return nil
	})
	if err == nil && len(texts) == 0 {
		err = fmt.Errorf("no text")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return labels, texts, nil
}

// scoreClasses classifies texts in batches.
func scoreClasses(c *tasks.TextClassification, labels, texts []string, bar *bar) (classificationResult, error) {
	defer bar.end()
	all, right, sum := map[string]int{}, map[string]int{}, 0
	for from := 0; from < len(texts); from += 64 {
		to := min(len(texts), from+64)
		lists, err := c.Run(nil, texts[from:to], tasks.TextClassificationOptions{TopK: 1})
		if err != nil {
			return classificationResult{}, err
		}
		for i, list := range lists {
			label := labels[from+i]
			all[label]++
			if list[0].Label == label {
				right[label]++
				sum++
			}
		}
		bar.set(int64(to), int64(len(texts)))
	}
	y := classificationResult{Texts: len(texts), Accuracy: 100 * float64(sum) / float64(len(texts)), Labels: map[string]float64{}}
	for label, n := range all {
		y.Labels[label] = 100 * float64(right[label]) / float64(n)
	}
	return y, nil
}
