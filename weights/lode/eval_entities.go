package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// entitiesResult is what `lode eval entities --json` prints: figures in percent.
type entitiesResult struct {
	File      string             `json:"file"`
	Sentences int                `json:"sentences"`
	Entities  int                `json:"entities"`
	F1        float64            `json:"f1"`
	Precision float64            `json:"precision"`
	Recall    float64            `json:"recall"`
	Types     map[string]float64 `json:"types"` // F1 of each
	DType     string             `json:"dtype"`
}

func init() {
	evaluations.register(func(e *env) *flags {
		f := newCommand(e, "entities --model MODEL FILE...", "F1 of a tagger on labelled words").computes()
		model, dtype := f.modelFlag(), f.dtypeFlag()
		columns := f.String("columns", "1,2", "the columns of words and of their labels")
		return f.runs(1, -1, func(paths []string) error { return f.evalEntities(e, *model, *dtype, *columns, paths) })
	})
}

// evalEntities holds a tagger's entities against files of labelled words.
func (f *flags) evalEntities(e *env, model, dtype, columns string, paths []string) error {
	word, label, err := parseColumns(columns)
	if err != nil {
		return err
	}
	tagger, err := openTask(f, e, model, dtype, pipeline.TokenClassification)
	if err != nil {
		return err
	}
	for _, path := range paths {
		all, err := readLabelled(path, word, label, tagger.Labels())
		if err != nil {
			return err
		}
		s, err := scoreEntities(tagger, all, newBar(e.err, filepath.Base(path), "sentences"))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		y := s.result()
		y.File, y.Sentences, y.DType = filepath.Base(path), len(all), dtype
		if *f.json {
			err = json.NewEncoder(e.out).Encode(y)
		} else {
			_, err = fmt.Fprintf(e.out, "%s: F1 %.2f, precision %.2f, recall %.2f (%d sentences, %d entities, dtype %s)\n",
				y.File, y.F1, y.Precision, y.Recall, y.Sentences, y.Entities, y.DType)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// labelledWords is a sentence of words with a label each.
type labelledWords struct{ words, labels []string }

// parseColumns reads "2,3": the columns of words and of labels, counted from 1.
func parseColumns(s string) (word, label int, err error) {
	a, b, ok := strings.Cut(s, ",")
	word, err1 := strconv.Atoi(a)
	label, err2 := strconv.Atoi(b)
	if !ok || err1 != nil || err2 != nil || word < 1 || label < 1 || word == label {
		return 0, 0, fmt.Errorf("%w: --columns %q; expected the columns of words and of labels, such as 1,2", errUsage, s)
	}
	return word - 1, label - 1, nil
}

// readLabelled reads a file of CoNLL's form: a word a line, columns between tabs (or
// spaces, where a line has no tab), an empty line after a sentence. Where words are not
// the first column, lines that begin with '#' are comments. Labels of types that the
// model does not know are "O".
func readLabelled(path string, word, label int, names []string) ([]labelledWords, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	known := map[string]bool{}
	for _, n := range names {
		known[kindOfLabel(n)] = true
	}
	var all []labelledWords
	var s labelledWords
	end := func() {
		if len(s.words) > 0 {
			all = append(all, s)
		}
		s = labelledWords{}
	}
	err = eachLine(file, func(_ int, line []byte) error {
		text := strings.TrimRight(string(line), "\r")
		if strings.TrimSpace(text) == "" {
			end()
			return nil
		}
		if word > 0 && text[0] == '#' {
			return nil
		}
		c := strings.Split(text, "\t")
		if len(c) == 1 {
			c = strings.Fields(text)
		}
		if len(c) <= max(word, label) {
			return fmt.Errorf("%d columns, expected at least %d", len(c), max(word, label)+1)
		}
		// A space inside a word would make two of it.
		w := strings.Join(strings.FieldsFunc(c[word], unicode.IsSpace), "_")
		l := strings.TrimSpace(c[label])
		if !known[kindOfLabel(l)] {
			l = "O"
		}
		s.words, s.labels = append(s.words, w), append(s.labels, l)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	end()
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no labelled words", path)
	}
	return all, nil
}

// kindOfLabel is the type of a label, "" of "O".
func kindOfLabel(l string) string {
	if len(l) > 2 && (l[1] == '-' || l[1] == '_') {
		return l[2:]
	}
	if l == "O" {
		return ""
	}
	return l
}

// found counts entities of a type: those that are right, all that were found, all that
// are there.
type found struct{ right, found, there int }

func (c found) f1() float64 { return 200 * float64(c.right) / float64(max(1, c.found+c.there)) }

type entityScores map[string]*found

// scoreEntities tags sentences in batches. A word has the label of its first token.
func scoreEntities(tagger *tasks.TokenClassification, all []labelledWords, bar *bar) (entityScores, error) {
	defer bar.end()
	s := entityScores{}
	for from := 0; from < len(all); from += 64 {
		part := all[from:min(len(all), from+64)]
		texts := make([]string, len(part))
		for i, p := range part {
			texts[i] = strings.Join(p.words, " ")
		}
		tokens, err := tagger.Run(nil, texts, tasks.TokenClassificationOptions{})
		if err != nil {
			return nil, err
		}
		for i, p := range part {
			s.add(p.labels, tasks.WordLabels(p.words, tokens[i]))
		}
		bar.set(int64(from+len(part)), int64(len(all)))
	}
	return s, nil
}

func (s entityScores) add(gold, got []string) {
	of := func(kind string) *found {
		if s[kind] == nil {
			s[kind] = &found{}
		}
		return s[kind]
	}
	a, b := spansOf(gold), spansOf(got)
	for _, e := range b {
		of(e.kind).found++
		if slices.Contains(a, e) {
			of(e.kind).right++
		}
	}
	for _, e := range a {
		of(e.kind).there++
	}
}

func (s entityScores) result() entitiesResult {
	var all found
	y := entitiesResult{Types: map[string]float64{}}
	for kind, c := range s {
		all = found{all.right + c.right, all.found + c.found, all.there + c.there}
		y.Types[kind] = c.f1()
	}
	y.F1, y.Entities = all.f1(), all.there
	y.Precision = 100 * float64(all.right) / float64(max(1, all.found))
	y.Recall = 100 * float64(all.right) / float64(max(1, all.there))
	return y
}

// span is an entity: words [start, end).
type span struct {
	start, end int
	kind       string
}

// spansOf reads labels as CoNLL's script does: an entity begins at B-, and at an I- that
// follows none of its type.
func spansOf(labels []string) []span {
	var all []span
	open := span{}
	for i, l := range append(slices.Clone(labels), "O") {
		kind := kindOfLabel(l)
		if open.kind != "" && (kind != open.kind || l[0] == 'B' && kind != l) {
			open.end = i
			all = append(all, open)
			open = span{}
		}
		if kind != "" && open.kind == "" {
			open = span{start: i, kind: kind}
		}
	}
	return all
}
