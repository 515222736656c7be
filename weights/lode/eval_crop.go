package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/lodestone-wasm/lodestone/models/crop"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// cropResult is what `lode eval crop --json` prints: the figures of crop.py, where a sentence
// has none of its entities if one of them cannot be placed, and those of what `lode run crop`
// finds.
type cropResult struct {
	entitiesResult
	cropCounts
	Search  int         `json:"beams"`     // of the first translation
	Beams   int         `json:"num_beams"` // of the marked one back
	Partial cropPartial `json:"partial"`
}

// cropPartial is F1 and its like where each entity that can be placed is there.
type cropPartial struct {
	F1        float64 `json:"f1"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	Placed    int     `json:"placed"`
}

// cropCounts are entities after each step of CROP, and sentences that it cannot read: too
// long, without a word in translation, or with more entities than markers.
type cropCounts struct {
	Tagged int `json:"tagged"`
	Back   int `json:"back"` // between markers, of the translation that was taken
	Placed int `json:"placed"`
	Unread int `json:"unread"`
}

func init() {
	evaluations.register(func(e *env) *flags {
		f := newCommand(e, "crop --translator MODEL --tagger MODEL --src-lang LANG FILE...", "F1 of CROP, and where entities are lost").computes()
		dtype := f.dtypeFlag()
		var c cropOptions
		c.flags(f)
		columns := f.String("columns", "1,2", "the columns of words and of their labels")
		limit := f.Int("limit", 0, "how many sentences of each file; 0: all")
		return f.runs(1, -1, func(paths []string) error { return f.evalCrop(e, c, *dtype, *columns, *limit, paths) })
	})
}

// evalCrop holds CROP's entities against the labels of files. limit, if it is not 0, is how
// many sentences of a file are read.
func (f *flags) evalCrop(e *env, o cropOptions, dtype, columns string, limit int, paths []string) error {
	word, label, err := parseColumns(columns)
	if err != nil {
		return err
	}
	if limit < 0 {
		return fmt.Errorf("%w: --limit %d, expected 0 (all) or more", errUsage, limit)
	}
	p, tagger, err := f.loadCrop(e, o, dtype)
	if err != nil {
		return err
	}
	p.Partial = true
	ctx := e.context()
	for _, path := range paths {
		all, err := readLabelled(path, word, label, tagger.Labels())
		if err != nil {
			return err
		}
		if limit > 0 {
			all = all[:min(limit, len(all))]
		}
		name := filepath.Base(path)
		y, err := scoreCrop(p, ctx.Err, all, newBar(e.err, name, "sentences"), func(done int, f1 float64) {
			fmt.Fprintf(e.err, "%s: %d of %d sentences, F1 %.2f so far\n", name, done, len(all), f1)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		y.File, y.DType, y.Search, y.Beams = name, dtype, o.search, o.beams
		if *f.json {
			err = json.NewEncoder(e.out).Encode(y)
		} else {
			_, err = fmt.Fprintf(e.out, "%s: F1 %.2f, precision %.2f, recall %.2f (%d sentences, %d entities; %d tagged, %d back, %d placed; %d sentences unread; beams %d, %d, dtype %s)\n"+
				"  and what has a place where another has none: F1 %.2f, precision %.2f, recall %.2f (%d placed)\n",
				y.File, y.F1, y.Precision, y.Recall, y.Sentences, y.Entities, y.Tagged, y.Back, y.Placed, y.Unread, y.Search, y.Beams, y.DType,
				y.Partial.F1, y.Partial.Precision, y.Partial.Recall, y.Partial.Placed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tellEvery is after how many sentences the figures so far are told.
const tellEvery = 500

// scoreCrop labels sentences with a Partial pipeline. pause is crop.Pipeline.Run's.
func scoreCrop(p *crop.Pipeline, pause func() error, all []labelledWords, bar *bar, tell func(done int, f1 float64)) (cropResult, error) {
	defer bar.end()
	s, part, y := entityScores{}, entityScores{}, cropResult{}
	for i, sentence := range all {
		r, steps, err := p.Run(pause, sentence.words)
		var whole []string
		switch {
		case err == nil:
			whole, err = y.count(sentence.words, steps)
			y.Partial.Placed += len(r.Entities)
		case errors.Is(err, transformer.ErrTooLong), errors.Is(err, crop.ErrTooManyEntities), errors.Is(err, crop.ErrModel):
			y.Unread++
			err = nil
		}
		if err != nil {
			return y, fmt.Errorf("sentence %d of %d: %w", i+1, len(all), err)
		}
		s.add(sentence.labels, whole)
		part.add(sentence.labels, r.Labels)
		bar.set(int64(i+1), int64(len(all)))
		if done := i + 1; done%tellEvery == 0 && done < len(all) {
			bar.end()
			tell(done, s.result().F1)
		}
	}
	z := part.result()
	y.Partial.F1, y.Partial.Precision, y.Partial.Recall = z.F1, z.Precision, z.Recall
	y.entitiesResult = s.result()
	y.Sentences = len(all)
	return y, nil
}

// count adds the entities of a sentence after each step, and places them all or none: labels
// is nil where that fails, or where nothing was tagged.
func (c *cropCounts) count(words []string, steps []crop.Step) (labels []string, err error) {
	for _, s := range steps {
		switch s.Name {
		case crop.StepTag:
			c.Tagged += len(entitiesOf(s.Out[0].Labels))
		case crop.StepDecode:
			beams := make([]crop.Sentence, len(s.Out))
			for i, l := range s.Out {
				beams[i] = l.Sentence
			}
			chosen, err := crop.Place(words, beams)
			if err != nil {
				return nil, err
			}
			labels = chosen.Labels
			c.Back += len(entitiesOf(beams[max(chosen.Beam, 0)].Labels))
			c.Placed += len(entitiesOf(labels))
		}
	}
	return labels, nil
}

// entitiesOf lists the entities of a step's labels, which are well formed.
func entitiesOf(labels []string) []crop.Entity {
	list, _ := crop.Entities(labels)
	return list
}
