package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// translationResult is what `lode eval translation --json` prints: scores in percent.
type translationResult struct {
	File      string  `json:"file"`
	Sentences int     `json:"sentences"`
	BLEU      float64 `json:"bleu"`
	ChrF      float64 `json:"chrf"`
	DType     string  `json:"dtype"`
}

// translationOptions are the flags of `lode eval translation`.
type translationOptions struct {
	from, to string
	beams    int
	out      string
}

func init() {
	evaluations.register(func(e *env) *flags {
		f := newCommand(e, "translation --model MODEL FILE REFERENCE...", "BLEU and chrF of a translator").computes()
		model, dtype := f.modelFlag(), f.dtypeFlag()
		var o translationOptions
		f.StringVar(&o.from, "from", "", "the language of the text")
		f.StringVar(&o.to, "to", "", "the language to translate into")
		f.IntVar(&o.beams, "beams", 1, "hypotheses that are followed at a time")
		f.StringVar(&o.out, "out", "", "file for the translations")
		return f.runs(2, -1, func(paths []string) error { return f.evalTranslation(e, *model, *dtype, o, paths) })
	})
}

// evalTranslation translates the lines of a file and holds them against those of one or
// more references.
func (f *flags) evalTranslation(e *env, model, dtype string, o translationOptions, paths []string) error {
	if o.beams < 1 {
		return fmt.Errorf("%w: --beams %d", errUsage, o.beams)
	}
	sources, err := textLines(paths[0])
	if err != nil {
		return err
	}
	references := make([][]string, len(sources))
	for _, path := range paths[1:] {
		all, err := textLines(path)
		if err != nil {
			return err
		}
		if len(all) != len(sources) {
			return fmt.Errorf("%s has %d lines, %s has %d", path, len(all), paths[0], len(sources))
		}
		for i, r := range all {
			references[i] = append(references[i], r)
		}
	}
	g, err := openTask(f, e, model, dtype, pipeline.Translation)
	if err != nil {
		return err
	}
	got, err := translateAll(g, sources, o, newBar(e.err, filepath.Base(paths[0]), "sentences"))
	if err != nil {
		return fmt.Errorf("%s: %w", paths[0], err)
	}
	if o.out != "" {
		if err := os.WriteFile(o.out, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			return err
		}
	}
	r := translationResult{filepath.Base(paths[0]), len(got), bleu(got, references), chrf(got, references), dtype}
	if *f.json {
		return json.NewEncoder(e.out).Encode(r)
	}
	_, err = fmt.Fprintf(e.out, "%s: BLEU %.2f, chrF2 %.2f (%d sentences, dtype %s)\n", r.File, r.BLEU, r.ChrF, r.Sentences, r.DType)
	return err
}

// textLines are the lines of a file.
func textLines(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []string
	err = eachLine(file, func(_ int, line []byte) error {
		all = append(all, strings.TrimRight(string(line), "\r"))
		return nil
	})
	if err == nil && len(all) == 0 {
		err = errors.New("no line")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// translateAll translates in batches. A translation has at most twice the tokens of its
// source and 16 more, or what the model can hold.
func translateAll(g *tasks.Translation, sources []string, o translationOptions, bar *bar) ([]string, error) {
	defer bar.end()
	var all []string
	for from := 0; from < len(sources); from += 16 {
		part := sources[from:min(len(sources), from+16)]
		in, forced, err := g.Sources(part, o.from, o.to, g.Settings)
		if err != nil {
			return nil, err
		}
		options := g.Settings.Options
		options.ForcedBOS, options.Beams, options.MaxNewTokens = forced, o.beams, longestOf(in)
		r, err := g.Generate(in, options, nil)
		if err != nil {
			return nil, err
		}
		for _, t := range r {
			all = append(all, strings.TrimSpace(t.Text))
		}
		bar.set(int64(from+len(part)), int64(len(sources)))
	}
	return all, nil
}

func longestOf(in []generate.Input) int {
	n := 0
	for _, x := range in {
		n = max(n, len(x.Source))
	}
	return 2*n + 16
}
